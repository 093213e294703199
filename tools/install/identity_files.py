"""What makes a board this unit: `claim.json` before all else, `unit.key`, `ca.der` and, last of all, `settings.json`. As bytes,
the same each time."""

import hashlib
import json

from tools import deploy

from .errors import InstallError

LAST = "settings.json"  # with it the unit is in service
CLAIM = "claim.json"


def settings(scheme, flat, password):
    """The unit's settings.json as a dict. Raises InstallError (`settings`) if a unit would complain of it."""
    made = {
        "v": 1, "board": flat.board, "scheme": scheme.id, "flat": flat.flat, "unit": flat.unit, "key_file": "unit.key",
        "wifi": None, "brokers": scheme.brokers, "mqtt": {"password": password}, "ca_file": "ca.der", "dns": None,
        "inputs": {name: {"location": room} if room else None for name, room in flat.inputs.items()},
        "line_break_raises": True, "timers": {}, **scheme.settings,
    }  # fmt: skip
    made["speech"] = {**(made.get("speech") or {}), "language": flat.language}
    found = deploy.problems(made)
    if found:
        raise InstallError("settings", flat=flat.flat, why="; ".join(found))
    return made


def files(scheme, flat, identity):
    """{name: bytes} in the order in which they are written. Raises InstallError (`settings`, `scheme`)."""
    try:
        ca = scheme.ca_file.read_bytes()
    except OSError as error:
        raise InstallError("scheme", path=scheme.ca_file, why=error.strerror) from error
    return {
        CLAIM: _json(identity.claim_file),
        "unit.key": (identity.key + "\n").encode(),
        "ca.der": ca,
        LAST: _json(settings(scheme, flat, identity.password)),
    }


def in_order(made):
    """`made`, of files, as what is put onto the board one after the other. The claim is whole and has its name before a byte of
    any secret comes, under whatever name: a board that is interrupted is not blank, and opens by its claim code only."""
    return [{CLAIM: made[CLAIM]}, {name: data for name, data in made.items() if name != CLAIM}]


def hashes(made):
    """{name: sha256} of files."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in made.items()}


def _json(value):
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
