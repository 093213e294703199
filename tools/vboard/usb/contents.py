"""What a chip finds in its flash when it starts: second-stage bootloader, partition table, application.

Source: ESP-IDF's programming guide, *Partition tables* and *App image format* (behaviour, not text).
"""

import hashlib
import struct
from dataclasses import dataclass

TABLE_AT = 0x8000
_TABLE_BYTES = 0xC00
_ENTRY = struct.Struct("<HBBII16sI")
_MAGIC, _MD5_MAGIC, _END = 0x50AA, 0xEBEB, 0xFFFF
_IMAGE_MAGIC = 0xE9
_APP, _DATA = 0, 1
_MAX_SEGMENTS = 16
VFS_LABELS = ("vfs", "ffat")


class BootError(Exception):
    """The chip does not start; `text` is what it prints, over and over."""

    def __init__(self, text):
        super().__init__(text)
        self.text = text


@dataclass(frozen=True)
class Partition:
    type: int
    subtype: int
    offset: int
    size: int
    label: str


def partitions(flash):
    """The partition table, in its order. Raises BootError with what the bootloader says of a bad one."""
    table = flash.read(TABLE_AT, _TABLE_BYTES)
    found = []
    for place in range(0, _TABLE_BYTES, _ENTRY.size):
        magic, kind, subtype, offset, size, label, _ = _ENTRY.unpack_from(table, place)
        if magic == _MD5_MAGIC and table[place + 16 : place + 32] != hashlib.md5(table[:place]).digest():
            raise BootError("E (34) flash_parts: incorrect MD5 checksum\nE (35) boot: Failed to verify partition table")
        if magic == _END and found:
            break
        if magic == _MAGIC:
            found.append(Partition(kind, subtype, offset, size, label.split(b"\0", 1)[0].decode("utf-8", "replace")))
        elif magic != _MD5_MAGIC:
            number = place // _ENTRY.size
            text = f"E (34) flash_parts: partition {number} invalid magic number 0x{magic:x}"
            raise BootError(text + "\nE (35) boot: Failed to verify partition table")
    for one in found:
        if one.offset + one.size > flash.size:
            text = f"E (34) flash_parts: partition {len(found)} invalid - offset 0x{one.offset:x} size 0x{one.size:x}"
            raise BootError(f"{text} exceeds flash chip size 0x{flash.size:x}\nE (35) boot: Failed to verify partition table")
    return found


def with_vfs(found, flash):
    """The table as MicroPython 1.29 sees it: a table without a file system gets one behind everything else, from 2 MB on."""
    if any(one.type == _DATA and one.label in VFS_LABELS for one in found):
        return found
    start = max(0x200000, max((one.offset + one.size for one in found), default=0))
    if start >= flash.size:
        return found
    return [*found, Partition(_DATA, 0x81, start, flash.size - start, "vfs")]


def check_boot(flash, chip):
    """Does `chip` (RomChip) start from this flash? Gives the partitions as MicroPython sees them. Raises BootError."""
    first = flash.read(chip.bootloader_at, 4)
    if first[0] != _IMAGE_MAGIC:
        raise BootError(f"invalid header: 0x{int.from_bytes(first, 'little'):08x}")
    fault = image_fault(flash, chip.bootloader_at, chip, TABLE_AT - chip.bootloader_at)
    if fault:
        raise BootError(f"csum err or bad bootloader: {fault}\nets_main.c 371")
    found = partitions(flash)
    app = next((one for one in found if one.type == _APP), None)
    if app is None:
        raise BootError("E (40) boot: No bootable app partitions in the partition table")
    fault = image_fault(flash, app.offset, chip, app.size)
    if fault:
        text = f"E (41) esp_image: {fault}\nE (42) boot: Factory app partition is not bootable"
        raise BootError(text + "\nE (43) boot: No bootable app partitions in the partition table")
    return with_vfs(found, flash)


def image_fault(flash, at, chip, room):
    """What is wrong with the image at this place, by magic, chip, segments, checksum and hash; None if it is whole."""
    head = flash.read(at, 24)
    if head[0] != _IMAGE_MAGIC:
        return f"image at 0x{at:x} has invalid magic byte (nothing flashed here?)"
    (chip_id,) = struct.unpack_from("<H", head, 12)
    if chip_id != chip.image_chip_id:
        return f"mismatch chip ID, expected {chip.image_chip_id}, found {chip_id}"
    place, check = 24, 0xEF
    if not 0 < head[1] <= _MAX_SEGMENTS:
        return f"image at 0x{at:x} has invalid segment count {head[1]}"
    for _ in range(head[1]):
        (size,) = struct.unpack_from("<I", flash.read(at + place + 4, 4))
        if place + 8 + size > room:
            return f"segment of {size} bytes does not fit"
        for byte in flash.read(at + place + 8, size):
            check ^= byte
        place += 8 + size
    place += 16 - place % 16  # the checksum is the last byte of a block of 16
    if flash.read(at + place - 1, 1)[0] != check:
        return "Checksum failed"
    if head[23] and flash.read(at + place, 32) != hashlib.sha256(flash.read(at, place)).digest():
        return "Image hash failed - image is corrupt"
    return None
