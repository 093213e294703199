"""Messages from a unit: read in the order size, seal, JSON, version, type, fields. Source: docs/protocol.md.

Nothing here raises for what a peer sent: the answer is a message or the reason of the refusal.
"""

import json

from .fields import (
    boolean,
    call_id,
    counts,
    hexadecimal,
    integer,
    list_of,
    name,
    nullable,
    one_of,
    optional,
    table,
    text,
    wrong_field,
)  # fmt: skip
from .seal import SEAL_BYTES, is_sealed
from .talk.description import is_described
from .upward_events import EVENTS, EVENTS_OPTIONAL, HEALTH_OPTIONAL

UP_BYTES_MAX = 2048
CHANNELS = ("alarm", "event", "health", "speech", "state")
REASONS = ("topic", "unit", "size", "seal", "json", "version", "type", "field")
_COUNT = integer(0, 2**31 - 1)
_WORD = text(1, 24)  # open lists of names (faults, reset causes): an unknown name is shown, not refused
_REASON = text(0, 32)
_SID, _TURN = hexadecimal(16), integer(1, 2**31 - 1)

_COMMON = {
    "unit": name,
    "session": hexadecimal(16),
    "seq": integer(1, 2**31 - 1),
    "boot": _COUNT,
    "epoch": hexadecimal(8),
}
_INPUT = table(
    n=integer(1, 64),
    input=text(1, 24),
    kind=_WORD,  # of a newer unit it may be another: no alarm is ever refused for a word
    cause=_WORD,
    location=text(0, 32),
)
_RECORDS = table(used_records=_COUNT, free_records=_COUNT, erases_max=_COUNT, bad_sectors=_COUNT)
_WHERE = optional(where=_WORD)  # older units do not say it
_TYPES = {
    "alarm": {
        "call": call_id,
        "triggers": integer(1, 64),
        "escalation": integer(0, 1000),
        "attempt": integer(1, 2**31 - 1),
        "resumed": boolean,
        "inputs": list_of(_INPUT, 1, 8),
        "age_ms": nullable(integer(0, 2**28)),
    },
    "event": {"event": one_of(*EVENTS)},
    "health": {
        "firmware": text(0, 64),
        "board": text(0, 64),
        "uptime_s": integer(0, 2**53),
        "reset_cause": _WORD,
        "heap_free_bytes": integer(0, 2**53),
        "rssi_dbm": nullable(integer(-127, 0)),
        "call": nullable(call_id),
        "faults": list_of(text(1, 64), 0, 16),
        "journal": lambda value: _RECORDS(value) and _WHERE(value),
        "counters": counts,
    },
    "speech": {"say": one_of("progress", "answer", "declined", "reoffer", "ended", "alive", "media")},
    "state": {"online": boolean, "conn": integer(1, 2**31 - 1)},
}
_SAYS = {
    "progress": {"sid": _SID, "turn": _TURN, "state": _WORD},
    "answer": {"sid": _SID, "turn": _TURN, "media": is_described},
    "declined": {"sid": _SID, "turn": _TURN, "reason": _REASON, "current_turn": _COUNT},
    "reoffer": {"sid": _SID, "turn": _TURN, "media": is_described},
    "ended": {"sid": _SID, "turn": _COUNT, "reason": _REASON},
    "alive": {"sid": _SID, "turn": _TURN, "mode": _WORD, "counters": counts},
    "media": {"sid": _SID, "turn": _TURN, "state": _WORD, "silent_ms": _COUNT},
}


def split_topic(topic):
    """(scheme, flat, unit, channel) of `ils/v1/<scheme>/<flat>/<unit>/<channel>`, or None."""
    parts = topic.split("/")
    if len(parts) != 6 or parts[:2] != ["ils", "v1"] or not all(name(part) for part in parts[2:]):
        return None
    return tuple(parts[2:])


def read(topic, payload, key):
    """(message, "") for a right one, else (None, reason). `payload`: bytes; `key`: the 32 bytes of the topic's unit."""
    if len(payload) > UP_BYTES_MAX or len(payload) <= SEAL_BYTES:
        return None, "size"
    if not is_sealed(key, topic, payload):
        return None, "seal"
    message = _object(payload)
    if message is None:
        return None, "json"
    reason = _fault(split_topic(topic), message)
    return (None, reason) if reason else (message, "")


def _object(payload):
    try:
        message = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError; deep nesting is a RecursionError
        return None
    return message if type(message) is dict else None


def _fault(place, message):
    if type(message.get("v")) is not int or message["v"] != 1:
        return "version"
    kind = message.get("type")
    if type(kind) is not str or kind not in _TYPES or kind != place[3]:
        return "type"
    if wrong_field(_COMMON, message) or wrong_field(_TYPES[kind], message) or message["unit"] != place[2]:
        return "field"
    if kind == "event" and not _is_event(message):
        return "field"
    if kind == "health" and not HEALTH_OPTIONAL(message):
        return "field"
    if kind == "speech" and wrong_field(_SAYS[message["say"]], message):
        return "field"
    if kind == "alarm" and message["call"].rsplit("-", 2)[0] != place[2]:
        return "field"
    return ""


def _is_event(message):
    name_of = message["event"]
    return wrong_field(EVENTS[name_of], message) is None and EVENTS_OPTIONAL.get(name_of, _anything)(message)


def _anything(message):
    return True
