"""A stand-in for MicroPython's file, for virtual boards and tests, as its download page has them: bootloader, partition table
and app in one.

The real ones cannot come with a repository. This one has their form, digests included, so that the real esptool finds it whole
and writes it; bootloader and app are EMPTY OF CODE and say so. No real chip starts from it; a virtual one runs the unix port.
"""

import hashlib
import struct

from tools.image import partitions
from tools.image.micropython import BOOTLOADER_AT, CHIP_IDS

SAYS = b"synthetic, a stand-in: no code"
_DRAM = {"esp32": 0x3FFF0000, "esp32s3": 0x3FCD0000}  # where the segments would be loaded or mapped
_DROM = {"esp32": 0x3F400020, "esp32s3": 0x3C000020}
_MAGIC, _FLASH_4MB_40MHZ, _DIO = 0xE9, 0x20, 2
_STOCK = [("nvs", 1, 2, 0x9000, 0x6000), ("phy_init", 1, 1, 0xF000, 0x1000), ("factory", 0, 0, 0x10000, 0x1F0000)]


def synthetic(chip, version="1.29.0", vfs_rom=True, app_bytes=64 * 1024, banner=True, frozen=False, app_chip=None):
    """Bytes of the combined file for `chip` ("esp32" or "esp32s3"), the same for the same arguments.

    `version`: what MicroPython says of itself; `vfs_rom`: with the names by which one knows that it runs modules from an image;
    `app_bytes`: of the app's segment, at least 4096; `banner`: False leaves out that it is MicroPython; `frozen`: with the
    names of our modules; `app_chip`: another chip for the app alone.
    """
    base = BOOTLOADER_AT[chip]
    table = partitions.binary([partitions.Partition(*row) for row in _STOCK])
    data = _padded(_image(chip, _DRAM[chip], _bootloader_text()), partitions.OFFSET - base)
    data = _padded(data + table, 0x10000 - base)
    app_chip = app_chip or chip
    return data + _image(app_chip, _DROM[app_chip], _app_text(version, vfs_rom, banner, frozen, app_bytes))


def _padded(data, size):
    return data.ljust(size, b"\xff")


def _bootloader_text():
    """A bootloader's description: magic, version, ESP-IDF, time of compilation."""
    return struct.pack("<B3sI32s24s16s", 0x50, b"", 1, b"none", b"1970-01-01 00:00:00", b"") + SAYS


def _app_text(version, vfs_rom, banner, frozen, size):
    """An app's description, then the texts by which MicroPython is known, then a pattern up to `size`."""
    text = struct.pack("<II8s32s32s16s16s32s32sHHB3s72s", 0xABCD5432, 0, b"", b"1", SAYS, b"00:00:00", b"Jan  1 1970", b"none",
                       b"", 0, 0xFFFF, 16, b"", b"")
    text += SAYS + b"\0"
    if banner:
        text += b"3.4.0; MicroPython v%s on 2026-10-01\0" % version.encode()
    if vfs_rom:
        text += b"VfsRom\0romfs\0"
    if frozen:
        text += b"firmware/__init__.py\0firmware/app.py\0"
    pattern = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(max(0, size - len(text)) // 32))
    return text + pattern


def _image(chip, address, segment):
    segment += b"\0" * (-len(segment) % 4)
    data = struct.pack("<BBBBLB3sHBHH4sB", _MAGIC, 1, _DIO, _FLASH_4MB_40MHZ, 0, 0xEE, b"", CHIP_IDS[chip], 0, 0, 0xFFFF, b"", 1)
    data += struct.pack("<LL", address, len(segment)) + segment
    checksum = 0xEF
    for byte in segment:
        checksum ^= byte
    data += b"\0" * (15 - len(data) % 16) + bytes([checksum])
    return data + hashlib.sha256(data).digest()
