"""A virtual unit that runs what is in its flash chip, with MicroPython's console on a serial port."""

import asyncio
import contextlib
import ctypes
import os
import pathlib
import signal
import time

from tools import child
from tools.vboard.child_process import BOARD_HEAP, CODE_HEAP, ChildProcess, image_of_modules, standins_image
from tools.vboard.chip import SOFT
from tools.vboard.unit import VirtualBoard
from tools.vboard.usb.console import INTERRUPT, Console, catches_interrupt
from tools.vboard.usb.contents import BootError, check_boot
from tools.vboard.usb.native import foreign_modules, twin_image

_HERE = pathlib.Path(__file__).parent
_LIBC = ctypes.CDLL(None)
_ROMFS_MAGIC = b"\xd2\xcd\x31"
_CHUNK_BYTES = 4096
_INPUT_BYTES = 4096  # what waits for a unit that does not read; on the board 260 bytes
_STUCK_S = 0.3
_INTERRUPT_GAP_S = 0.05  # a second one that meets the first unhandled would end the interpreter


class FlashedUnit(VirtualBoard):
    """`chip_facts`: RomChip; `flash`: Flash; `to_host(bytes)`: what the UART sends; `room()`: waits until the host takes more."""

    def __init__(self, state, board, chip_facts, flash, to_host, room, **options):
        self.flash, self.rom_chip = flash, chip_facts
        self.to_host, self.room = to_host, room
        self.console = Console()
        self.table = []
        self.stuck = None  # what the chip prints for ever because it does not start, or None
        self._process = None
        super().__init__(state / "root", state, board, process=self._begin, **options)

    def _begin(self, on_frame, on_line, sound):
        self._process = UnitProcess(self, on_frame, on_line, sound)
        return self._process

    async def __aenter__(self):
        """Does not switch anything on."""
        async with contextlib.AsyncExitStack() as stack:
            for relay in self.relays:
                await stack.enter_async_context(relay)
            self.supply.start()
            self._exit = stack.pop_all()
        return self

    def examine(self):
        """Looks whether the chip starts from its flash; `stuck` says why not."""
        try:
            self.table, self.stuck = check_boot(self.flash, self.rom_chip), None
        except BootError as error:
            self.table, self.stuck = [], error.text

    def twins(self):
        """([path of an image with what this machine runs instead of the chip's native code], names in it); nothing if there is
        none."""
        found = foreign_modules(self.flash, self.table)
        if not found:
            return [], []
        path, names = twin_image(found)
        for name in sorted(set(found) - set(names)):
            self.to_host(f"virtual ESP32: {name} has native code that was not compiled here, so it cannot run here\r\n".encode())
        return [str(path)], names

    def boot_text(self, cause):
        """What the ROM prints when it starts the chip."""
        chip = self.rom_chip
        return f"{chip.banner}\n\n{chip.reset_text[cause]},boot:0x13 (SPI_FAST_FLASH_BOOT)\n"

    def type(self, data):
        """Bytes from the host."""
        if self._process is not None:
            self._process.type(data)


class UnitProcess(ChildProcess):
    """One life from the flash chip. A clean end of the interpreter is Ctrl-D at its prompt, which is a soft reset."""

    def __init__(self, unit, on_frame, on_line, sound):
        super().__init__(on_frame, on_line, sound)
        self._unit = unit
        self._line_rest = b""
        self._images = []
        self._started = False
        self._interrupted_s = 0.0

    async def live(self, settings, state, interpreter, heapsize, on_start):
        unit = self._unit
        soft = settings["cause"] == SOFT
        unit.console.restart(soft)
        if soft:
            self._say("MPY: soft reboot\n")
        else:
            unit.examine()
            self._say(unit.boot_text(settings["cause"]))
            if unit.stuck is not None:
                await self._stick(on_start)
                return None
        twins, names = await asyncio.get_running_loop().run_in_executor(None, unit.twins)
        own = {"table": [list(vars(one).values()) for one in unit.table], "raw": unit.console.raw, "native": names}
        self._images = [str(standins_image()), str(_own_image()), f"shared:{unit.flash.path}", *twins]

        def start():
            on_start()
            self._started = True

        code = await super().live({**settings, **own}, state, interpreter, heapsize, start)
        if code == 0:
            unit.chip.soft_reset()
        return code

    async def _stick(self, on_start):
        """Starts, fails, is reset by the ROM's watchdog, and starts again, until somebody does something about it."""
        on_start()
        while not self._killed:
            self._say(self._unit.stuck + "\n")
            await asyncio.sleep(_STUCK_S)

    async def _spawn(self, state, interpreter, heapsize, image):
        unit = self._unit
        heapsize = heapsize or (BOARD_HEAP if self._has_image() else CODE_HEAP)
        program = ["-X", f"heapsize={heapsize}", "-i", str(_HERE / "child" / "usb_start.py"), str(state / "boot.json")]
        command = [interpreter, str(_HERE.parent / "launch.py"), *program, "--", *self._images]
        pipe = asyncio.subprocess.PIPE
        streams = {"stdin": pipe, "stdout": pipe, "stderr": asyncio.subprocess.STDOUT}
        place = {**os.environ, "HOME": str(state)}  # the interpreter keeps a history of what was typed
        self._process = await asyncio.create_subprocess_exec(*command, **streams, env=place, start_new_session=True)
        if unit.console.raw:
            self._process.stdin.write(b"\x01")  # on the board the mode outlives a soft reset
        if self._killed:
            self.kill()

    def _has_image(self):
        parts = [one for one in self._unit.table if one.label == "romfs"]
        return any(self._unit.flash.read(one.offset, 3) == _ROMFS_MAGIC for one in parts)

    def type(self, data):
        """Bytes from the host, in the loop."""
        if self._process is None or self._killed:
            return
        for piece in Console.to_unit(data):
            if piece is INTERRUPT:
                self._interrupt()
            else:
                self._put(piece)

    def _put(self, data):
        stdin = self._process.stdin
        if stdin.transport.get_write_buffer_size() < _INPUT_BYTES and not stdin.transport.is_closing():
            stdin.write(data)

    def _interrupt(self):
        """Looks and acts while the process stands still: without its handler the signal would end it. To the main thread alone,
        as MicroPython raises its exception in the thread that gets the signal."""
        process = self._process
        if not self._started or process.returncode is not None:
            self._put(b"\x03")
            return
        with contextlib.suppress(ProcessLookupError):
            child.freeze(process)
            if not catches_interrupt(process.pid):
                self._put(b"\x03")
            elif time.monotonic() - self._interrupted_s >= _INTERRUPT_GAP_S:
                self._interrupted_s = time.monotonic()
                _LIBC.tgkill(process.pid, process.pid, signal.SIGINT)
            child.thaw(process)

    async def _read_console(self):
        while True:
            await self._unit.room()
            data = await self._process.stdout.read(_CHUNK_BYTES)
            if not data:
                break
            if not self._killed:
                self._say(data)
        await child.gone(self._process)

    def _say(self, data):
        data = self._unit.console.to_host(data.encode() if isinstance(data, str) else data)
        self._unit.to_host(data)
        *lines, self._line_rest = (self._line_rest + data).split(b"\n")
        for line in lines:
            self._on_line(line.decode("utf-8", "replace").rstrip("\r"))


def _own_image():
    return image_of_modules("usb", {path.name: path for path in sorted((_HERE / "child").glob("usb_*.py"))})
