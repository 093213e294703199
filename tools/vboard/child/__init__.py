"""The half of the virtual board that runs inside MicroPython."""
