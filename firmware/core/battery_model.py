"""What a lithium cell has left and what the unit draws from it. Pure; the firmware, the virtual board and the tools use this one.

**All of it is a model** until somebody puts a meter on a unit: no figure here was measured by us. What a unit measures of its own
discharge goes before it (core/power_hours.py). Loads are in mA at 3.3 V. The supply of the boards is taken to be linear, so that
the cell gives the same current; a board whose regulator switches says what it draws in `loads_ma` of its board file.

Source of the loads: FACTS, power table (32, 41, 139, 155 mA, 202 mA while talking, all marked model) split into parts by the
ESP32 data sheet, table "current consumption in modem sleep" (20, 27, 30 mA idle at 80, 160, 240 MHz).
"""

from micropython import const

from firmware.core.curve import along

LOADS_MA = {  # name: mA at 3.3 V, as a part of the sum; a board file's `power.loads_ma` puts others in their place
    "cpu_80": 20,  # data sheet: modem sleep, idle
    "cpu_160": 27,
    "cpu_240": 30,
    "board": 9,  # regulator, resistors, microphone, amplifier shut down: 41 - 32 of FACTS
    "wifi_save": 12,  # associated, deepest modem sleep: 32 - cpu_80 of FACTS
    "wifi_awake": 110,  # listening all the time: 139 - cpu_80 - board of FACTS
    "ethernet": 126,  # PHY and its clock: 155 - cpu_80 - board of FACTS; no bearer of ours yet
    "amplifier": 3,  # switched on and silent: MAX98357A data sheet, quiescent current
    "sound": 50,  # speech or tone at the usual volume, on the average: 202 less all of the above
}

RESISTANCE_MOHM = const(150)  # model: a cell of 2,000 mAh with its protection and plug, at 20 degrees C
AGED_PCT = const(80)  # of the printed capacity is counted on: the point at which makers call a cell worn
CAPACITY_MAH = const(2000)  # of a board file that names none


def open_mv(charge_pct):
    """mV of the cell at rest at `charge_pct`; below 0 and above 100 as at the ends."""
    return along(charge_pct, 0)


def charge_pct(mv):
    """Charge of a cell that shows `mv` at rest, 0 ... 100."""
    return along(mv, 1)


def terminal_mv(charge, load_ma, resistance_mohm=RESISTANCE_MOHM):
    """mV at the cell's terminals while it gives `load_ma`; below 0: it is charged."""
    return open_mv(charge) - load_ma * resistance_mohm / 1000


def load_ma(bearer, saving, mhz, amplifier, talking, loads=LOADS_MA):
    """mA at 3.3 V. `bearer`: "wifi", "ethernet", or "" with the radio off; `saving`: the Wi-Fi sleeps between beacons; `mhz`: 80,
    160 or 240, others are taken as the next of these; `amplifier`: it is switched on; `talking`: speech or a tone sounds.
    `loads`: LOADS_MA or what loads_of made of it."""
    total = loads["board"] + loads["cpu_80" if mhz <= 80 else "cpu_160" if mhz <= 160 else "cpu_240"]
    if bearer == "ethernet":
        total += loads["ethernet"]
    elif bearer:
        total += loads["wifi_save" if saving else "wifi_awake"]
    if amplifier or talking:
        total += loads["amplifier"]
    return total + loads["sound"] if talking else total


def loads_of(changes):
    """LOADS_MA with those of a board file, which may be None."""
    return dict(LOADS_MA, **changes) if changes else LOADS_MA


def hours_left(charge, drawn_ma, capacity_mah, off_mv, aged_pct=AGED_PCT, resistance_mohm=RESISTANCE_MOHM):
    """Hours until the terminals are at `off_mv` if `drawn_ma` (above 0) goes on; 0 if they are there."""
    end = charge_pct(off_mv + drawn_ma * resistance_mohm / 1000)
    return max(0, charge - end) * capacity_mah * aged_pct / 10000 / drawn_ma
