"""What the `power` object of a board file may say. Pure; used by core/board.py alone. docs/boards.md explains each field."""

from micropython import const

from firmware.core import cell
from firmware.core.battery_model import LOADS_MA
from firmware.core.power_figures import LIMITS_MV

FIELDS = ("mains", "battery", "loads_ma")
_MAINS = ("pin", "active", "pull", "source", "verified")
_BATTERY = ("pin", "atten_db", "ratio_ppm", "trim_mv", "capacity_mah", "low_mv", "critical_mv", "off_mv", "charger_disable",
            "source", "verified")
_OPTIONAL = ("capacity_mah", "low_mv", "critical_mv", "off_mv", "charger_disable")  # with a default each
ATTENS_DB = (0, 2.5, 6, 11)  # in the order of machine.ADC.ATTN_0DB ... ATTN_11DB
_TOP_MV = (950, 1250, 1750, 3100)  # ESP32 data sheet, ADC: upper end of the usable range
_FULL_MV = const(4200)
_LIMITS_MV = (3000, 4000)
_CAPACITY_MAH = (200, 20000)
_MOST_MA = const(1000)


def check(look, power):
    """`look`: core.board's check, told of each problem; `power`: the object, or None for a board with neither sense."""
    if power is None:
        look.warnings.append("power: none; a mains failure and a flat battery will not be noticed")
        return
    if not look.known("power", power, FIELDS, ("loads_ma",)):
        return
    mains, battery, loads_ma = power.get("mains"), power.get("battery"), power.get("loads_ma")
    if mains is None:
        look.warnings.append("power.mains: none; a mains failure is noticed only when the battery is low")
    elif look.known("power.mains", mains, _MAINS):
        look.choice("power.mains.active", mains.get("active"), ("low", "high"))
        look.choice("power.mains.pull", mains.get("pull"), ("none", "up", "down"))
        look.pin("power.mains.pin", mains.get("pin"), "level", mains.get("pull"))
        look.fact("power.mains", mains)
    if battery is None:
        look.warnings.append("power.battery: none; how long the unit lasts without mains is not known")
    elif look.known("power.battery", battery, _BATTERY, _OPTIONAL):
        _check_battery(look, battery)
    if loads_ma is not None and look.known("power.loads_ma", loads_ma, sorted(LOADS_MA), LOADS_MA):
        for name in sorted(loads_ma):
            if name in LOADS_MA:
                _check_whole(look, "power.loads_ma." + name, loads_ma[name], (0, _MOST_MA))


def _check_whole(look, field, value, lawful):
    if type(value) is int and lawful[0] <= value <= lawful[1]:
        return True
    look.say(field, "%r: a whole number in %d ... %d wanted" % (value, lawful[0], lawful[1]))
    return False


def _check_battery(look, battery):
    where = "power.battery."
    look.pin(where + "pin", battery.get("pin"), "adc")
    known = look.choice(where + "atten_db", battery.get("atten_db"), ATTENS_DB)
    ratio_ppm = battery.get("ratio_ppm")
    if _check_whole(look, where + "ratio_ppm", ratio_ppm, cell.RATIOS_PPM) and known:
        top_mv = _TOP_MV[ATTENS_DB.index(battery["atten_db"])] * (ratio_ppm // 1000) // 1000
        if top_mv < _FULL_MV:
            look.say(where + "ratio_ppm", "at %s dB the ADC ends at %d mV of the cell, a full one has %d; more attenuation wanted"
                     % (battery["atten_db"], top_mv, _FULL_MV))
    _check_whole(look, where + "trim_mv", battery.get("trim_mv"), (-cell.TRIM_MV, cell.TRIM_MV))
    if battery.get("capacity_mah") is not None:
        _check_whole(look, where + "capacity_mah", battery["capacity_mah"], _CAPACITY_MAH)
    _check_limits(look, battery)
    pin = battery.get("charger_disable")
    if pin is not None and look.known(where + "charger_disable", pin, ("pin", "active")):
        look.choice(where + "charger_disable.active", pin.get("active"), ("low", "high"))
        look.pin(where + "charger_disable.pin", pin.get("pin"), "out")
    look.fact("power.battery", battery)


def _check_limits(look, battery):
    limits_mv = []
    for name in ("off_mv", "critical_mv", "low_mv"):
        value = battery.get(name)
        limits_mv.append(LIMITS_MV[name] if value is None else value)
        if not _check_whole(look, "power.battery." + name, limits_mv[-1], _LIMITS_MV):
            return
    if not limits_mv[0] < limits_mv[1] < limits_mv[2]:
        look.say("power.battery", "off_mv %d, critical_mv %d, low_mv %d: each above the one before wanted" % tuple(limits_mv))
