"""The lithium cell of a virtual board: charge that goes and comes, a voltage that sags under load, and what ages and breaks it.

The figures are those of firmware/core/battery_model.py, a model. Further down than that goes, under 0 %, the voltage falls to
where the cell's protection opens; nobody counts on that part, it is only how an empty cell ends.
"""

from firmware.core import battery_model

EMPTY_PCT = -2.0  # the rest below "0 %", which the curve puts at 3.0 V
_BELOW_MV = 300  # for each per cent under 0: at EMPTY_PCT 2.4 V, where the protection opens (data sheet of the usual DW01: 2.4 V)
CHARGER_MV = 4200  # constant voltage of a lithium charger
_CHARGE_HOURS = 4  # at full current, which is so much of the capacity: kind to the cell and to a small charger chip
_FULL_PCT = 100.0

# kind: (per cent of the capacity that is left, resistance in milliohm, None for the model's). Model: a worn cell has lost half
# and resists four times as much; a dead one holds next to nothing, and a radio's 240 mA take 1.9 V of it.
KINDS = {"ok": (100, None), "worn": (50, 600), "dead": (3, 8000), "missing": None}


class Cell:
    """`capacity_mah`: as printed on it. `charge_pct`: EMPTY_PCT ... 100. `kind`: one of KINDS; any but `missing` can be asked
    for its voltage."""

    def __init__(self, capacity_mah, charge_pct=_FULL_PCT):
        self.printed_mah = capacity_mah
        self.charge_pct = charge_pct
        self.kind = "ok"

    @property
    def missing(self):
        return self.kind == "missing"

    @property
    def capacity_mah(self):
        return self.printed_mah * KINDS[self.kind][0] / 100

    @property
    def resistance_mohm(self):
        return KINDS[self.kind][1] or battery_model.RESISTANCE_MOHM

    def mv(self, ma):
        """At the terminals while it gives `ma`; below 0: it is charged. 0 when the protection has opened."""
        if self.charge_pct <= EMPTY_PCT and ma >= 0:
            return 0.0
        rest_mv = battery_model.open_mv(self.charge_pct) + min(0.0, self.charge_pct) * _BELOW_MV
        return max(0.0, rest_mv - ma * self.resistance_mohm / 1000)

    def charge_ma(self):
        """What a charger puts into it now: its full current, and less at the end, when the terminals are at CHARGER_MV."""
        if self.charge_pct >= _FULL_PCT:
            return 0.0
        room_mv = CHARGER_MV - self.mv(-0.001)
        return max(0.0, min(self.printed_mah / _CHARGE_HOURS, room_mv * 1000 / self.resistance_mohm))

    def give(self, ma, seconds):
        """`ma` go out of it for `seconds`; below 0: into it."""
        charge_pct = self.charge_pct - ma * seconds / 36 / self.capacity_mah
        self.charge_pct = max(EMPTY_PCT, min(_FULL_PCT, charge_pct))
