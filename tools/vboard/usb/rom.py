"""The loader in the ROM of an ESP32 or ESP32-S3, as far as esptool speaks with it: `RomLoader` takes packets and gives answers.

It is the ROM's loader, not esptool's stub: `--no-stub` is needed. Source: the serial protocol page of esptool's documentation,
and what esptool 5.6 sends. Whatever it does not know it refuses with status 5, as the ROM does.
"""

import hashlib
import struct
import zlib

from tools.vboard.usb.flash import FlashError

_FLASH_BEGIN, _FLASH_DATA, _FLASH_END, _SYNC = 0x02, 0x03, 0x04, 0x08
_WRITE_REG, _READ_REG, _SPI_SET_PARAMS, _SPI_ATTACH, _READ_FLASH = 0x09, 0x0A, 0x0B, 0x0D, 0x0E
_CHANGE_BAUD, _DEFL_BEGIN, _DEFL_DATA, _DEFL_END, _MD5, _SECURITY = 0x0F, 0x10, 0x11, 0x12, 0x13, 0x14
STEPS = {
    "sync": (_SYNC,),
    "detect": (_READ_REG, _SECURITY),
    "attach": (_SPI_ATTACH,),
    "begin": (_FLASH_BEGIN, _DEFL_BEGIN),
    "data": (_FLASH_DATA, _DEFL_DATA),
    "verify": (_MD5,),
    "read": (_READ_FLASH,),
    "end": (_FLASH_END, _DEFL_END),
}

_OK = b"\0\0\0\0"
_REFUSALS = {"invalid": 0x05, "failed": 0x06, "checksum": 0x07, "flash": 0x08, "flash_read": 0x09, "deflate": 0x0B}
_SYNC_VALUE = 0x20120707  # any but 0, which is what the stub answers
_USER = 1 << 18  # SPI_CMD_REG: run the command in the user registers
_READ_ID, _READ_SFDP = 0x9F, 0x5A
_READ_MAX = 64
_WATCHDOG_ON = 1 << 31


class Refusal(Exception):
    """What the loader does not do; `code` is the second byte of the status."""

    def __init__(self, why):
        super().__init__(why)
        self.code = _REFUSALS[why]


class RomLoader:
    """`chip`: RomChip; `flash`: Flash; `leave(how)` is called when the loader is to be left: "run" or "watchdog".

    `on_step(name)` is called before a command is done, with its name in STEPS or None; if it gives True the chip is gone.
    """

    def __init__(self, chip, flash, leave, on_step=lambda name: False):
        self.chip, self.flash = chip, flash
        self._leave, self._on_step = leave, on_step
        self._registers = dict(chip.registers)
        self._attached = False
        self._at = self._left = 0
        self._inflate = None
        self._commands = {
            _FLASH_BEGIN: self._begin,
            _FLASH_DATA: self._data,
            _FLASH_END: self._end,
            _SYNC: self._sync,
            _WRITE_REG: self._write_register,
            _READ_REG: self._read_register,
            _SPI_SET_PARAMS: self._nothing,
            _SPI_ATTACH: self._attach,
            _READ_FLASH: self._read_flash,
            _CHANGE_BAUD: self._change_baud,
            _DEFL_BEGIN: self._begin_deflated,
            _DEFL_DATA: self._deflated,
            _DEFL_END: self._end,
            _MD5: self._md5,
        }
        if chip.chip_id is not None:
            self._commands[_SECURITY] = self._security

    def answer(self, packet):
        """The list of packets that answer `packet`; none for what is no request."""
        if len(packet) < 8 or packet[0] != 0:
            return []
        operation, size, check = struct.unpack_from("<BHI", packet, 1)
        body = packet[8:]
        if self._on_step(next((name for name, operations in STEPS.items() if operation in operations), None)):
            return []
        value, data, status = 0, b"", _OK
        try:
            if size != len(body) or operation not in self._commands:
                raise Refusal("invalid")
            value, data = self._commands[operation](body, check) or (0, b"")
        except Refusal as refusal:
            status = bytes((1, refusal.code, 0, 0))
        except FlashError:
            status = bytes((1, _REFUSALS["flash"], 0, 0))
        except struct.error:
            status = bytes((1, _REFUSALS["invalid"], 0, 0))
        reply = struct.pack("<BBHI", 1, operation, len(data) + len(status), value) + data + status
        return [reply] * (8 if operation == _SYNC else 1)

    def _nothing(self, body, check):
        return None

    def _sync(self, body, check):
        if body != b"\x07\x07\x12\x20" + 32 * b"\x55":
            raise Refusal("invalid")
        return _SYNC_VALUE, b""

    def _security(self, body, check):
        """Flags, flash encryption count, seven key purposes, chip, API version: nothing is burnt."""
        return 0, struct.pack("<IB7xII", 0, 0, self.chip.chip_id, 0)

    # Registers.

    def _read_register(self, body, check):
        (address,) = struct.unpack("<I", body)
        return self._registers.get(address, 0), b""

    def _write_register(self, body, check):
        for place in range(0, len(body), 16):
            address, value, mask, _ = struct.unpack_from("<IIII", body, place)
            self._registers[address] = self._registers.get(address, 0) & ~mask & 0xFFFFFFFF | value & mask
            if address == self.chip.spi[0] and self._registers[address] & _USER:
                self._run_spi()
            if address == self.chip.watchdog and self._registers[address] & _WATCHDOG_ON:
                self._leave("watchdog")

    def _run_spi(self):
        """One command to the flash chip by the controller's user registers."""
        base, _, command_at, data_at = self.chip.spi
        command = self._registers.get(base + command_at, 0) & 0xFF
        if command == _READ_ID:
            self._registers[base + data_at] = self.flash.jedec_id()
        elif command == _READ_SFDP:
            self._registers[base + data_at] = 0xFFFFFFFF  # a chip without that table
        self._registers[base] &= ~_USER

    def _change_baud(self, body, check):
        """A pty has no speed: only the divider follows."""
        baud, _ = struct.unpack("<II", body)
        self._registers[self.chip.clock_divider] = 40_000_000 // max(1, baud)

    # Flash.

    def _attach(self, body, check):
        self._attached = True

    def _need_flash(self):
        if not self._attached:
            raise Refusal("flash")

    def _begin(self, body, check):
        size, blocks, block_bytes, offset = struct.unpack_from("<IIII", body)
        self._inflate = None
        if size:
            self._need_flash()
            self.flash.erase(offset, size)
        self._at, self._left = offset, blocks * block_bytes

    def _data(self, body, check):
        data = self._checked(body, check)
        if len(data) > self._left:
            raise Refusal("flash")
        self.flash.program(self._at, data)
        self._at += len(data)
        self._left -= len(data)

    def _begin_deflated(self, body, check):
        size, _, _, offset = struct.unpack_from("<IIII", body)
        self._need_flash()
        self.flash.erase(offset, size)
        self._at, self._left = offset, size
        self._inflate = zlib.decompressobj()

    def _deflated(self, body, check):
        data = self._checked(body, check)
        if self._inflate is None:
            raise Refusal("deflate")
        try:
            plain = self._inflate.decompress(data)
        except zlib.error:
            raise Refusal("deflate") from None
        if len(plain) > self._left:
            raise Refusal("deflate")
        self.flash.program(self._at, plain)
        self._at += len(plain)
        self._left -= len(plain)

    def _checked(self, body, check):
        size = struct.unpack_from("<I", body)[0]
        data = body[16:]
        sum_ = 0xEF
        for byte in data:
            sum_ ^= byte
        if size != len(data) or sum_ != check & 0xFF:
            raise Refusal("checksum")
        return data

    def _end(self, body, check):
        """0: reboot, 1: run the program; either way the loader is left."""
        struct.unpack("<I", body)
        self._leave("run")

    def _md5(self, body, check):
        self._need_flash()
        offset, size = struct.unpack_from("<II", body)
        return 0, hashlib.md5(self.flash.read(offset, size)).hexdigest().encode()

    def _read_flash(self, body, check):
        self._need_flash()
        offset, size = struct.unpack("<II", body)
        if size > _READ_MAX:
            raise Refusal("flash_read")
        return 0, self.flash.read(offset, size).ljust(_READ_MAX, b"\0")
