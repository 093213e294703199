"""Native code of the chip's processor, which this machine cannot run: its modules have been compiled both ways.

An image for a board holds a few modules with viper code in them, compiled for Xtensa. The unit's MicroPython runs on this
machine's processor, so when such a module is imported, it gets the one that the same source gives for this one (rom.twin); found
by the hash of what was flashed, so nothing but what was flashed is run. Who reads the file gets the flash's bytes.
"""

import struct

from littlefs import LittleFS, LittleFSError

from tools import rom
from tools.vboard.child_process import image_of_files

_NATIVE_HERE = 2  # architecture of an .mpy file: 0 none, 2 x64; py/persistentcode.h
_ROMFS_MAGIC = b"\xd2\xcd\x31"
_DIRECTORY, _FILE, _VERBATIM = 4, 5, 2


def foreign_modules(flash, table):
    """{"rom/PATH" or "vfs/PATH": code} of all .mpy files in the flash with another processor's native code."""
    found = {}
    for one in table:
        content = flash.read(one.offset, one.size)
        if one.label == "romfs" and content[:3] == _ROMFS_MAGIC:
            found.update((f"rom/{path}", code) for path, code in romfs_files(content))
        elif one.label == "vfs":
            found.update((f"vfs/{path}", code) for path, code in littlefs_modules(content))
    return {name: code for name, code in found.items() if _foreign(code)}


def twin_image(found):
    """Path of a ROMFS image with a twin of each of `found` that was compiled here, and the list of the names in it."""
    known = {name: twin for name, code in found.items() if (twin := rom.twin(code)) is not None}
    return image_of_files("native", known), sorted(known)


def _foreign(code):
    return code[:1] == b"M" and len(code) > 4 and (code[2] >> 2 & 0x0F) not in (0, _NATIVE_HERE)


def littlefs_modules(content):
    """(path, bytes) of each .mpy file in a littlefs; none if it is broken: the unit says so itself."""
    files = LittleFS(block_size=4096, block_count=len(content) // 4096, mount=False)
    files.context.buffer = bytearray(content)
    try:
        files.mount()
        for folder, _, names in files.walk("/"):
            for name in names:
                if name.endswith(".mpy"):
                    path = f"{folder.rstrip('/')}/{name}"
                    with files.open(path, "rb") as file:
                        yield path.lstrip("/"), file.read()
    except LittleFSError:
        return


def romfs_files(content):
    """(path, bytes) of each file in a ROMFS image. Source: docs/reference/romfs.rst of MicroPython."""
    size, place = _number(content, 3)
    yield from _records(memoryview(content)[place : place + size], "")


def _records(data, folder):
    place = 0
    while place < len(data):
        kind, place = _number(data, place)
        size, place = _number(data, place)
        body, place = data[place : place + size], place + size
        if kind in (_DIRECTORY, _FILE):
            length, start = _number(body, 0)
            name = bytes(body[start : start + length]).decode()
            rest = body[start + length :]
            if kind == _DIRECTORY:
                yield from _records(rest, f"{folder}{name}/")
            else:
                yield from ((folder + name, code) for code in _verbatim(rest))


def _verbatim(data):
    place = 0
    while place < len(data):
        kind, place = _number(data, place)
        size, place = _number(data, place)
        if kind == _VERBATIM:
            yield bytes(data[place : place + size])
        place += size


def _number(data, place):
    """(number of 7 bits a byte, place behind it). Raises struct.error at the end of the data."""
    value = 0
    while True:
        if place >= len(data):
            raise struct.error("truncated ROMFS image")
        byte = data[place]
        value, place = value << 7 | byte & 0x7F, place + 1
        if not byte & 0x80:
            return value, place
