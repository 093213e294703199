"""What the project's web pages share: who may enter, the server inside our own loop, sound over a WebSocket."""
