"""What runs first inside MicroPython: `start.py SETTINGS_FILE STANDINS [UNIT]`, the latter two as ADDRESS:LENGTH in memory.

Everything else comes from the stand-ins' image, compiled, and stays there: what would be C code in a board's flash must not lie
in the unit's heap. The settings come in a file, because an argument of over 255 characters ends the interpreter.
"""

import sys

import uctypes
import vfs


def _memory(place):
    address, length = place.split(":")
    return memoryview(uctypes.bytearray_at(int(address), int(length)))


vfs.mount(vfs.VfsRom(_memory(sys.argv[2])), "/.vboard")
sys.path[:] = ["/.vboard/child", "/.vboard/standins", ".frozen"]

from life import live  # noqa: E402 - the path comes first

live(sys.argv[1], _memory(sys.argv[3]) if len(sys.argv) > 3 else None)
