"""Named faults of a virtual ESP32 on a serial port.

| fault | settings | what happens |
|---|---|---|
| `wrong_chip` | | it is the other of the two chips, from the next reset into the loader on |
| `busy` | | another program has the port, with an exclusive lock |
| `cable` | `bytes`: n | the cable comes out after n more bytes from the host |
| `cable` | `step`: name, `count`: n | the cable comes out before the n-th command of this kind is done (default: the first) |
| `cable` | `said`: text | the cable comes out when the chip has said this |
| `no_take` | `offset`, `size` | programs take no effect in this range of the flash (default: all of it): verifying fails |
| `small_flash` | `mb`: 2, 4, 8 | the flash chip is that small; its content beyond that is out of reach |
| `corrupt_vfs` | | the file system's first two sectors are rubbish (needs a partition table) |
| `silent` | | nothing is answered and nothing is said |

Steps: `sync`, `detect`, `attach`, `begin`, `data`, `verify`, `read`, `end`.
"""

import asyncio

from tools.vboard.errors import BoardError
from tools.vboard.usb.contents import BootError, partitions
from tools.vboard.usb.flash import SECTOR_BYTES, SIZES_MB
from tools.vboard.usb.rom import STEPS
from tools.vboard.usb.rom_chips import rom_chip

FAULTS = ("wrong_chip", "busy", "cable", "no_take", "small_flash", "corrupt_vfs", "silent")
_RUBBISH = bytes(range(256)) * (SECTOR_BYTES // 256)


class Faults:
    """`board`: UsbBoard. All in its loop."""

    def __init__(self, board):
        self._board = board
        self.forget()

    def forget(self):
        self.chip = None  # RomChip that it is instead
        self.silent = False
        self._disarm()

    def _disarm(self):
        self._bytes = self._step = self._said = None
        self._count = 0
        self._heard = b""

    async def inject(self, name, settings):
        if name not in FAULTS:
            raise BoardError(f"fault {name!r}: one of {', '.join(FAULTS)} wanted")
        try:
            getattr(self, "_" + name + "_fault")(**settings)
        except TypeError as error:
            raise BoardError(f"fault {name}: {error}") from error

    async def heal(self):
        self.forget()
        self._board.tty.unlock()
        self._board.flash.dead = range(0)
        self._board.flash.limit(None)

    def _wrong_chip_fault(self):
        self.chip = rom_chip("esp32" if self._board.chip == "esp32s3" else "esp32s3", self._board.mac)

    def _busy_fault(self):
        try:
            self._board.tty.lock()
        except OSError as error:
            raise BoardError(f"fault busy: {error}") from error

    def _cable_fault(self, *, bytes=None, step=None, said=None, count=1):  # noqa: A002 - the name that reads best for the caller
        if (bytes, step, said).count(None) != 2 or step is not None and step not in STEPS:
            raise BoardError(f"fault cable: either bytes, or said, or step: one of {', '.join(STEPS)}")
        self._disarm()
        self._bytes, self._step, self._count = bytes, step, count
        self._said = None if said is None else said.encode()

    def _no_take_fault(self, *, offset=0, size=None):
        self._board.flash.dead = range(offset, self._board.flash.size if size is None else offset + size)

    def _small_flash_fault(self, *, mb):
        if mb not in SIZES_MB:
            raise BoardError(f"fault small_flash: mb is one of {', '.join(map(str, SIZES_MB))}")
        self._board.flash.limit(mb)

    def _corrupt_vfs_fault(self):
        flash = self._board.flash
        try:
            found = [one for one in partitions(flash) if one.label == "vfs"]
        except BootError as error:
            raise BoardError(f"fault corrupt_vfs: {error.text}") from error
        if not found:
            raise BoardError("fault corrupt_vfs: the partition table has no `vfs`")
        flash.put(found[0].offset, _RUBBISH * 2)

    def _silent_fault(self):
        self.silent = True

    # On the line.

    def passes(self, data):
        """What of `data` from the host arrives before the cable is out."""
        if self._bytes is None:
            return data
        arrives = data[: self._bytes]
        self._bytes -= len(arrives)
        if not self._bytes:
            self._pull()
        return arrives

    def hears(self, data):
        """What the chip says by itself."""
        if self._said is not None:
            self._heard = self._heard[-len(self._said) :] + data
            if self._said in self._heard:
                self._pull()

    def step(self, name):
        """The loader is about to do this; True if the cable comes out before."""
        if name is None or name != self._step:
            return False
        self._count -= 1
        if self._count:
            return False
        self._pull()
        return True

    def _pull(self):
        self._disarm()
        self._board.loader = None
        self._board.tty.pull()
        asyncio.ensure_future(self._board.pulled())

    def answers(self, packets):
        """What of the loader's answers reaches the host."""
        return [] if self.silent else packets
