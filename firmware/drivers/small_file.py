"""Small files that a power cut leaves whole: written new, closed, renamed, with a CRC-32 in front. Source: D6, FACTS (storage).

A file is the CRC of the content as 4 bytes, little-endian, and the content. Each write costs littlefs about an erase: callers
write seldom, and only while the power allows it.
"""

import binascii
import os
import struct

from micropython import const

MOST_BYTES = const(4096)  # no file of ours is as long; a larger one is none of ours


def save(path, content):
    """Writes `content` (bytes-like). Raises OSError; the file of before is then still there."""
    with open(path + ".new", "wb") as file:
        file.write(struct.pack("<I", binascii.crc32(content)))
        file.write(content)
    os.rename(path + ".new", path)


def load(path):
    """The content as bytes; None if there is no such file. Raises ValueError if it is cut short or is not what was written, or
    cannot be read."""
    try:
        with open(path, "rb") as file:
            found = file.read(MOST_BYTES)
    except OSError as problem:
        if problem.args and problem.args[0] == 2:  # ENOENT
            return None
        raise ValueError("%s: unreadable (%s)" % (path, problem)) from None
    if len(found) < 4 or struct.unpack_from("<I", found)[0] != binascii.crc32(memoryview(found)[4:]):
        raise ValueError("%s: cut short or changed" % path)
    return found[4:]


def remove(path):
    """Removes the file if there is one and it can be removed."""
    try:
        os.remove(path)
    except OSError:
        return
