"""A virtual ESP32 on a serial port: the ROM's loader for esptool, and what was flashed for mpremote and the unit's own console.

    with UsbBoard(link, state, chip="esp32", flash_mb=4, mac="24:6f:28:00:00:01") as board:
        board.press_boot()                       # BOOT held, RESET pressed: the ROM's loader
        ...                                      # python -m esptool --port LINK --no-stub --before no-reset ... write-flash ...
        board.reset()                            # RESET: runs what is in the flash
        board.wait_console("unit abc started", timeout_s=30)

Runs in a thread with an event loop of its own, so it serves while the caller waits for a program. docs/virtual-usb.md.
"""

import asyncio
import pathlib
import threading
import time

from tools.vboard.errors import BoardError
from tools.vboard.usb import faults
from tools.vboard.usb.flash import Flash
from tools.vboard.usb.port import Port
from tools.vboard.usb.rom import RomLoader
from tools.vboard.usb.rom_chips import rom_chip
from tools.vboard.usb.slip import Decoder, encode
from tools.vboard.usb.unit import FlashedUnit

BOARDS = {"esp32": "ESP32_GENERIC", "esp32s3": "UM_FEATHERS3"}  # whose wires hang on it, if nothing else is said
_CALL_S = 60.0  # the longest step: an interpreter that does not come up
_KEPT_BYTES = 1 << 20  # of what the chip has sent
_LEAVE_S = 0.05  # after the loader's last answer, which must be out first


class UsbBoard:
    """`link`: path of the port; `state`: directory of the flash chip (`flash.bin`) and of this process's files; both are made.

    `mac`: text or 6 bytes; `board`: name of a board file; `relays`: (listen port, target port) as VirtualBoard has them;
    `usb_power`: the cable powers the board, so that pulling it is a power cut; `boot_held`: starts in the ROM's loader;
    `listener(bytes)` is called in the board's thread with what the chip says by itself; `options`: of the VirtualBoard, such as
    `heapsize`. All methods may be called from any thread; they block.
    """

    def __init__(
        self, link, state, chip="esp32", flash_mb=4, mac="24:6f:28:00:00:01", board=None, relays=(), *,
        usb_power=True, boot_held=False, listener=None, **options
    ):  # fmt: skip
        self.link, self.state = pathlib.Path(link), pathlib.Path(state).resolve()
        self.mac = bytes.fromhex(mac.replace(":", "")) if isinstance(mac, str) else bytes(mac)
        self.rom_chip = rom_chip(chip, self.mac)
        self.chip = chip
        self.board = board or BOARDS[chip]
        self.faults = faults.Faults(self)
        self._flash_mb, self._relays, self._options = flash_mb, relays, options
        self._usb_power, self._boot_held, self._listener = usb_power, boot_held, listener
        self._loop = self._thread = None
        self.flash = self.unit = self.tty = None
        self.loader = None  # RomLoader while the chip is in it
        self._powered = False
        self._console = bytearray()
        self._said = threading.Condition()

    def __enter__(self):
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="virtual ESP32", daemon=True)
        self._thread.start()
        ready.wait()
        try:
            self._do(self._begin())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        try:
            self._do(self._end())
        finally:
            self._stop()

    def _run(self, ready):
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(ready.set)
        self._loop.run_forever()
        self._loop.close()

    def _stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _do(self, coroutine, bound_s=_CALL_S):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(bound_s)

    async def _begin(self):
        self.state.mkdir(parents=True, exist_ok=True)
        self.flash = Flash(self.state / "flash.bin", self._flash_mb)
        self.tty = Port(self.link, self._from_host)
        self.unit = FlashedUnit(
            self.state, self.board, self.rom_chip, self.flash, self.to_host, self.tty.room,
            unique_id=self.mac, relays=self._relays, **self._options
        )  # fmt: skip
        if self.unit.facts["chip"] != self.chip:
            raise BoardError(f"board {self.board} has {self.unit.facts['chip']}, not {self.chip}")
        await self.unit.__aenter__()
        try:
            self.tty.plug()
            await self._power(True)
        except BaseException:
            await self._end()
            raise

    async def _end(self):
        self.faults.forget()
        self.tty.pull()
        await self.unit.__aexit__(None, None, None)
        self.flash.close()

    # What somebody does with the board.

    def press_boot(self):
        """BOOT held while RESET is pressed: the chip is in its ROM's loader."""
        self._do(self._restart(boot=True))

    def reset(self):
        """RESET: the chip runs what is in its flash."""
        self._do(self._restart(boot=False))

    def pull(self):
        """The cable comes out: the port is gone, and the power too if that is where it comes from."""
        self._do(self.pulled())

    def plug(self, boot=False):
        """The cable comes in again; with `boot` that button is held meanwhile."""
        self._do(self._plugged(boot))

    def fault(self, name, **settings):
        """See faults.py for names and settings. Raises BoardError for what is not known."""
        self._do(self.faults.inject(name, settings))

    def heal(self):
        """Ends every fault; a cable that was pulled stays out, and what is broken in the flash stays broken."""
        self._do(self.faults.heal())

    def run(self, function, *arguments):
        """`function(unit, *arguments)`, plain or a coroutine, in the board's loop; `unit` is a VirtualBoard. Without a bound."""

        async def call():
            result = function(self.unit, *arguments)
            return await result if asyncio.iscoroutine(result) else result

        return self._do(call(), None)

    async def _restart(self, boot):
        if self._powered:
            await self._power(False)
            await self._power(True, boot)

    async def _power(self, on, boot=None):
        self._powered = on
        self.loader = None
        await self.unit.power_cut()
        if not on:
            return
        if self._boot_held if boot is None else boot:
            self._enter_loader()
        else:
            await self.unit.power_on()

    def _enter_loader(self):
        self._decoder = Decoder()
        self.loader = RomLoader(self.faults.chip or self.rom_chip, self.flash, self._leave_loader, self.faults.step)
        chip = self.loader.chip
        self.to_host(f"{chip.banner}\r\n\r\n{chip.reset_text[1]},boot:0x3 (DOWNLOAD_BOOT)\r\nwaiting for download\r\n".encode())

    def _leave_loader(self, how):
        """The ROM jumps into the program, or its watchdog bites; once the last answer is out."""
        loader = self.loader
        self._loop.call_later(_LEAVE_S, lambda: asyncio.ensure_future(self._left(loader)))

    async def _left(self, loader):
        if self.loader is loader and self._powered:
            self._boot_held = False
            await self._restart(boot=False)

    async def pulled(self):
        self.tty.pull()
        self._tell()
        if self._usb_power:
            await self._power(False)

    async def _plugged(self, boot):
        if not self.tty.there:
            self.tty.plug()
        if not self._powered:
            await self._power(True, boot)
        self._tell()

    # The line.

    def _from_host(self, data):
        data = self.faults.passes(data)
        if self.loader is None:
            self.unit.type(data)
            return
        for packet in self._decoder.feed(data):
            loader = self.loader
            answers = loader.answer(packet) if loader is not None else []
            for answer in self.faults.answers(answers):
                self.tty.write(encode(answer))

    def to_host(self, data):
        """What the chip sends by itself, in the loop."""
        with self._said:
            self._console += data
            del self._console[:-_KEPT_BYTES]
            self._said.notify_all()
        if self._listener is not None:
            self._listener(data)
        if not self.faults.silent:
            self.tty.write(data)
        self.faults.hears(data)

    def _tell(self):
        with self._said:
            self._said.notify_all()

    # Looking.

    @property
    def relay_ports(self):
        """Ports that a unit may dial to reach the relays' targets, in their order."""
        return [relay.port for relay in self.unit.relays]

    @property
    def mode(self):
        """`off` (no power), `rom` (the loader), `stuck` (nothing in the flash that starts), `run` (MicroPython) or `starting`."""
        if not self._powered:
            return "off"
        if self.loader is not None:
            return "rom"
        if self.unit.stuck is not None:
            return "stuck"
        return "run" if self.unit.chip.is_alive else "starting"

    @property
    def console(self):
        """All that the chip has sent by itself so far (not the loader's answers), at most the last MB, as text."""
        with self._said:
            return self._console.decode("utf-8", "replace")

    def mark(self):
        """Where the console is now, for `wait_console(since=...)`."""
        return len(self.console)

    def wait_console(self, text, timeout_s, since=0):
        """Waits until the chip has sent `text`, from place `since` on. Raises TimeoutError with the last of what it said."""
        deadline_s = time.monotonic() + timeout_s
        while text not in (said := self.console)[since:]:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"{text!r} was not said within {timeout_s} s; last: {said[-2000:]!r}")
            with self._said:
                self._said.wait(min(left_s, 0.2))
        return said

    def status(self):
        """As VirtualBoard's, with `mode`, `chip`, `mac`, `port` and whether the cable is in."""
        own = {"mode": self.mode, "chip": self.chip, "mac": self.mac.hex(":"), "port": str(self.link), "plugged": self.tty.there}
        return {**self.run(lambda unit: unit.status()), **own}
