"""Messages to a unit: built, checked against the protocol's ranges, sealed. Source: docs/protocol.md.

Raises ValueError naming the field when the desk itself asks for something that the protocol does not allow.
"""

import json

from .fields import call_id, hexadecimal, integer, name, one_of, text, wrong_field
from .seal import seal
from .talk.description import is_described

DOWN_BYTES_MAX = 1024
OUTCOMES = ("emergency", "help_sent", "mistake", "test")
BASES = ("present", "speech")
KINDS = ("alarm", "intercom", "welfare", "door")
CONTROLS = ("talk", "listen", "auto", "duplex", "volume_up", "volume_down", "extend", "hold", "resume", "clear_down")
TEST_COMMANDS = ("start", "answer", "skip", "stop", "stored")
CTR_MAX = 2**31 - 1
_WHO = text(1, 32)
_SID, _ID = hexadecimal(16), hexadecimal(8)
_COMMON = {"unit": name, "session": hexadecimal(16), "from": name, "ctr": integer(1, CTR_MAX), "at": integer(0, 2**53)}
_TYPES = {
    "receipt": {"call": call_id, "triggers": integer(1, 64), "escalation": integer(0, 1000)},
    "answered": {"call": call_id, "who": _WHO},
    "released": {"call": call_id},
    "clear": {
        "call": call_id,
        "triggers": integer(1, 64),
        "outcome": one_of(*OUTCOMES),
        "basis": one_of(*BASES),
        "who": _WHO,
    },
    "query": {},
    "offer": {
        "sid": _SID,
        "turn": integer(1, 2**31 - 1),
        "kind": one_of(*KINDS),
        "call": lambda value: value == "" or call_id(value),
        "who": _WHO,
        "media": is_described,
    },
    "control": {"sid": _SID, "do": one_of(*CONTROLS)},
    "alive": {"sid": _SID},
    "proof": {"id": _ID},
    "test": {
        "do": one_of(*TEST_COMMANDS),
        "test": lambda value: value == "" or _ID(value),
        "step": text(0, 40),
        "value": text(0, 64),
        "who": text(0, 32),
    },
}


def build(key, topic, kind, head, body):
    """Sealed payload as bytes. `head`: unit, session, from, ctr, at; `body`: the fields of `kind`."""
    if kind not in _TYPES:
        raise ValueError(f"type: no message of type {kind!r}")
    message = {"v": 1, "type": kind, **head, **body}
    wrong = wrong_field(_COMMON, message) or wrong_field(_TYPES[kind], message)
    if wrong:
        raise ValueError(f"{wrong}: {message.get(wrong)!r} is missing or out of range in a {kind}")
    payload = seal(key, topic, json.dumps(message, ensure_ascii=False, separators=(",", ":")))
    if len(payload) > DOWN_BYTES_MAX:
        raise ValueError(f"size: {len(payload)} bytes, a {kind} may have {DOWN_BYTES_MAX}")
    return payload
