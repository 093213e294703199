"""Where tests look for the stand-in for MicroPython's file."""

from tools.vboard.usb.micropython_bin import SAYS, synthetic

__all__ = ["SAYS", "synthetic"]
