"""Virtual board: the flashed files under a real MicroPython, in a physical world that tests can touch."""
