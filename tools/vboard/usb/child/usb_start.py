"""What runs first inside MicroPython of a unit with a flash chip: `usb_start.py SETTINGS STANDINS USB FLASH [TWINS]`, all but the
first as ADDRESS:LENGTH in memory.

The REPL that follows (option -i) has this file's namespace, so nothing of ours may stay in it.
"""

import micropython

micropython.kbd_intr(-1)  # until boot.py, as frozen code on the board

import sys  # noqa: E402

import uctypes  # noqa: E402
import vfs  # noqa: E402


def _memory(place):
    address, length = place.split(":")
    return uctypes.bytearray_at(int(address), int(length))


vfs.mount(vfs.VfsRom(memoryview(_memory(sys.argv[2]))), "/.vboard")
vfs.mount(vfs.VfsRom(memoryview(_memory(sys.argv[3]))), "/.usb")
sys.path[:] = ["/.usb", "/.vboard/child", "/.vboard/standins", ".frozen"]

from usb_life import live  # noqa: E402 - the path comes first

live(sys.argv[1], _memory(sys.argv[4]), _memory(sys.argv[5]) if len(sys.argv) > 5 else None, globals())
