"""The chip of a virtual board: its lives from reset to reset, what survives each kind of end, and what its pins drive."""

import asyncio
import contextlib
import struct
import time

from tools.ending import end
from tools.vboard.child import wire
from tools.vboard.child_process import ChildProcess, find_interpreter
from tools.vboard.errors import BoardError
from tools.vboard.sight import firmware_lights
from tools.vboard.sound_api import Loudspeaker, Microphone
from tools.vboard.sound_card import SoundCard
from tools.vboard.standins import esp32_socket, nor
from tools.vboard.surfaces import Lamp

POWER_ON, HARD, WATCHDOG, DEEP_SLEEP, SOFT = 1, 2, 3, 4, 5  # as machine.reset_cause()
CAUSES = {POWER_ON: "power_on", HARD: "hard", WATCHDOG: "watchdog", DEEP_SLEEP: "deep_sleep", SOFT: "soft"}
_ENDS = {0: "main_ended", 1: "boot_failed", 2: "main_failed"}
_FLASH_OPERATIONS = {1: "program", 2: "erase"}
_BITE_GRACE_S = 0.05  # a feed that is on its way when the time is up still counts
_START_MHZ, _START_POWER_SAVE = 160, 1  # of MicroPython; 1: WLAN.PM_PERFORMANCE
POWER_SAVES = ("none", "performance", "powersave")  # by WLAN.PM_...
_CRASH_PAUSE_S = 0.5  # between restarts of an interpreter that dies by itself; a board's bootloader takes about as long
_DEAD_S = 45.0  # from SIGKILL to the end of all that belongs to the process: the sum of the bounds in ChildProcess


class Chip:
    """`board`: for its `emit`, `facts`, `root`, `state`, `wiring`, `supply`. Options:

    `unique_id` (6 bytes), `wifi_join_ms` (how long joining the access point takes), `partitions` ({label: sectors of 4,096
    bytes}), `dns` (address that the unit is told), `interpreter` (a Python with MicroPython in it), `lights` (pattern table),
    `process` (what runs a life, made as a ChildProcess is).
    """

    def __init__(self, board, heapsize, ticks_start, unique_id=b"\x24\x6f\x28\x00\x00\x01", wifi_join_ms=300, **options):
        self._board = board
        self._heapsize = heapsize
        self._ticks_start = ticks_start
        self._unique_id = unique_id
        self._partitions = options.pop("partitions", {board.facts.get("journal") or "journal": 16})
        self._dns = options.pop("dns", "127.0.0.1")
        self._interpreter = options.pop("interpreter", None) or find_interpreter()
        lights = options.pop("lights", None) or firmware_lights()
        self._process = options.pop("process", ChildProcess)
        if options:
            raise TypeError(f"unknown options: {', '.join(options)}")
        self.lamp = Lamp(board, lights)
        self.sound = SoundCard(board.facts.get("sounder"), self.tell, self._post, self._hear)
        self.microphone, self.speaker = Microphone(self.sound), Loudspeaker(self.sound)
        self._loop = None
        self.frame_ms = None  # when the frame came that is being taken; the loop may be late
        self._tone_hz = 0
        self._udp_fault = 0
        self._wifi = ["ok", wifi_join_ms]
        self._child = None
        self._lives = None  # the task that runs life after life while there is power
        self._running = asyncio.Event()
        self._next_cause = None
        self._cut = (0, 0)
        self._bite = None
        self._watchdog_ms = None
        self._cause = None
        self.mhz, self.power_save, self.radio = _START_MHZ, _START_POWER_SAVE, False
        self._forget()
        self.powered = False
        self.prompt = None  # why the unit shows a prompt, or None
        self.boots = self.flash_operations = self.lost_interrupts = self.lost_buffers = 0
        self.resets = dict.fromkeys(CAUSES.values(), 0)

    def _forget(self):
        """What a loss of power takes with it."""
        self._power_ms = time.monotonic_ns() // 1_000_000
        self._rtc_offset_s = -(self._power_ms // 1000)
        self._rtc_memory = b""

    # Lives.

    async def power_on(self):
        """Returns when the unit runs boot.py; at once if it has power. Raises BoardError if MicroPython does not come up."""
        if self.powered:
            return
        await self._dead()
        self._loop = asyncio.get_running_loop()
        self.powered = True
        self._forget()
        self._board.emit("power", on=True)
        self._lives = asyncio.ensure_future(self._live())
        await self._alive()

    async def power_off(self):
        if self.powered:
            self.lose_power()
        await self._dead()

    def lose_power(self):
        """At once, in the middle of whatever it does."""
        self.powered = False
        self._die()
        self._board.bearers.power_lost()
        self._board.emit("power", on=False)

    async def reset_button(self):
        if self.powered:
            self._end_life(POWER_ON)  # the EN pin resets the clock's domain too: the same as a power cut, without the dark
            self._forget()
            await self._alive()

    async def end(self):
        """For good: nothing is left running."""
        self.powered = False
        self._die()
        await self._dead()
        self.speaker.stop()

    @property
    def is_alive(self):
        """A life runs, from the beginning of its boot.py to its end; also at the prompt."""
        return self._running.is_set()

    async def _dead(self):
        if self._lives is not None:
            done, _ = await asyncio.wait((self._lives,), timeout=_DEAD_S)
            if not done:
                await end([self._lives])
                raise BoardError(f"the interpreter was killed and is still there after {_DEAD_S:g} s", "interpreter")
            await asyncio.gather(self._lives, return_exceptions=True)  # what it has died of was told when it did

    async def _alive(self):
        """Until the life that was asked for runs."""
        running = asyncio.ensure_future(self._running.wait())
        await asyncio.wait((running, self._lives), return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        if self._lives.done():
            self._lives.result()

    async def _live(self):
        cause = POWER_ON
        while self.powered:
            self._begin(cause)
            try:
                code = await self._child.live(
                    self._settings(), self._board.state, self._interpreter, self._heapsize, self._tell_first
                )
            except BoardError as error:
                self.powered = False
                self._board.emit("crash", code=None, text=str(error))
                raise
            cause, self._next_cause = self._next_cause, None
            if cause is None and self.powered:
                cause = HARD
                self._die()
                self._board.emit("crash", code=code, text="the interpreter ended by itself")
                await asyncio.sleep(_CRASH_PAUSE_S)

    def _begin(self, cause):
        self._cause = cause
        self.boots += 1
        self.resets[CAUSES[cause]] += 1
        self.prompt = None
        if cause != SOFT:
            self._power_ms = time.monotonic_ns() // 1_000_000  # the tick counter starts anew, the calendar clock does not
            self.mhz = _START_MHZ
        self.power_save, self.radio = _START_POWER_SAVE, False
        self._board.emit("reset", cause=CAUSES[cause])
        self._child = self._process(self._take, self._print, self.sound)

    def _settings(self):
        return {
            **self._board.bearers.settings(),
            "root": str(self._board.root),
            "chip": self._board.facts["chip"],
            "unique_id": list(self._unique_id),
            "cause": self._cause,
            "partitions": self._partitions,
            "rtc_memory": list(self._rtc_memory),
            "rtc_offset_s": self._rtc_offset_s,
            "dns": self._dns,
            "ticks_start": self._ticks_start,
            "power_ms": self._power_ms,
            "mhz": self.mhz,
        }

    def _tell_first(self):
        self._board.wiring.settle()
        self._board.supply.settle()
        self._board.bearers.settle()
        self._tell_wifi()
        if self._cut[0]:
            self.tell(wire.ARM_CUT, self._cut[1], self._cut[0])
        self.tell(wire.UDP_FAULT, self._udp_fault)
        self._running.set()

    def soft_reset(self):
        """What runs is to begin anew, as after machine.soft_reset()."""
        self._end_life(SOFT)

    def _end_life(self, cause):
        """Kills the child; the next life begins with this cause."""
        self._next_cause = cause
        self._die(keep_watchdog=cause == SOFT)

    def _die(self, keep_watchdog=False):
        self._running.clear()
        if not keep_watchdog:
            self._stop_watchdog()
        if self._child is not None:
            self._child.kill()
        self.lamp.dark()
        self.sound.stop()
        for port in list(self.microphone.ports):
            self._listen(port, False)

    # The watchdog.

    def _start_watchdog(self, timeout_ms):
        self._stop_watchdog()  # a second one has a time of its own, which may be shorter
        self._watchdog_ms = timeout_ms
        self._feed()

    def _feed(self):
        self._fed_s = time.monotonic()
        if self._bite is None and self._watchdog_ms is not None:
            self._look_later(self._watchdog_ms / 1000)

    def _look_later(self, wait_s, sure=False):
        self._bite = asyncio.get_running_loop().call_later(wait_s, self._look_at_watchdog, sure)

    def _look_at_watchdog(self, sure):
        """One timer for many feeds: it looks when the last one was and comes back, or bites. Never at the first look: if this
        process was held up, feeds are still waiting in the socket, and a late host is not a blocked unit."""
        left_s = self._fed_s + self._watchdog_ms / 1000 - time.monotonic()
        if left_s > 0.001:
            self._look_later(left_s)
        elif not sure:
            self._look_later(_BITE_GRACE_S, sure=True)
        else:
            self._bite = None
            self._board.emit("watchdog", unfed_ms=round((time.monotonic() - self._fed_s) * 1000))
            self._end_life(WATCHDOG)

    def _stop_watchdog(self):
        self._watchdog_ms = None
        if self._bite is not None:
            self._bite.cancel()
            self._bite = None

    # What the world tells the chip.

    def tell(self, operation, index=0, value=0, payload=b""):
        """A frame to the child, if there is one; from any thread."""
        child = self._child
        if child is not None:
            child.tell(operation, index, value, payload)

    def _post(self, function, *arguments):
        """`function(*arguments)` in the loop; from any thread. Nothing once the loop has been closed."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    def _hear(self, hz):
        if hz != self._tone_hz:
            self._tone_hz = hz
            self._board.emit("tone", hz=hz)

    def _listen(self, port, receives):
        """A port begins or ends; `microphone` is told when the unit begins or ceases to listen."""
        was_open = self.microphone.open
        if receives:
            self.microphone.ports.add(port)
        else:
            self.microphone.ports.discard(port)
        if self.microphone.open != was_open:
            self._board.emit("microphone", open=self.microphone.open)

    def set_wifi(self, mode, join_ms=None):
        if mode not in wire.WIFI_MODES:
            raise BoardError(f"wifi mode {mode!r}: one of {', '.join(wire.WIFI_MODES)} wanted")
        self._wifi[0] = mode
        if join_ms is not None:
            self._wifi[1] = int(join_ms)
        self._tell_wifi()
        self._board.emit("wifi", mode=mode)

    def _tell_wifi(self):
        self.tell(wire.WIFI, wire.WIFI_MODES.index(self._wifi[0]), self._wifi[1])

    def arm_cut(self, operations, kind):
        if kind not in nor.CUT_KINDS or operations < 0:
            raise BoardError(f"flash cut: operations from 0 and one of {', '.join(nor.CUT_KINDS)} wanted")
        self._cut = (operations, nor.CUT_KINDS.index(kind))
        self.tell(wire.ARM_CUT, self._cut[1], operations)

    def set_udp_fault(self, kind):
        if kind not in esp32_socket.FAULTS:
            raise BoardError(f"fault udp: one of {', '.join(esp32_socket.FAULTS)} wanted")
        self._udp_fault = esp32_socket.FAULTS.index(kind)
        self.tell(wire.UDP_FAULT, self._udp_fault)

    # What the chip tells the world.

    def _take(self, operation, index, value, payload):
        """What it leads to is told with the time at which the frame came."""
        self.frame_ms = self._board.ms_of(self._child.at_s)
        try:
            self._take_frame(operation, index, value, payload)
        finally:
            self.frame_ms = None

    def _take_frame(self, operation, index, value, payload):
        if operation == wire.OUT:
            self.lamp.output(index, value, self.frame_ms)
            self._board.supply.output(index, value)
            self._board.bearers.output(index, value)
        elif operation == wire.FEED:
            self._feed()
        elif operation == wire.WATCHDOG:
            self._start_watchdog(value)
        elif operation == wire.FLASH:
            self.flash_operations += 1
            self._board.emit("flash", operation=_FLASH_OPERATIONS[index], count=self.flash_operations)
        else:
            self._take_rarer(operation, index, value, payload)

    def _take_rarer(self, operation, index, value, payload):
        if operation == wire.SOUND_OPEN:
            self._listen(index, bool(struct.unpack(wire.SOUND_FACTS, payload)[3]))
        elif operation == wire.SOUND_CLOSE:
            self._listen(index, False)
        elif operation == wire.SOUND_LOST:
            self.lost_buffers += 1
        elif operation == wire.RTC:
            self._rtc_offset_s = value
        elif operation == wire.RTC_MEMORY:
            self._rtc_memory = payload
        elif operation == wire.RADIO:
            self.radio = bool(index)
            self._board.emit("radio", on=self.radio)
            self._board.bearers.radio(self.radio)
        elif operation == wire.BEARER:
            self._board.bearers.took(index, value)
        elif operation == wire.MODEM_STATE:
            self._board.bearers.modem_said(index)
        elif operation == wire.POWER:
            self.power_save, self.mhz = index, value
            self._board.emit("power_save", mhz=value, mode=POWER_SAVES[index])
        elif operation == wire.LOST:
            self.lost_interrupts += value
            self._board.emit("lost_interrupts", count=value)
        elif operation == wire.CUT:
            self._cut = (0, 0)
            self.lose_power()
        elif operation == wire.ENDED:
            self.prompt = _ENDS[index]
            self._board.emit("repl", why=self.prompt)
        elif operation == wire.RESTART:
            self._end_life(index)

    def _print(self, text):
        self._board.emit("console", text=text)

    def status(self):
        return {
            "power": self.powered,
            "running": self._running.is_set() and self.prompt is None,
            "repl": self.prompt,
            "light": self.lamp.level,
            "pattern": self.lamp.name(self._board.now_ms()),
            "tone_hz": self._tone_hz,
            "microphone": self.microphone.open,
            "underruns": self.sound.underruns,
            "overruns": self.sound.lost_blocks,
            "lost_buffers": self.lost_buffers,
            "boots": self.boots,
            "reset_cause": CAUSES.get(self._cause),
            "resets": dict(self.resets),
            "watchdog_ms": self._watchdog_ms,
            "wifi": self._wifi[0],
            "radio": self.radio,
            "power_save": POWER_SAVES[self.power_save],
            "mhz": self.mhz,
            "flash_operations": self.flash_operations,
            "lost_interrupts": self.lost_interrupts,
        }
