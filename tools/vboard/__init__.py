"""Virtual board: the flashed files under a real MicroPython, in a physical world that tests can touch."""

from tools.vboard.errors import BoardError
from tools.vboard.relay import Relay
from tools.vboard.unit import VirtualBoard

__all__ = ["BoardError", "Relay", "VirtualBoard"]
