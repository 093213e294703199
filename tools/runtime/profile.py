"""A day's profile as data (tools/runtime/profiles/*.json): how many minutes the unit spends in which state."""

import json
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent / "profiles"
FIELDS = ("title", "source", "hours", "parts")
REST = "rest"

# state: what battery_model.load_ma is asked for. Source: docs/power.md, what the unit does on battery.
STATES = {
    "standby": {"saving": True, "mhz": 80, "amplifier": False, "talking": False},  # on battery, online, nothing on
    "calling": {"saving": False, "mhz": 160, "amplifier": False, "talking": False},  # a call is open and nobody has answered
    "prompt": {"saving": True, "mhz": 80, "amplifier": True, "talking": True},  # a spoken message or a tone, no call
    "talk": {"saving": False, "mhz": 160, "amplifier": True, "talking": True},  # speech both ways
    "searching": {"saving": False, "mhz": 80, "amplifier": False, "talking": False},  # the radio looks for its access point
}


class ProfileError(ValueError):
    """A profile that cannot be used; the text names file and field."""


def names():
    """The profiles that come with the tool."""
    return sorted(path.stem for path in DIRECTORY.glob("*.json"))


def find(name):
    """The profile of that name, or in that file. Raises ProfileError."""
    if name in names():
        return read(DIRECTORY / (name + ".json"))
    if not Path(name).is_file():
        raise ProfileError(f"there is no profile and no file {name!r}; profiles: {', '.join(names())}")
    return read(Path(name))


def read(path):
    """{"title", "source", "hours", "minutes": {state: minutes}} from a file. Raises ProfileError."""
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProfileError(f"{path}: {error}") from None
    return _checked(raw, Path(path).name)


def _checked(raw, where):
    if not isinstance(raw, dict) or sorted(raw) != sorted(FIELDS):
        raise ProfileError(f"{where}: an object with {', '.join(FIELDS)} wanted")
    if not _is_number(raw["hours"]) or not 0 < raw["hours"] <= 1000:
        raise ProfileError(f"{where}: hours: a number above 0, at most 1000, wanted")
    if not isinstance(raw["parts"], list) or not raw["parts"]:
        raise ProfileError(f"{where}: parts: a list of {{state, minutes}} wanted")
    minutes = {}
    for number, part in enumerate(raw["parts"]):
        state, length = _part(part, f"{where}: parts[{number}]", minutes)
        minutes[state] = length
    known = {name: raw[name] for name in ("title", "source", "hours")}
    return {**known, "minutes": _with_rest(minutes, raw["hours"] * 60, where)}


def _part(part, where, before):
    if not isinstance(part, dict) or sorted(part) != ["minutes", "state"]:
        raise ProfileError(f"{where}: an object with state and minutes wanted")
    if part["state"] not in STATES:
        raise ProfileError(f"{where}.state: one of {', '.join(STATES)} wanted")
    if part["state"] in before:
        raise ProfileError(f"{where}.state: {part['state']} is there already")
    if part["minutes"] != REST and not (_is_number(part["minutes"]) and part["minutes"] >= 0):
        raise ProfileError(f'{where}.minutes: a number from 0 on, or "{REST}" wanted')
    return part["state"], part["minutes"]


def _with_rest(minutes, whole, where):
    given = sum(length for length in minutes.values() if length != REST)
    rests = [state for state, length in minutes.items() if length == REST]
    if len(rests) > 1 or given > whole or (not rests and given != whole):
        raise ProfileError(f'{where}: the parts make {given:g} of {whole:g} minutes; one of them may be "{REST}"')
    return {state: whole - given if length == REST else length for state, length in minutes.items()}


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)
