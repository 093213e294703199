"""MicroPython's published file: bootloader, partition table and app in one. Taken apart by what stands in it.

The file begins where the bootloader does: at 0x1000 of an ESP32's flash, at 0 of an ESP32-S3's. Of it we take bootloader and app;
the table is our own. Sources: ports/esp32/makeimg.py of MicroPython; ESP-IDF, "App Image Format".
"""

import hashlib
import re
import struct
from dataclasses import dataclass

from tools.image import partitions
from tools.image.errors import ImageError

BOOTLOADER_AT = {"esp32": 0x1000, "esp32s3": 0x0}  # in flash; see ESPLoader.BOOTLOADER_FLASH_OFFSET of esptool
CHIP_IDS = {"esp32": 0, "esp32s3": 9}  # in an image's header
_MAGIC = 0xE9
_HEADER = 24  # bytes, the extended part with the chip among them
_SEGMENTS_MOST = 16
_CHECKSUM = 0xEF
_DIGEST = 32
_SIZE_CODES = {4: 0x20, 8: 0x30, 16: 0x40}  # upper four bits of byte 3, by MB
_BANNER = re.compile(rb"MicroPython (?:\([^)]{1,40}\) )?v(\d+\.\d+(?:\.\d+)?[-.\w]*) on \d{4}-\d\d-\d\d")
_VFS_ROM = (b"VfsRom\0", b"romfs\0")  # the class, and the label that esp32_partition.c looks for
ADVICE = "take the .bin file for this board from micropython.org/download, as it is"


@dataclass(frozen=True)
class MicroPython:
    """`app_at`: its offset in flash; `version`: as it says itself, such as "1.29.0"; `vfs_rom`: does it run modules from a
    read-only image?"""

    chip: str
    bootloader: bytes
    app: bytes
    app_at: int
    version: str
    vfs_rom: bool


def take_apart(data, name="the file"):
    """MicroPython of the published file's content. Raises ImageError."""
    chip = _chip(data, name)
    base = BOOTLOADER_AT[chip]
    bootloader = _image(data, 0, f"{name}: the bootloader")
    table_at = partitions.OFFSET - base
    try:
        table = partitions.parse(data[table_at : table_at + partitions.LENGTH])
    except ImageError as error:
        raise ImageError(f"{name}: {error}; {ADVICE} (neither the .app-bin nor the .uf2)") from error
    apps = [part for part in table if part.type == partitions.APP]
    if not apps:
        raise ImageError(f"{name}: its partition table has no app; {ADVICE}")
    app = _image(data, apps[0].offset - base, f"{name}: the app")
    if app[12:14] != data[12:14]:
        raise ImageError(f"{name}: bootloader and app are for different chips; {ADVICE}")
    banner = _BANNER.search(app)
    if not banner:
        raise ImageError(f"{name}: its app does not say which MicroPython it is; {ADVICE}, or build it from a clone with tags")
    vfs_rom = all(text in app for text in _VFS_ROM)
    return MicroPython(chip, bootloader, app, apps[0].offset, banner.group(1).decode(), vfs_rom)


def _chip(data, name):
    if len(data) < _HEADER or data[0] != _MAGIC:
        raise ImageError(f"{name}: no firmware for an ESP32 (it does not begin with 0x{_MAGIC:02x}); {ADVICE}")
    number = struct.unpack_from("<H", data, 12)[0]
    for chip, known in CHIP_IDS.items():
        if number == known:
            return chip
    raise ImageError(f"{name}: it is for a chip with the number {number}; units are made with {' and '.join(CHIP_IDS)}")


def _image(data, at, what):
    """The bytes of the image that begins there, its digest included. Raises ImageError if it is cut off or damaged."""
    if len(data) < at + _HEADER or data[at] != _MAGIC or data[at + 1] > _SEGMENTS_MOST:
        raise ImageError(f"{what} is not where it should be (0x{at:x}); {ADVICE}")
    end, checksum = at + _HEADER, _CHECKSUM
    for _ in range(data[at + 1]):
        if len(data) < end + 8:
            raise ImageError(f"{what} is cut off; load the file again")
        size = struct.unpack_from("<L", data, end + 4)[0]
        for byte in data[end + 8 : end + 8 + size]:
            checksum ^= byte
        end += 8 + size
    end = at + (end - at) // 16 * 16 + 16  # the checksum is the last byte of a row of 16
    appended = data[at + 23] == 1
    if len(data) < end + _DIGEST * appended:
        raise ImageError(f"{what} is cut off; load the file again")
    if data[end - 1] != checksum:
        raise ImageError(f"{what} is damaged (its checksum is another); load the file again")
    if appended and data[end : end + _DIGEST] != hashlib.sha256(data[at:end]).digest():
        raise ImageError(f"{what} is damaged (its digest is another); load the file again")
    return data[at : end + _DIGEST * appended]


def with_flash_size(bootloader, flash_mb):
    """The bootloader with the board's flash in its header, and its digest made anew.

    It refuses a table that reaches beyond what its header says, and MicroPython is published for 4 MB.
    """
    changed = bytearray(bootloader)
    changed[3] = changed[3] & 0x0F | _SIZE_CODES[flash_mb]
    if changed[23] == 1:
        changed[-_DIGEST:] = hashlib.sha256(changed[:-_DIGEST]).digest()
    return bytes(changed)
