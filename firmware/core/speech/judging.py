"""Whether a new offer can be accepted now. Pure. Source: docs/protocol.md, `offer` and reasons of `declined`."""

from firmware.core.speech import description

_RANKS = {"": 0, "door": 1, "intercom": 2, "welfare": 2, "alarm": 3}
_OF_CALL = {None: "no_such_call", "RAISED": "not_received", "RECEIVED": "not_answered", "ANSWERED": None}


def rank(kind):
    """Priority of a kind of session, 1 ... 3; 0 for "" (none)."""
    return _RANKS[kind]


def refusal(offer, call_state, running, plain_allowed):
    """Reason of `declined` for a new session, or None. Displaces nothing: the caller does that only after None.

    `call_state`: core.call's word for offer["call"], None if no such call is open; `running`: kind of the session that is on, ""
    for none.
    """
    kind, media = offer["kind"], offer["media"]
    if not _RANKS.get(kind):
        return "field"
    if rank(kind) < rank(running):
        return "busy"
    wrong = description.problem(media, plain_allowed)
    if wrong is not None:
        return wrong
    if media["direction"] != "sendrecv":
        return "field"  # a session does not begin on hold
    return _OF_CALL.get(call_state, "not_answered") if kind == "alarm" else None
