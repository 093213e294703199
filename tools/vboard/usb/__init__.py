"""A virtual ESP32 on a serial port, for the real esptool and the real mpremote."""

from tools.vboard.usb.board import UsbBoard

__all__ = ["UsbBoard"]
