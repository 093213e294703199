"""The API's requests, one function each: (desk, fields) -> reply fields. Documented in docs/desk-api.md.

Raises DeskError(code, text); the server turns it into an error reply.
"""

from .downward import BASES, OUTCOMES
from .fields import boolean, integer, name, nullable, one_of, text, wrong_field
from .inject import MODES
from .routing import PARTIES
from .switchboard import DeskError
from .talk import requests as talk_requests
from .testing import requests as test_requests
from .timeline import as_event
from .units import seconds

_WHO = text(1, 32)
_LIMIT_MAX = 1000  # rows in one reply: bounds the line


def _checked(fields, **checks):
    wrong = wrong_field(checks, fields)
    if wrong:
        raise DeskError("field", f"{wrong}: {fields.get(wrong)!r} is missing or not what docs/desk-api.md allows")


def _call(desk, fields):
    wanted = fields.get("call")
    if type(wanted) is int and 0 < wanted < 2**63:
        call = desk.book.get(wanted)
    elif type(wanted) is str:
        found = [desk.book.find(address, wanted) for address in desk.units]
        call = next((call for call in found if call is not None), None)
    else:
        raise DeskError("field", "call: the call's number (as `calls` shows it) or its id is wanted")
    if call is None:
        raise DeskError("no_such_call", f"there is no call {wanted}")
    return call


def _calls(desk, fields):
    closed, limit = fields.get("closed", False), fields.get("limit", 100)
    _checked({"closed": closed, "limit": limit}, closed=boolean, limit=integer(1, _LIMIT_MAX))
    calls = [call for call in desk.book.open() if call.state != "closed"]
    if closed:
        calls = desk.book.closed(limit) + calls
    return {"calls": [_with_status(desk, call) for call in calls]}


def _one_call(desk, fields):
    return {"call": _with_status(desk, _call(desk, fields))}


def _with_status(desk, call):
    record = desk.units[call.unit.address]
    return {**call.view(), "unit_status": record.watch.state}


def _answer(desk, fields):
    call = _call(desk, fields)
    party = fields.get("party") or _ringing(desk, fields)
    speaking = desk.talks.of_call(call)
    who = fields.get("who", speaking.body["who"] if speaking else party)
    talk = fields.get("talk", False)
    _checked({"party": party, "who": who, "talk": talk}, party=one_of(*PARTIES), who=_WHO, talk=boolean)
    desk.act(lambda: desk.switchboard.answer(call, party, who))
    return {**_one_call(desk, {"call": call.n}), **(_started(desk, call, who) if talk else {})}


def _started(desk, call, who):
    """The call is answered already: that speech cannot begin is told beside it."""
    try:
        return {"session": talk_requests.start_talk(desk, call, who), "talk_error": None}
    except DeskError as error:
        return {"session": None, "talk_error": {"code": error.code, "text": str(error)}}


def _talk(desk, fields):
    call = _call(desk, fields)
    who = fields.get("who", call.body["who"])
    _checked({"who": who}, who=text(0 if "who" not in fields else 1, 32))
    return {"session": talk_requests.start_talk(desk, call, who)}


def _ringing(desk, fields):
    parties = _call(desk, fields).view()["ringing"]
    return parties[0] if len(parties) == 1 else PARTIES[-1]


def _release(desk, fields):
    call = _call(desk, fields)
    desk.act(lambda: desk.switchboard.release(call))
    return _one_call(desk, {"call": call.n})


def _clear(desk, fields):
    fields = {"triggers": None, **fields}
    _checked(
        fields, outcome=one_of(*OUTCOMES), basis=one_of(*BASES), who=_WHO, triggers=nullable(integer(1, 64))
    )  # fmt: skip
    call = _call(desk, fields)
    wanted = [fields[key] for key in ("outcome", "basis", "who", "triggers")]
    desk.act(lambda: desk.switchboard.clear(call, *wanted))
    return _one_call(desk, {"call": call.n})


def _duty(desk, fields):
    fields = {"scheme": None, "on": None, **fields}
    _checked(fields, scheme=nullable(name), on=nullable(boolean))
    if fields["scheme"] is not None and fields["scheme"] not in desk.schemes:
        raise DeskError("no_such_scheme", f"there is no scheme {fields['scheme']!r}; there are {', '.join(desk.schemes)}")
    if fields["on"] is not None:
        schemes = [fields["scheme"]] if fields["scheme"] else desk.schemes
        desk.act(lambda: desk.switchboard.set_duty(schemes, fields["on"]))
    return {"duty": dict(desk.duty)}


def _units(desk, fields):
    return {"units": [record.view() for record in desk.units.values()], "strangers": dict(desk.strangers.counts)}


def _query(desk, fields):
    _checked(fields, unit=text(1, 80))
    record = desk.units.get(fields["unit"])
    if record is None:
        raise DeskError("no_such_unit", f"unit: {fields['unit']!r} is not in the configuration; write scheme/flat/unit")
    if not desk.query(record):
        raise DeskError("unreachable", f"{record.address} cannot be asked: no broker, or never heard of since it was configured")
    return {}


def _log(desk, fields):
    fields = {"since": 0, "limit": 100, "call": None, **fields}
    _checked(fields, since=integer(0, 2**62), limit=integer(1, _LIMIT_MAX))
    call = _call(desk, fields).call if fields["call"] is not None else ""
    rows = desk.store.log_since(fields["since"], fields["limit"], call)
    return {"events": [as_event(row) for row in rows], "end": desk.store.log_end()}


def _status(desk, fields):
    brokers = [{"name": link.name, "connected": link.connected, "text": desk.link_texts.get(link.name)} for link in desk.links]
    return {
        "desk": desk.config.id, "started_at": seconds(desk.started_at_ms), "brokers": brokers, "duty": dict(desk.duty),
        "last_error": desk.last_error, "log_end": desk.store.log_end(), "fault_injection": desk.injection.allowed,
        "injected": dict(desk.injection.modes), "timers": dict(desk.config.timers),
    }  # fmt: skip


def _inject(desk, fields):
    if not desk.injection.allowed:
        raise DeskError("forbidden", "fault injection is off; it needs fault_injection: true in the configuration")
    _checked(fields, mode=one_of(*MODES))
    try:
        desk.injection.set(fields["mode"], fields.get("value"))
    except ValueError as error:
        raise DeskError("field", str(error)) from error
    return {"injected": dict(desk.injection.modes)}


def _page(desk, fields):
    if desk.page is None:
        raise DeskError("forbidden", "the desk has no page: it needs `web` in its configuration")
    return {"url": desk.page.link()}


def _ping(desk, fields):
    return {}


REQUESTS = {
    "ping": _ping, "status": _status, "calls": _calls, "call": _one_call, "answer": _answer, "release": _release,
    "clear": _clear, "duty": _duty, "units": _units, "query": _query, "log": _log, "inject": _inject, "talk": _talk,
    "page": _page,
    **talk_requests.REQUESTS, **test_requests.REQUESTS,
}  # fmt: skip
