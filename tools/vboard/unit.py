"""A virtual board: a unit's own files under a real MicroPython, and around it the flat, the mains, the radio and the cable.

    async with VirtualBoard(root=device_root, state=folder, relays=[(0, broker_port)]) as board:
        await board.press("cord1", ms=200)
        await board.wait_for(lambda status: status["pattern"] == "flashing", timeout_s=5)

`root` is what would be on the board's file system; `state` keeps what outlives a power cut beside it (flash partitions) and may
be used again. Everything that happens is an event: a dict with its number `n`, `t_ms` (since the board was made) and `event`.
docs/control-channel.md lists events, status and commands; it speaks of the same things.
"""

import asyncio
import contextlib
import pathlib
import time
from collections import deque

from tools.vboard.bearers import Bearers
from tools.vboard.child import wire
from tools.vboard.child_process import CODE_HEAP
from tools.vboard.chip import Chip
from tools.vboard.errors import BoardError
from tools.vboard.relay import Relay
from tools.vboard.sound_api import set_room
from tools.vboard.sound_card import MICROPHONE_FAULTS
from tools.vboard.supply import Supply
from tools.vboard.wiring import Wiring, load_board

_REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
_KEPT_EVENTS = 5000
_TICK_S = 1.0  # wait_for looks at least this often, for conditions that come true without an event

FAULTS = ("adc", "cell", "charger", "stuck", "sound", "speaker", "microphone", "udp", "wifi", "ethernet", "modem", "flash_cut",
          "bounce", "none")  # fmt: skip


class VirtualBoard:
    """Loop-bound; every method may be called while the unit runs. Names of inputs are those of the board file."""

    def __init__(self, root, state, board="ESP32_GENERIC", relays=(), heapsize=None, ticks_start=0, seed=1, **options):
        """`relays`: (listen port, target port) pairs; 0 takes a free port, then in `board.relays[n].port`.

        `heapsize`: of MicroPython, such as "320k"; None: BOARD_HEAP if the unit's modules are in an image and its module has no
        PSRAM of which we know (WROVER has), else CODE_HEAP.
        `ticks_start`: value of time.ticks_ms() at power-on, 0 ... 2**30 - 1; near the top the wrap comes soon.
        `options`: see Chip.
        """
        self.root, self.state = pathlib.Path(root).resolve(), pathlib.Path(state).resolve()
        self.facts = load_board(board, [self.root / "board_configs", _REPOSITORY / "board_configs"])
        if heapsize is None and self.facts.get("module") == "wrover":
            heapsize = CODE_HEAP
        self._born_s = time.monotonic()
        self.chip = Chip(self, heapsize=heapsize, ticks_start=ticks_start, **options)
        self.wiring = Wiring(self.facts, self.chip.tell, seed)
        self.supply = Supply(self, self.facts.get("power"))
        self.microphone, self.speaker = self.chip.microphone, self.chip.speaker
        self.relays = [Relay(listen, target) for listen, target in relays]
        self.bearers = Bearers(self)
        self.link_mode = "pass"
        self._listeners = set()
        self._changed = asyncio.Event()
        self.newest = 0  # number of the newest event
        self.log = deque(maxlen=_KEPT_EVENTS)

    async def __aenter__(self):
        async with contextlib.AsyncExitStack() as stack:
            for relay in self.relays:
                await stack.enter_async_context(relay)
            self.bearers.watch()
            await self.power_on()
            self.supply.start()
            self._exit = stack.pop_all()
        return self

    async def __aexit__(self, *_):
        await self.supply.stop()
        await self.chip.end()
        await self._exit.aclose()

    # The flat.

    async def press(self, name, ms=200):
        """Presses and lets go after `ms`, with contact bounce at both ends."""
        await self.pull(name)
        await asyncio.sleep(ms / 1000)
        await self.release(name)

    async def pull(self, name):
        """Closes the contact; it stays closed until `release`."""
        await self._move(name, True)

    async def release(self, name):
        await self._move(name, False)

    async def _move(self, name, pulled):
        one = self.wiring[name]
        one.pulled = pulled
        self.emit("input", input=name, state=one.state())
        for wait_s, level in self.wiring.chatter(name):
            self.chip.tell(wire.LEVEL, one.pin, level)
            await asyncio.sleep(wait_s)
        one.settle()

    def cut_wire(self, name):
        self._set_wire(name, "cut")

    def short_wire(self, name):
        self._set_wire(name, "short")

    def mend_wire(self, name):
        self._set_wire(name, "ok")

    def _set_wire(self, name, condition):
        one = self.wiring[name]
        one.wire = condition
        self.emit("input", input=name, state=one.state())
        one.settle()

    def adc(self, pin, mv):
        """Puts a voltage on an ADC pin, whatever hangs on it."""
        self.chip.tell(wire.MILLIVOLTS, pin, int(mv * 1000))

    # Power.

    async def power_cut(self):
        """Mains and battery are gone; everything stops in the middle of whatever it does: SIGKILL."""
        self.supply.cut()
        await self.chip.power_off()

    async def power_on(self):
        """Mains and battery are there again, each as it is. Returns when boot.py begins, if they are enough for that."""
        await self.supply.connect()

    async def mains(self, on):
        """Mains off is a power cut on a board without a battery; with one, the unit runs on as long as that carries it."""
        await self.supply.switch_mains(on)

    async def flicker(self, edges, over_s):
        """The mains change `edges` times within `over_s`. Returns after that time. Needs a battery."""
        await self.supply.flicker(edges, over_s)

    def battery(self, charge_pct):
        """So full is the battery from now on, in per cent."""
        self.supply.set_charge(charge_pct)

    async def pass_hours(self, hours, in_s):
        """Hours pass for the battery alone, by what the unit draws meanwhile; everything else lives through `in_s` seconds."""
        await self.supply.pass_hours(hours, in_s)

    async def reset(self):
        """The reset button of the module."""
        await self.chip.reset_button()

    # Sound: see also `microphone` and `speaker` (sound_api.py).

    def room(self, echo_db=None, delay_ms=20, noise_db=None):
        """How much of the speaker comes to the microphone (full scale to full scale), after how long, and the room's noise."""
        set_room(self.chip.sound, echo_db, delay_ms, noise_db)
        self.emit("room", echo_db=echo_db, delay_ms=delay_ms, noise_db=noise_db)

    # The network.

    def link(self, mode, **settings):
        """Mode of all relays; see tools/vboard/relay.py."""
        for relay in self.relays:
            relay.mode(mode, **settings)
        self.link_mode = mode
        self.emit("link", mode=mode, **settings)

    def wifi(self, up):
        """Access point gone: the radio loses it and what was on its way is lost too. And back. Other bearers go on."""
        self._fault_wifi(mode="ok" if up else "no_ap")
        if not self.bearers.has_others():
            self.link("pass" if up else "freeze")

    def ethernet(self, mode):
        """What the network socket is plugged into: see tools/vboard/standins/network_lan.py."""
        self.bearers.set_ethernet(mode)

    def modem(self, mode):
        """SIM and mobile network: see tools/vboard/standins/modem.py."""
        self.bearers.set_modem(mode)

    def fault(self, name, **settings):
        """Injects a fault; docs/control-channel.md lists them. Raises BoardError for what it does not know."""
        if name not in FAULTS:
            raise BoardError(f"fault {name!r}: one of {', '.join(FAULTS)} wanted")
        try:
            getattr(self, "_fault_" + name)(**settings)
        except TypeError as error:
            raise BoardError(f"fault {name}: {error}") from error
        self.emit("fault", fault=name, **settings)

    def _fault_adc(self, *, input, kind):  # noqa: A002 - the name on the control channel
        """`kind`: no_value, nan, jump, or ok; of the `battery` also stuck."""
        if input == "battery":
            self.supply.set_adc(kind)
            return
        one = self.wiring[input]
        if not one.is_line or kind not in (*wire.ADC_FAULTS, "ok"):
            raise BoardError(f"fault adc: a supervised line and one of ok, {', '.join(wire.ADC_FAULTS)} wanted")
        one.noise = None if kind == "ok" else kind
        one.settle()

    def _fault_cell(self, *, kind):
        """`kind`: ok, worn, dead, missing."""
        self.supply.set_cell(kind)

    def _fault_charger(self, *, kind):
        """`kind`: ok, or off: nothing is charged."""
        self.supply.set_charger(kind)

    def _fault_stuck(self, *, pin, level):
        """An input pin hangs at `level` until its contact moves again."""
        self.chip.tell(wire.LEVEL, pin, int(level))

    def _fault_sound(self, *, stalled):
        self.chip.sound.stalled = bool(stalled)

    def _fault_speaker(self, *, kind):
        """`kind`: ok, or dead: the unit plays as ever, and nothing of it is heard."""
        if kind not in ("ok", "dead"):
            raise BoardError("fault speaker: ok or dead wanted")
        self.chip.sound.kill_speaker(kind == "dead")

    def _fault_microphone(self, *, kind, at=-1):
        """`kind`: ok, stall, silent, stuck (at 24-bit value `at`), noise, gap."""
        if kind not in MICROPHONE_FAULTS:
            raise BoardError(f"fault microphone: one of {', '.join(MICROPHONE_FAULTS)} wanted")
        self.chip.sound.microphone_fault, self.chip.sound.stuck_at = kind, at

    def _fault_udp(self, *, kind):
        """`kind`: what a datagram meets that is to be sent: none, no_memory, would_block, unreachable."""
        self.chip.set_udp_fault(kind)

    def _fault_wifi(self, *, mode, join_ms=None):
        self.chip.set_wifi(mode, join_ms)
        self.bearers.set_wifi(mode)

    def _fault_ethernet(self, *, mode, join_ms=None):
        self.bearers.set_ethernet(mode, join_ms)

    def _fault_modem(self, *, mode, join_ms=None):
        """`join_ms`: from its power to its first answer."""
        self.bearers.set_modem(mode, join_ms)

    def _fault_flash_cut(self, *, operations, kind="nothing"):
        """Power goes at the `operations`-th program or erase from now, which leaves what `kind` says; 0 disarms."""
        self.chip.arm_cut(operations, kind)

    def _fault_bounce(self, *, on):
        self.wiring.bounce = bool(on)

    def _fault_none(self):
        """Ends every fault but the wires', the link's and a stuck pin's next movement."""
        self.chip.sound.stalled = False
        self.chip.sound.kill_speaker(False)
        self.chip.sound.microphone_fault = "ok"
        self.chip.set_udp_fault("none")
        self.chip.arm_cut(0, "nothing")
        self.wiring.bounce = True
        for one in self.wiring.inputs.values():
            one.noise = None
        self.wiring.settle()
        self.supply.heal()
        self._fault_wifi(mode="ok")
        self.bearers.heal()

    # Looking.

    def status(self):
        """Everything an onlooker could tell now; a new dict."""
        own = {"t_ms": self.now_ms(), "link": self.link_mode, "inputs": self.wiring.states()}
        parts = {**self.chip.status(), **self.supply.status(), **self.bearers.status()}
        return {**parts, **own, "relays": [relay.port for relay in self.relays]}

    def light_pattern(self):
        """`off`, `steady`, `flashing`, `double`, ... by the firmware's table, or `changing` while nobody could tell."""
        return self.chip.lamp.name(self.now_ms())

    def now_ms(self):
        return self.ms_of(time.monotonic())

    def ms_of(self, at_s):
        """time.monotonic() as ms since the board was made."""
        return round((at_s - self._born_s) * 1000)

    async def wait_for(self, predicate, timeout_s):
        """Waits until `predicate(status)` is true and returns that status. Raises TimeoutError that shows the last one."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            status = self.status()
            if predicate(status):
                return status
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"not within {timeout_s} s; last seen: {status}")
            self._changed.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(left_s, self._look_again_s()))

    def _look_again_s(self):
        due_ms = self.chip.lamp.next_ms(self.now_ms())
        return _TICK_S if due_ms is None else min(_TICK_S, max(0.001, (due_ms - self.now_ms()) / 1000))

    async def wait_event(self, predicate, timeout_s, since_ms=None, *, since=None):
        """The first event for which `predicate(event)` is true: from now on, after number `since`, or from `since_ms` on.

        Raises TimeoutError. Take `since=board.newest` before an action: nothing can slip through. With `since_ms` an older
        event of the same millisecond counts too.
        """
        events = self.events(since_ms, since=since)
        try:
            return await asyncio.wait_for(_first(events, predicate), timeout_s)
        except asyncio.TimeoutError:
            raise TimeoutError(f"no such event within {timeout_s} s; last events: {list(self.log)[-5:]}") from None

    async def events(self, since_ms=None, *, since=None):
        """Every event from now on, after number `since`, or from `since_ms` on, as far as they are kept (0: all); ends never."""
        queue = asyncio.Queue()
        for event in self.log:
            if (since is not None and event["n"] > since) or (since_ms is not None and event["t_ms"] >= since_ms):
                queue.put_nowait(event)
        self._listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)

    def emit(self, event, **facts):
        """Tells everybody. Also for whoever drives the board and wants a mark on its time line."""
        self.newest += 1
        t_ms = self.now_ms() if self.chip.frame_ms is None else self.chip.frame_ms
        record = {"n": self.newest, "t_ms": t_ms, "event": event, **facts}
        self.log.append(record)
        for queue in self._listeners:
            queue.put_nowait(record)
        self._changed.set()


async def _first(events, predicate):
    async with contextlib.aclosing(events):
        async for event in events:
            if predicate(event):
                return event
    raise RuntimeError("the board's events have ended")
