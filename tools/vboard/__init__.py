"""Virtual board: the flashed files under a real MicroPython, in a physical world that tests can touch."""

from tools.vboard.relay import Relay
from tools.vboard.unit import VirtualBoard

__all__ = ["Relay", "VirtualBoard"]
