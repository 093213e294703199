"""The supply of the unit: mains, on battery, low, critical, dying; what follows from each. Pure.

Rules
- The battery's limits count under whatever load there is, when three readings in a row lie below one: the state is then that of
  the least grave of them. Up again it goes with three readings of 100 mV above the limit. A single wild reading does nothing.
- Before CRITICAL begins the last state is saved (SAVE_STATE stands before SHED), as nothing is written to flash from then on:
  a write on a sagging supply spoils more than its own sector. `may_write` says so.
- On battery with no value for three readings in a row it is LOW at least: nobody knows what is left, so power is saved and it is
  reported. But flash stays open and the radio on: a broken wire of the sense must cost no call (P1, P4). A state that readings
  have led to stays through readings without a value.
- On mains nothing is shed, whatever the battery reads; the watch of the battery goes on (core/battery_watch.py).
- A board without a mains sense counts as on mains until its battery reads below the low limit; then it is on battery until it
  reads 100 mV above.
- Failing and returning mains are spoken of and reported by core/mains.py. A state that a mains failure alone leads to is reported
  when that is, not by itself: a street that loses its mains would be a storm otherwise. LOW and below are told at once.

Actions, in their order:
("SAVE_STATE",)                         save the last state, now
("SHED", depth)                         0 on mains ... 4 dying: docs/power.md, load shedding
("SAY", prompt)                         speak it in the flat
("REPORT_MAINS", on, for_s, edges)      to the service; from now on the link may keep the pace of that supply
("REPORT_BATTERY",)                     to the service: state, mv, why, hours
("FAULT", "battery" | "mains", part, open)

Source: DESIGN (D6, timers), FACTS (power: thresholds, three readings, hysteresis), P1, P4, P5, P8; G8.
"""

from micropython import const

from firmware.core.battery_watch import READINGS, BatteryWatch
from firmware.core.mains import Mains

MAINS = "MAINS"
ON_BATTERY = "ON_BATTERY"
LOW = "LOW"
CRITICAL = "CRITICAL"
DYING = "DYING"
STATES = (MAINS, ON_BATTERY, LOW, CRITICAL, DYING)  # by depth; the protocol writes them small

MAINS_SEEN = "MAINS_SEEN"
MAINS_GONE = "MAINS_GONE"
READ = "READ"
TICK = "TICK"

_HYSTERESIS_MV = const(100)  # FACTS
_SLOW = const(6)  # times battery_read_ms: on mains nothing hurries
_QUICK = const(5)  # times faster for the first three on battery: a cell that holds for seconds only is to be saved from
_LOW = const(2)
_CRITICAL = const(3)

_CARRIED = {MAINS_SEEN: "_turn", MAINS_GONE: "_stay", READ: "_read", TICK: "_tick"}
_TABLE = {
    MAINS: {MAINS_SEEN: "_stay", MAINS_GONE: "_turn", READ: "_read", TICK: "_tick"},
    ON_BATTERY: _CARRIED,
    LOW: _CARRIED,
    CRITICAL: _CARRIED,
    DYING: _CARRIED,
}


class Power:
    """`limits_mv`: (low, critical, off) of the board's battery, None without one; `senses_mains`: the board has a mains sense;
    `hours`: core.power_hours.Hours; `timers`: core.timers.Timers; `rand(n)`: 0 ... n - 1.

    `state` of STATES, `depth` its place there; `mv` and `why`: the newest reading; `mains`: core.mains.Mains, whose `next_due`
    says when TICK is wanted; `watch`: core.battery_watch.BatteryWatch; `ignored`: events that were known and not expected.
    """

    def __init__(self, limits_mv, senses_mains, hours, timers, rand):
        self.state = MAINS
        self.depth = 0
        self.mv = None
        self.why = "none"
        self.ignored = 0
        self.mains = Mains(timers, rand)
        self.watch = BatteryWatch(limits_mv[0] if limits_mv else 0, timers)
        self.hours = hours
        self._limits_mv = limits_mv
        self._senses_mains = senses_mains
        self._read_ms = timers.battery_read_ms
        self._fresh = 0  # readings since the mains failed
        self._told = MAINS  # state that the service knows
        self._toward = 0  # readings in a row that ask for another depth; below 0: for less
        self._reach = 0  # the nearest depth that all of these ask for

    def handle(self, event, now_ms, *data):
        """Takes one event; READ has mV or None, and why. Returns a list of actions. Unknown events raise ValueError."""
        row = _TABLE[self.state]
        if event not in row:
            raise ValueError("power: unknown event %r" % (event,))
        return getattr(self, row[event])(now_ms, *data)

    def may_write(self):
        """False while a write to flash might meet the end of the supply."""
        return self.depth < _CRITICAL

    def every_ms(self):
        """How long after a reading the next one is wanted."""
        if not self.depth:
            return self._read_ms * _SLOW
        return self._read_ms // _QUICK if self._fresh < READINGS else self._read_ms

    def _stay(self, now_ms):
        self.ignored += 1
        return []

    def _tick(self, now_ms):
        actions = self.mains.tick(now_ms)
        if self._told != self.state and self.mains.report_due is None:
            self._told = self.state
            actions.append(("REPORT_BATTERY",))
        return actions

    def _turn(self, now_ms):
        """The mains came or went."""
        actions = self.mains.changed(now_ms)
        on = self.mains.on
        self.watch.mains(on, now_ms)
        self._toward = self._fresh = 0
        blind = not self._limits_mv or self.watch.blind
        return self._enter(0 if on else _LOW if blind else 1) + actions

    def _read(self, now_ms, mv, why):
        self.mv, self.why = mv, why
        if not self._limits_mv:
            return []
        on_mains = self._senses_mains and not self.depth
        actions = self.watch.read(mv, on_mains if self._senses_mains else None, now_ms)
        if on_mains:
            return actions
        if self.depth:
            self.hours.read(mv, now_ms)
            self._fresh = min(self._fresh + 1, READINGS)
        if mv is not None:
            return actions + self._judge(mv)
        self._toward = 0
        return actions + self._enter(_LOW) if self.watch.blind and self.depth == 1 else actions

    def _judge(self, mv):
        """Counts readings that ask for another state, and goes there with the last one that it takes."""
        depth = self.depth
        deep, high = self._below(mv), self._below(mv - _HYSTERESIS_MV)
        if deep > depth:
            self._reach = min(self._reach, deep) if self._toward > 0 else deep
            self._toward = max(self._toward, 0) + 1
        elif high < depth:
            self._reach = max(self._reach, high) if self._toward < 0 else high
            self._toward = min(self._toward, 0) - 1
        else:
            self._toward = 0
        if -READINGS < self._toward < READINGS:
            return []
        self._toward = 0
        return self._enter(self._reach)

    def _below(self, mv):
        """Depth of a battery that reads `mv`."""
        depth = 1 if self._senses_mains else 0
        for limit_mv in self._limits_mv:
            if mv >= limit_mv:
                break
            depth = max(depth + 1, _LOW)
        return depth

    def _enter(self, depth):
        before = self.depth
        if depth == before:
            return []
        actions = []
        if depth >= _CRITICAL > before:
            actions.append(("SAVE_STATE",))  # while `may_write` still holds
        self.depth = depth
        self.state = STATES[depth]
        actions.append(("SHED", depth))
        if not depth:
            self.hours.over()
        if depth > before and depth >= _LOW and self.mv is not None:
            actions.append(("SAY", "low_battery"))
        if not self._senses_mains or depth and max(depth, before) >= _LOW:
            self._told = self.state
            actions.append(("REPORT_BATTERY",))
        return actions
