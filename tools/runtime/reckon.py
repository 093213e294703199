"""Hours of a board on its battery: what it draws in each state, how long that lasts, and whether a profile's day fits in."""

from tools.vboard import standins  # noqa: F401 - first: brings `micropython` for the firmware

# isort: split
from firmware.core import battery_model
from tools.runtime.profile import STATES

MODEL, MEASURED, MIXED = "model", "measured", "part measured"
OFF_MV = 3350  # radio off, of a board file that names none (docs/power.md)
FLOOR_HOURS = 4  # "several hours" of the tenant's guide


class RuntimeModelError(ValueError):
    """This board cannot be reckoned; the text says what is missing."""


def reckon(board, profile, capacity_mah=None):
    """A dict of all figures for a resolved board and a profile; see `python -m tools.runtime --json`.

    `capacity_mah`: instead of the board file's. Raises RuntimeModelError for a board without battery if that is not given.
    """
    power = board.get("power") or {}
    battery = power.get("battery")
    if battery is None and capacity_mah is None:
        raise RuntimeModelError(f"{board['name']}: its board file has no power.battery; --capacity says with which one to reckon")
    own = power.get("loads_ma") or {}
    capacity = capacity_mah or (battery or {}).get("capacity_mah") or battery_model.CAPACITY_MAH
    off_mv = (battery or {}).get("off_mv") or OFF_MV
    bearer = _on_battery(board["bearers"])
    states = {state: _state(state, bearer, own, capacity, off_mv) for state in STATES}
    day = _day(states, profile, capacity, off_mv)
    return {
        "board": board["name"],
        "title": board["title"],
        "capacity_mah": capacity,
        "capacity_from": "--capacity" if capacity_mah else "board file" if (battery or {}).get("capacity_mah") else "default",
        "verified": (battery or {}).get("verified", "proposed"),
        "counted_on_pct": battery_model.AGED_PCT,
        "off_mv": off_mv,
        "states": states,
        "day": day,
    }


def _on_battery(bearers):
    """What carries without mains: the Ethernet PHY has no power then if there is another bearer (docs/bearers.md)."""
    return next((bearer for bearer in bearers if bearer != "ethernet"), bearers[0])


def _state(state, bearer, own, capacity_mah, off_mv):
    drawn_ma = battery_model.load_ma(bearer, loads=battery_model.loads_of(own), **STATES[state])
    hours = battery_model.hours_left(100, drawn_ma, capacity_mah, off_mv)
    return {"load_ma": drawn_ma, "hours": round(hours, 1), "by": _mark(state, bearer, own)}


def _mark(state, bearer, own):
    """A load in a board file's `loads_ma` was measured on that board, all others are the model's. The cell is always the model's,
    so that hours are at best part measured."""
    names = {name: 1000 ** n for n, name in enumerate(battery_model.LOADS_MA)}
    drawn = battery_model.load_ma(bearer, loads=names, **STATES[state])
    parts = [name for name in names if drawn // names[name] % 1000]
    return MEASURED if all(name in own for name in parts) else MIXED if any(name in own for name in parts) else MODEL


def _day(states, profile, capacity_mah, off_mv):
    """The profile's day: what it takes, and how long its mixture lasts."""
    hours = profile["hours"]
    taken_mah = sum(states[state]["load_ma"] * length / 60 for state, length in profile["minutes"].items())
    lasts = battery_model.hours_left(100, taken_mah / hours, capacity_mah, off_mv)
    marks = {states[state]["by"] for state, length in profile["minutes"].items() if length}
    return {
        "title": profile["title"],
        "minutes": profile["minutes"],
        "takes_mah": round(taken_mah),
        "lasts_hours": round(lasts, 1),
        "target_hours": hours,
        "met": lasts >= hours,
        "several_hours": lasts >= FLOOR_HOURS,
        "least_capacity_mah": round(capacity_mah * hours / lasts) if lasts else None,
        "by": marks.pop() if len(marks) == 1 else MIXED,
    }
