"""What a person sees and hears of the unit: the red light and the loudspeaker."""

import asyncio

from tools.vboard.child import wire
from tools.vboard.hearing import Ear
from tools.vboard.sight import Onlooker

_DRY_S = 0.03  # after the last sample: two blocks of 256 frames at 16 kHz, so that a late host is not taken for silence


class Lamp:
    """The red light of the board file. Emits `light` with `level` at each change and with `pattern` when its name changes."""

    def __init__(self, board, lights):
        facts = board.facts["light"]
        self._board = board
        self._pin = facts["pin"]
        self._lit = 1 if facts["active"] == "high" else 0
        self._onlooker = Onlooker(lights)
        self._timer = None
        self._named = "off"
        self.level = 0

    def output(self, pin, level):
        """A pin is driven to `level`, or let go (-1): the light is then dark."""
        if pin == self._pin:
            self._set(1 if level == self._lit else 0)

    def dark(self):
        self._set(0)

    def name(self, t_ms):
        return self._onlooker.name(t_ms)

    def next_ms(self, t_ms):
        return self._onlooker.next_ms(t_ms)

    def _set(self, level):
        if level == self.level:
            return
        self.level = level
        self._onlooker.change(self._board.now_ms(), level)
        self._board.emit("light", level=level)
        self._look()

    def _look(self):
        """Names the pattern now, and again when it may have become another one without a change."""
        now_ms = self._board.now_ms()
        name = self._onlooker.name(now_ms)
        if name not in (self._named, "changing"):
            self._named = name
            self._board.emit("pattern", pattern=name)
        if self._timer is not None:
            self._timer.cancel()
        due_ms = self._onlooker.next_ms(now_ms)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later((due_ms - now_ms) / 1000, self._look) if due_ms is not None else None


class Speaker:
    """The I2S ports. Takes samples at the pace of a DMA and reports the pitch as `tone` events. Without the amplifier's enable
    pin (if the board has one) nothing is heard."""

    def __init__(self, board, tell):
        facts = board.facts.get("sounder") or {}
        enable = facts.get("enable")
        self._board, self._tell = board, tell
        self._enable_pin = enable["pin"] if enable else None
        self._enable_level = 1 if not enable or enable["active"] == "high" else 0
        self._enabled = enable is None
        self._ears = {}
        self._done_s = {}
        self._timers = set()
        self._dry = None
        self._pitch = 0
        self.stalled = False
        self.hz = 0

    def open(self, port, rate_hz, bits, channels, room_bytes):
        self._ears[port] = Ear(rate_hz, bits, channels, room_bytes)
        self._done_s[port] = 0.0

    def close(self, port):
        self._ears.pop(port, None)
        self._went_dry()

    def output(self, pin, level):
        if pin == self._enable_pin:
            self._enabled = level == self._enable_level
            self._report()

    def play(self, port, payload):
        """Takes one buffer; the child hears back when the DMA has room for the next one."""
        ear = self._ears.get(port)
        if ear is None or self.stalled:
            return
        loop = asyncio.get_running_loop()
        self._done_s[port] = max(self._done_s[port], loop.time()) + len(payload) / ear.bytes_per_s
        room_s = self._done_s[port] - ear.room_bytes / ear.bytes_per_s
        if room_s <= loop.time():
            self._tell(wire.SOUND_READY, port)
        else:
            self._later(room_s, port)
        pitch = ear.hear(payload)
        if pitch is not None:
            self._pitch = pitch
            self._report()
        if self._dry is not None:
            self._dry.cancel()
        self._dry = loop.call_at(self._done_s[port] + _DRY_S, self._went_dry)

    def _later(self, when_s, port):
        def ready():
            self._timers.discard(timer)
            if not self.stalled:
                self._tell(wire.SOUND_READY, port)

        timer = asyncio.get_running_loop().call_at(when_s, ready)
        self._timers.add(timer)

    def stop(self):
        """The chip is dead: no clock, no sound."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._ears.clear()
        if self._enable_pin is not None:
            self._enabled = False
        self._went_dry()

    def _went_dry(self):
        if self._dry is not None:
            self._dry.cancel()
            self._dry = None
        for ear in self._ears.values():
            ear.silence()
        self._pitch = 0
        self._report()

    def _report(self):
        hz = self._pitch if self._enabled else 0
        if hz != self.hz:
            self.hz = hz
            self._board.emit("tone", hz=hz)
