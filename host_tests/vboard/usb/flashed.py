"""Smallest contents of a flash chip for these tests: images that a boot loader takes, a partition table, a littlefs."""

import hashlib
import os
import struct
import subprocess
import sys
from pathlib import Path

from littlefs import LittleFS

BOOTLOADER_AT = {"esp32": 0x1000, "esp32s3": 0}
_CHIP_IDS = {"esp32": 0, "esp32s3": 9}
_SETTINGS = Path(__file__).with_name("esptool.cfg")
APP_AT, VFS_AT, ROMFS_AT, JOURNAL_AT = 0x10000, 0x250000, 0x210000, 0x200000
TABLE = (
    (1, 0x02, 0x9000, 0x6000, b"nvs"),
    (1, 0x01, 0xF000, 0x1000, b"phy_init"),
    (0, 0x00, 0x10000, 0x1F0000, b"factory"),
    (1, 0x40, JOURNAL_AT, 0x10000, b"journal"),
    (1, 0x8F, ROMFS_AT, 0x40000, b"romfs"),
    (1, 0x81, VFS_AT, 0x400000 - VFS_AT, b"vfs"),
)


def image(chip, text=b"a program of this chip's, as far as a boot loader looks"):
    """An image with one segment, checksum and hash."""
    body = text + bytes(-len(text) % 4)
    head = struct.pack("<BBBBI", 0xE9, 1, 2, 0x20, 0x40080000) + struct.pack("<B3xHBHH4xB", 0xEE, _CHIP_IDS[chip], 0, 0, 399, 1)
    whole = head + struct.pack("<II", 0x3FFB0000, len(body)) + body
    check = 0xEF
    for byte in body:
        check ^= byte
    whole += bytes(15 - len(whole) % 16) + bytes((check,))
    return whole + hashlib.sha256(whole).digest()


def table(entries=TABLE):
    packed = b"".join(struct.pack("<HBBII16sI", 0x50AA, *entry, 0) for entry in entries)
    packed += b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(packed).digest()
    return packed.ljust(0xC00, b"\xff")


def littlefs(files, size=0x400000 - VFS_AT):
    """`files`: {"folder/name": bytes}."""
    made = LittleFS(block_size=4096, block_count=size // 4096)
    for name, content in files.items():
        if "/" in name:
            made.makedirs(name.rpartition("/")[0], exist_ok=True)
        with made.open(name, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
    return bytes(made.context.buffer)


def parts(chip="esp32", files=None, romfs=None, entries=TABLE):
    """[(offset, bytes)] of all that a new unit gets."""
    found = [(BOOTLOADER_AT[chip], image(chip)), (0x8000, table(entries)), (APP_AT, image(chip, b"application" * 99))]
    if romfs is not None:
        found.append((ROMFS_AT, romfs))
    if files is not None:
        found.append((VFS_AT, littlefs(files)))
    return found


def put(board, found):
    """As if it had been flashed; the chip has to be in its loader."""
    for offset, content in found:
        board.flash.erase(offset, len(content))
        board.flash.program(offset, content)


def boot(board, files, romfs=None, entries=TABLE):
    """Flashes these files without esptool and starts the chip."""
    board.press_boot()
    put(board, parts(board.chip, files, romfs, entries))
    board.reset()


def at_prompt(board, why):
    """Waits until the unit has told that it stands at its prompt, and why."""
    board.run(lambda unit: unit.wait_for(lambda status: status["repl"] == why, 20))


def write(folder, found):
    """Arguments of write-flash for these parts, which are put into files."""
    words = []
    for offset, content in found:
        path = folder / f"part_{offset:x}.bin"
        path.write_bytes(content)
        words += [hex(offset), str(path)]
    return words


def esptool(board, *words, chip=None, after="no-reset", timeout_s=120, baud=115200, stub=False):
    """The real esptool at the board's port. Returns the completed process, its output as text."""
    command = [sys.executable, "-m", "esptool", "--port", str(board.link), "--baud", str(baud)]
    command += [] if stub else ["--no-stub"]
    command += ["--chip", chip] if chip else []
    command += ["--connect-attempts", "7", "--before", "no-reset", "--after", after, *words]  # 7: as it has it by itself
    place = {**os.environ, "ESPTOOL_CFGFILE": str(_SETTINGS)}
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False, env=place)


def mpremote(board, *words, timeout_s=60):
    """The real mpremote at the board's port."""
    command = [sys.executable, "-m", "mpremote", "connect", str(board.link), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
