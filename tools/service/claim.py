"""Claim codes: `new()` makes one for a unit, `file(code)` what that unit is to keep of it, as the content of its `claim.json`.

Whoever has the code opens the unit's console: it belongs to the scheme's records and on the label inside the housing, nowhere
else. The unit keeps only what it takes to check it (firmware/core/claim.py).
"""

import hmac
import json
import secrets

from tools import boards  # noqa: F401 - puts the stand-in for `micropython` on the path, which firmware needs

# isort: split
from firmware.core.claim import ALPHABET, LENGTH, Check, parse, plain

FILE = "claim.json"
_GROUP = 4
_ROUNDS = 2000  # 60 bits need no stretching; these cost an ESP32 some 0.2 s (estimate), in slices
_SALT_BYTES = 8


def new():
    """A new code, such as `K7QM-3XRT-9WDP`."""
    return written("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def written(text):
    """A code as it is written, in groups of four. Raises ValueError for what is no code; it does not repeat what it was given."""
    code = plain(text.strip())
    if code is None:
        raise ValueError(f"a claim code has {LENGTH} letters and digits, such as K7QM-3XRT-9WDP; no 0, O, 1 or I")
    letters = code.decode()
    return "-".join(letters[at : at + _GROUP] for at in range(0, LENGTH, _GROUP))


def file(code, rounds=_ROUNDS):
    """What the unit keeps of it: {"v", "salt", "rounds", "sha256"}. Raises ValueError."""
    salt = secrets.token_bytes(_SALT_BYTES)
    check = Check((salt, rounds, bytes(32)), plain(written(code)))
    check.step(rounds)
    return {"v": 1, "salt": salt.hex(), "rounds": rounds, "sha256": check.digits()}


def fits(code, claim):
    """True if `claim`, the content of a claim.json as a dict, is one of `code`. Raises ValueError for what is no claim."""
    salt, rounds, digest = parse(json.dumps(claim))
    check = Check((salt, rounds, bytes(32)), plain(code))
    check.step(rounds)
    return hmac.compare_digest(bytes.fromhex(check.digits()), digest) and plain(code) is not None
