"""How long the battery lasts, in hours, and how that was reckoned. Pure.

`model`: charge by core/battery_model's curve, through the load of stand-by by its table. `measured`: once this discharge has
taken _LEAST_PCT of charge over at least _LEAST_MS, by the pace at which it did; its calls and talk are in that pace.
On mains, and without a reading, nothing is told: the charger lifts what is read, and no reading is no charge.
"""

from micropython import const

from firmware.core import battery_model, clock

_LEAST_PCT = const(5)  # less is within what the load of a call moves the reading on the flat part of the curve
_LEAST_MS = const(1800000)  # half an hour: a pace of minutes would be that of one call
_STEP_MS = const(60000)  # time is added up in steps, for a discharge may outlast what ticks can tell


class Hours:
    """`battery`: the battery object of the board file, made whole by core.power; `load_ma`: of stand-by on battery, at 3.3 V."""

    def __init__(self, battery, load_ma):
        self._battery = battery
        self._load_ma = load_ma
        self.value = None  # hours, one decimal; None: not known
        self.by = ""
        self._from_pct = None  # charge at the first reading of this discharge
        self._passed_ms = 0
        self._at_ms = 0

    def over(self):
        """The mains are back."""
        self.value = self._from_pct = None
        self.by = ""

    def read(self, mv, now_ms):
        """A reading on battery, mV or None."""
        if mv is None:
            self.value, self.by = None, ""
            return
        charge = battery_model.charge_pct(mv + self._load_ma * battery_model.RESISTANCE_MOHM / 1000)
        if self._from_pct is None:
            self._from_pct = charge
            self._passed_ms = 0
            self._at_ms = now_ms
        passed_ms = clock.diff(now_ms, self._at_ms)
        if passed_ms >= _STEP_MS:
            self._passed_ms += passed_ms
            self._at_ms = now_ms
        battery = self._battery
        used = self._from_pct - charge
        if used >= _LEAST_PCT and self._passed_ms >= _LEAST_MS:
            end = battery_model.charge_pct(battery["off_mv"] + self._load_ma * battery_model.RESISTANCE_MOHM / 1000)
            hours = max(0, charge - end) * self._passed_ms / 3600000 / used
            self.by = "measured"
        else:
            hours = battery_model.hours_left(charge, self._load_ma, battery["capacity_mah"], battery["off_mv"])
            self.by = "model"
        self.value = int(hours * 10) / 10
