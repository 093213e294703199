"""The flat's page of the demo: the browser is the room in which the virtual unit hangs."""
