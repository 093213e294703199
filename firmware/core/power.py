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

from firmware.core import battery_model
from firmware.core.battery_watch import READINGS, BatteryWatch
from firmware.core.mains import Mains
from firmware.core.power_hours import Hours

MAINS = "mains"  # as the protocol says it
ON_BATTERY = "on_battery"
LOW = "low"
CRITICAL = "critical"
DYING = "dying"
STATES = (MAINS, ON_BATTERY, LOW, CRITICAL, DYING)  # by depth

MAINS_SEEN = "MAINS_SEEN"
MAINS_GONE = "MAINS_GONE"
READ = "READ"
TICK = "TICK"

LIMITS_MV = {"low_mv": 3600, "critical_mv": 3450, "off_mv": 3350}  # FACTS, under load; a board file may say others
_HYSTERESIS_MV = const(100)  # FACTS
_SLOW = const(6)  # times battery_read_ms: on mains nothing hurries
_QUICK = const(5)  # times faster for the first three on battery: a cell that holds for seconds only is to be saved from
_LOW = const(2)
_CRITICAL = const(3)

_TABLE = {
    MAINS: {MAINS_SEEN: "_stay", MAINS_GONE: "_fail", READ: "_read_on_mains", TICK: "_tick"},
    ON_BATTERY: {MAINS_SEEN: "_restore", MAINS_GONE: "_stay", READ: "_read_on_battery", TICK: "_tick"},
    LOW: {MAINS_SEEN: "_restore", MAINS_GONE: "_stay", READ: "_read_on_battery", TICK: "_tick"},
    CRITICAL: {MAINS_SEEN: "_restore", MAINS_GONE: "_stay", READ: "_read_on_battery", TICK: "_tick"},
    DYING: {MAINS_SEEN: "_restore", MAINS_GONE: "_stay", READ: "_read_on_battery", TICK: "_tick"},
}


class Power:
    """`battery`: the battery object of the board file, or None; `senses_mains`: the board has a mains sense; `loads_ma`: of the
    board file, or None; `timers`: core.timers.Timers; `rand(n)`: 0 ... n - 1.

    `state` of STATES; `mv` and `why`: the newest reading; `hours`: core.power_hours.Hours; `mains`: core.mains.Mains; `watch`:
    core.battery_watch.BatteryWatch; `ignored`: events that were known and not expected.
    """

    def __init__(self, battery, senses_mains, loads_ma, timers, rand):
        whole = dict(LIMITS_MV, capacity_mah=battery_model.CAPACITY_MAH)
        for name in whole if battery else ():
            if type(battery.get(name)) is int:
                whole[name] = battery[name]
        self.state = MAINS
        self.mv = None
        self.why = "none"
        self.ignored = 0
        self.mains = Mains(timers, rand)
        self.watch = BatteryWatch(whole["low_mv"], timers)
        load_ma = battery_model.load_ma("wifi", True, 80, False, False, battery_model.loads_of(loads_ma))
        self.hours = Hours(whole, load_ma)
        self._limits_mv = (whole["low_mv"], whole["critical_mv"], whole["off_mv"])
        self._has_battery = battery is not None
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

    @property
    def depth(self):
        return STATES.index(self.state)

    def may_write(self):
        """False while a write to flash might meet the end of the supply."""
        return self.state != CRITICAL and self.state != DYING

    def next_due(self):
        """Tick at which TICK is wanted; None for none."""
        return self.mains.next_due()

    def every_ms(self):
        """How long after a reading the next one is wanted."""
        if self.state == MAINS:
            return self._read_ms * _SLOW
        return self._read_ms // _QUICK if self._fresh < READINGS else self._read_ms

    def _stay(self, now_ms):
        self.ignored += 1
        return []

    def _tick(self, now_ms):
        actions = self.mains.tick(now_ms)
        if self._told != self.state and self.mains.steady:
            actions += self._report()
        return actions

    def _report(self):
        self._told = self.state
        return [("REPORT_BATTERY",)]

    # --- mains

    def _fail(self, now_ms):
        actions = self.mains.changed(now_ms)
        self.watch.mains(False, now_ms)
        self._toward = self._fresh = 0
        blind = not self._has_battery or self.watch.blind
        return self._enter(_LOW if blind else 1) + actions

    def _restore(self, now_ms):
        actions = self.mains.changed(now_ms)
        self.watch.mains(True, now_ms)
        self._toward = 0
        return self._enter(0) + actions

    # --- battery

    def _read_on_mains(self, now_ms, mv, why):
        self.mv, self.why = mv, why
        if not self._has_battery:
            return []
        actions = self.watch.read(mv, self._senses_mains, now_ms)
        return actions if self._senses_mains or mv is None else actions + self._judge(mv)

    def _read_on_battery(self, now_ms, mv, why):
        self.mv, self.why = mv, why
        if not self._has_battery:
            return []
        actions = self.watch.read(mv, False, now_ms)
        self.hours.read(mv, now_ms)
        self._fresh = min(self._fresh + 1, READINGS)
        if mv is not None:
            return actions + self._judge(mv)
        self._toward = 0
        if self.watch.blind and self.depth < _LOW:
            actions += self._enter(_LOW)
        return actions

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
        for i in range(len(self._limits_mv)):
            if mv < self._limits_mv[i]:
                depth = i + _LOW
        return depth

    def _enter(self, depth):
        before = self.depth
        if depth == before:
            return []
        actions = []
        if depth >= _CRITICAL > before:
            actions.append(("SAVE_STATE",))  # while `may_write` still holds
        self.state = STATES[depth]
        actions.append(("SHED", depth))
        if not depth:
            self.hours.over()
        if depth > before and depth >= _LOW and self.mv is not None:
            actions.append(("SAY", "low_battery"))
        if not self._senses_mains or depth and max(depth, before) >= _LOW:
            actions += self._report()
        return actions
