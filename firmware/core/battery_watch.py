"""Faults of the battery, each closed only by what shows that it is over (P5). Pure.

| part | opens | closes |
|---|---|---|
| `no_value` | three readings in a row without a value | three with one |
| `low` | on battery, three readings below the limit | on mains (or not known) three of 200 mV above it: a charger lifts |
| `not_charging` | on mains for battery_rise_ms below full, and not risen | it rises, or is full |
| `missing` | the unit died at once when the mains failed | it ran on battery for battery_proven_ms with a value |
| `missing` | with the charger off no cell is read | with the charger off a cell is read |
| `worn` | the load test failed (core/walk/load_test.py) | the load test passed |

With the charger on, a board without a cell reads about 4.2 V (FACTS): a good reading on mains proves no cell.
"""

from micropython import const

from firmware.core import clock

READINGS = const(3)  # FACTS: of three in a row
_ABOVE_MV = const(200)  # above the limit on mains: 100 mV hysteresis and 75 mV that 0.5 A lift a good cell
_FULL_MV = const(4000)  # chargers begin anew at about 4.05 V; above this nothing need rise
_RISE_MV = const(30)  # six times the ADC's noise after a median; 4 h at a tenth of the capacity lift a cell by 100 mV and more


class BatteryWatch:
    """`low_mv`: limit of the board; `timers`: core.timers.Timers. What returns actions returns a list of
    ("FAULT", "battery", part, open), each once per change."""

    def __init__(self, low_mv, timers):
        self._low_mv = low_mv
        self._timers = timers
        self._told = {}  # part: open, as last told
        self.blind = False  # three readings in a row had no value
        self._without = 0  # readings in a row without a value
        self._with = 0
        self._charged = 0  # readings in a row of a cell that is no longer low
        self._lows = 0  # and of one that is
        self._from_mv = None  # from here it shall rise
        self._rise_due = None
        self._proven_due = None

    def mains(self, on, now_ms):
        """The mains came or went."""
        self._from_mv = self._rise_due = None
        self._charged = self._lows = 0
        self._proven_due = None if on else clock.add(now_ms, self._timers.battery_proven_ms)

    def read(self, mv, on_mains, now_ms):
        """One reading, mV or None; `on_mains`: None if the board cannot tell."""
        if mv is None:
            self._with = self._charged = self._lows = 0
            self._without = min(self._without + 1, READINGS)
            self.blind = self._without >= READINGS
            return self.tell("no_value", True) if self.blind else []
        self._without = 0
        self.blind = False
        self._with = min(self._with + 1, READINGS)
        actions = self.tell("no_value", False) if self._with >= READINGS else []
        if on_mains is not False:
            self._charged = min(self._charged + 1, READINGS) if mv >= self._low_mv + _ABOVE_MV else 0
            if self._charged >= READINGS:
                actions += self.tell("low", False)
        if on_mains:
            return actions + self._watch_charge(mv, now_ms)
        if clock.reached(now_ms, self._proven_due):
            actions += self.tell("missing", False)
            self._proven_due = now_ms  # still reached in a week, when ticks have wrapped
        self._lows = min(self._lows + 1, READINGS) if mv < self._low_mv else 0
        return actions + self.tell("low", True) if self._lows >= READINGS else actions

    def tell(self, part, is_open):
        if self._told.get(part) is is_open:
            return []
        self._told[part] = is_open
        return [("FAULT", "battery", part, is_open)]

    def _watch_charge(self, mv, now_ms):
        actions = []
        if mv >= _FULL_MV:
            self._from_mv = None
            return self.tell("not_charging", False)
        if self._from_mv is not None and mv < self._from_mv + _RISE_MV:
            if not clock.reached(now_ms, self._rise_due):
                return actions
            actions = self.tell("not_charging", True)
        elif self._from_mv is not None:
            actions = self.tell("not_charging", False)
        self._from_mv = mv
        self._rise_due = clock.add(now_ms, self._timers.battery_rise_ms)
        return actions
