"""What core/power.py and core/power_hours.py go by, from a board file. Pure; a unit lets go of this module after its start."""

from firmware.core import battery_model

LIMITS_MV = {"low_mv": 3600, "critical_mv": 3450, "off_mv": 3350}  # FACTS, under load; a board file may say others


def limits_mv(battery):
    """(low, critical, off) of the battery object of a board file; None without a battery."""
    if battery is None:
        return None
    found = []
    for name in ("low_mv", "critical_mv", "off_mv"):
        found.append(battery[name] if type(battery.get(name)) is int else LIMITS_MV[name])
    return tuple(found)


def of_hours(battery, loads_ma):
    """(drop_mv, end_pct, pct_hours) of core.power_hours.Hours, in stand-by on battery; `loads_ma`: of the board file, or None."""
    capacity_mah = battery.get("capacity_mah") if battery else None
    if type(capacity_mah) is not int:
        capacity_mah = battery_model.CAPACITY_MAH
    off_mv = (limits_mv(battery) or (LIMITS_MV["off_mv"],))[-1]
    load_ma = battery_model.load_ma("wifi", True, 80, False, False, battery_model.loads_of(loads_ma))
    drop_mv = load_ma * battery_model.RESISTANCE_MOHM / 1000
    return drop_mv, battery_model.charge_pct(off_mv + drop_mv), battery_model.AGED_PCT * capacity_mah / 10000 / load_ma
