"""The partition table: from one that is data (partitions-romfs.csv, partitions.csv) to what a bootloader reads, and back.

Source: ESP-IDF, "Partition Tables": entries of 32 bytes (magic AA 50, type, subtype, offset, size, label of 16, flags), then an
entry EB EB with the MD5 of all before it, the rest of 3,072 bytes erased.
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from tools.image.errors import ImageError

_WITH_ROMFS, _PLAIN = (Path(__file__).with_name(name) for name in ("partitions-romfs.csv", "partitions.csv"))
LAYOUTS = {"rom": _WITH_ROMFS, "mpy": _PLAIN, "frozen": _PLAIN}  # by the form of the modules
OFFSET = 0x8000  # where every bootloader of MicroPython looks for the table
LENGTH = 0xC00
SECTOR = 0x1000
FLASH_MB = (4, 8, 16)  # sizes that the boards have
APP, DATA = 0, 1
_APP_ALIGN = 0x10000  # an app is mapped by the processor's cache in pages of 64 KB
_FIRST = OFFSET + SECTOR
_TYPES = {"app": APP, "data": DATA}
_SUBTYPES = {APP: {"factory": 0x00}, DATA: {"ota": 0x00, "phy": 0x01, "nvs": 0x02, "undefined": 0x06, "fat": 0x81}}
_ENTRY = struct.Struct("<2sBBLL16sL")
_MAGIC = b"\xaa\x50"
_MD5_MAGIC = b"\xeb\xeb" + b"\xff" * 14
_LABEL_MOST = 15  # of 16 bytes: the last is a zero for those who read it as a C string


@dataclass(frozen=True)
class Partition:
    """`type`: APP or DATA; `offset` and `size` in bytes."""

    label: str
    type: int
    subtype: int
    offset: int
    size: int

    @property
    def end(self):
        return self.offset + self.size


def layout(flash_mb, form="rom", path=None):
    """The partitions of a board with that much flash, in order of their offsets; all before `romfs` are the same in every form.

    `path`: another table than that of the form. Raises ImageError.
    """
    path = path or LAYOUTS[form]
    if type(flash_mb) is not int or flash_mb not in FLASH_MB:
        raise ImageError(f"flash_mb: {flash_mb!r}; a board has {', '.join(map(str, FLASH_MB))} MB: correct the board's file")
    found, end = [], flash_mb * 1024 * 1024
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            found.append(_read_line(f"{Path(path).name}, line {number}", line, end))
    problems = complaints(found, end)
    if problems:
        raise ImageError("\n".join(f"{Path(path).name}: {problem}" for problem in problems))
    return found


def _read_line(place, line, end):
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) < 4:
        raise ImageError(f"{place}: {line!r}; wants name, type, subtype, offset and, but for the last, size")
    label, kind, subtype, offset, size = (cells + [""])[:5]
    if kind not in _TYPES:
        raise ImageError(f"{place}: type {kind!r}; known: {', '.join(_TYPES)}")
    names = _SUBTYPES[_TYPES[kind]]
    try:
        number = names[subtype] if subtype in names else int(subtype, 0)
        offset = int(offset, 0)
        return Partition(label, _TYPES[kind], number, offset, int(size, 0) if size else end - offset)
    except ValueError:
        raise ImageError(f"{place}: {line!r}; subtype ({', '.join(names)}), offset and size are numbers") from None


def complaints(partitions, end):
    """What a bootloader or MicroPython would not take: overlaps, crooked offsets, labels. `end`: bytes of flash."""
    found, before = [], _FIRST
    for part in partitions:
        align = _APP_ALIGN if part.type == APP else SECTOR
        if part.offset % align or part.size % SECTOR or part.size <= 0:
            found.append(f"{part.label}: 0x{part.offset:x}, size 0x{part.size:x}; want multiples of 0x{align:x} and 0x{SECTOR:x}")
        if part.offset < before:
            found.append(f"{part.label}: begins at 0x{part.offset:x}, before the end of what precedes it (0x{before:x})")
        if part.end > end:
            found.append(f"{part.label}: ends at 0x{part.end:x}, beyond the flash (0x{end:x})")
        if not part.label or len(part.label.encode()) > _LABEL_MOST:
            found.append(f"{part.label!r}: a label has 1 to {_LABEL_MOST} bytes")
        before = max(before, part.end)
    labels = [part.label for part in partitions]
    found += [f"{label}: named twice" for label in sorted(set(labels)) if labels.count(label) > 1]
    return found


def binary(partitions):
    """The table as it lies in flash at OFFSET, LENGTH bytes."""
    entries = b"".join(
        _ENTRY.pack(_MAGIC, part.type, part.subtype, part.offset, part.size, part.label.encode(), 0) for part in partitions
    )
    return (entries + _MD5_MAGIC + hashlib.md5(entries).digest()).ljust(LENGTH, b"\xff")


def parse(data):
    """The partitions of a table in flash. Raises ImageError if it is none, or damaged."""
    found, at = [], 0
    while data[at : at + 2] == _MAGIC and at + _ENTRY.size <= len(data):
        _, kind, subtype, offset, size, label, _ = _ENTRY.unpack_from(data, at)
        found.append(Partition(label.rstrip(b"\0").decode("ascii", "replace"), kind, subtype, offset, size))
        at += _ENTRY.size
    if not found:
        raise ImageError("there is no partition table")
    if data[at : at + 16] == _MD5_MAGIC and data[at + 16 : at + 32] != hashlib.md5(data[:at]).digest():
        raise ImageError("the partition table is damaged (its MD5 is another)")
    return found


def by_label(partitions, label):
    """As MicroPython looks for it: data, any subtype, that label. Raises ImageError."""
    for part in partitions:
        if part.type == DATA and part.label == label:
            return part
    raise ImageError(f"there is no data partition {label!r}; there are {', '.join(part.label for part in partitions)}")
