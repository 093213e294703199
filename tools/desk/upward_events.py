"""The fields of each event, and those of a health report that older units do not send. Source: docs/protocol.md.

Lists of words (faults, causes, states) are open: an unknown word is shown, not refused.
"""

from .fields import (
    boolean,
    call_id,
    counts,
    day,
    hexadecimal,
    integer,
    list_of,
    map_of,
    name,
    nullable,
    number,
    one_of,
    optional,
    table,
    text,
)  # fmt: skip

PARTS_MAX = 64  # of a record of test
_COUNT = integer(0, 2**31 - 1)
_WORD = text(1, 24)
_REASON = text(0, 32)
_SID, _ID = hexadecimal(16), hexadecimal(8)
_STEP, _DETAIL = text(0, 40), text(0, 64)
_PART = integer(1, PARTS_MAX)
_MV, _HOURS = nullable(integer(0, 6000)), nullable(number(0, 10_000))
_SESSION = {"sid": _SID, "kind": _WORD, "call": lambda value: value == "" or call_id(value), "who": text(0, 32)}


def _row(*checks):
    """A list of exactly these values."""
    return lambda value: type(value) is list and len(value) == len(checks) and all(map(_passes, checks, value))


def _passes(check, value):
    return check(value)


EVENTS = {
    "started": {"cause": text(0, 32), "firmware": text(0, 64), "open_call": nullable(call_id)},
    "fault": {"fault": _WORD, "input": text(0, 24), "open": boolean},
    "command": {"ref": integer(1, 2**31 - 1), "from": name, "do": _WORD, "ok": boolean, "reason": text(0, 32)},
    "cleared": {"call": call_id, "by": one_of("service", "local"), "outcome": text(0, 32), "who": text(0, 32)},
    "refused": {"counts": counts},
    "microphone": {**_SESSION, "open": boolean, "why": _REASON},
    "speech": {**_SESSION, "state": _WORD, "reason": _REASON},
    "no_answer": {
        "sid": _SID,
        "kind": _WORD,
        "who": text(0, 32),
        "evidence": table(
            rings=_COUNT,
            prompts=_COUNT,
            announced=boolean,
            last_activity_s=nullable(_COUNT),
            audio_path_proven_s=nullable(_COUNT),
            privacy=boolean,
        ),
    },
    "ok": {"state": one_of("pressed", "missed"), "day": day},
    "mains": {"on": boolean, "for_s": _COUNT, "edges": _COUNT},
    "battery": {"state": _WORD, "mv": _MV, "why": _REASON, "hours": _HOURS},
    "flight": {
        "part": _PART,
        "parts": _PART,
        "records": list_of(_row(nullable(_COUNT), text(0, 16), integer(-(2**31), 2**31 - 1)), 0, 32),
    },
    "proof": {"id": _ID, "path": _WORD},
    "proven": {"what": text(1, 32), "ok": boolean, "detail": _DETAIL},
    "test": {
        "test": _ID,
        "state": one_of("running", "paused", "ended"),
        "step": _STEP,
        "left": list_of(_STEP, 0, 48),
        "last": nullable(_row(_STEP, _WORD, _DETAIL)),
        "verdict": text(0, 24),
    },
    "test_record": {"test": _ID, "part": _PART, "parts": _PART, "sha256": hexadecimal(64), "text": text(0, 1200)},
    "reminder": {"state": _WORD},
    "bearer": {"bearer": _WORD, "was": nullable(_WORD), "why": _WORD},
    "service": {"state": _WORD, "tries": _COUNT},
}
EVENTS_OPTIONAL = {"started": optional(clean=boolean, mode=_WORD)}
HEALTH_OPTIONAL = optional(
    mode=_WORD,
    mains=nullable(boolean),
    battery=table(mv=_MV, why=_REASON, state=_WORD, hours=_HOURS, by=_REASON),
    resets=counts,
    proven=map_of(nullable(_COUNT), 16),
    tested=nullable(day),
    due=nullable(day),
    bearer=nullable(_WORD),
)
