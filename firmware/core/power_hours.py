"""How long the battery lasts, in hours, and how that was reckoned. Pure.

`model`: charge by core/curve.py, through the load of stand-by by core/battery_model.py. `measured`: once this discharge has taken
_LEAST_PCT of charge over at least _LEAST_MS, by the pace at which it did; its calls and talk are in that pace.
On mains, and without a reading, nothing is told: the charger lifts what is read, and no reading is no charge.
"""

from micropython import const

from firmware.core import clock
from firmware.core.curve import along

_LEAST_PCT = const(5)  # less is within what the load of a call moves the reading on the flat part of the curve
_LEAST_MS = const(1800000)  # half an hour: a pace of minutes would be that of one call
_STEP_MS = const(60000)  # time is added up in steps, for a discharge may outlast what ticks can tell


class Hours:
    """`drop_mv`: what the load of stand-by takes off the cell's voltage; `end_pct`: charge at which the board's `off_mv` is
    reached; `pct_hours`: hours of stand-by from 1 % of charge. All by core/battery_model.py."""

    def __init__(self, drop_mv, end_pct, pct_hours):
        self._drop_mv = drop_mv
        self._end_pct = end_pct
        self._pct_hours = pct_hours
        self.value = None  # hours, one decimal; None: not known
        self.by = ""
        self._from_pct = None  # charge at the first reading of this discharge
        self._passed_ms = 0
        self._at_ms = 0

    def read(self, mv, now_ms):
        """A reading on battery, mV or None."""
        if mv is None:
            self.value, self.by = None, ""
            return
        charge = along(mv + self._drop_mv, 1)
        if self._from_pct is None:
            self._from_pct = charge
            self._passed_ms = 0
            self._at_ms = now_ms
        passed_ms = clock.diff(now_ms, self._at_ms)
        if passed_ms >= _STEP_MS:
            self._passed_ms += passed_ms
            self._at_ms = now_ms
        pct_hours = self._pct_hours
        used = self._from_pct - charge
        self.by = "model"
        if used >= _LEAST_PCT and self._passed_ms >= _LEAST_MS:
            pct_hours = self._passed_ms / 3600000 / used
            self.by = "measured"
        self.value = int(max(0, charge - self._end_pct) * pct_hours * 10) / 10

    def over(self):
        """The mains are back."""
        self.value = self._from_pct = None
        self.by = ""
