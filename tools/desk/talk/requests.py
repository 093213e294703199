"""The API's requests about speech and welfare, as tools/desk/requests.py. Documented in docs/desk-api.md."""

import base64

from ..downward import CONTROLS
from ..fields import boolean, hexadecimal, integer, nullable, one_of, text, wrong_field
from ..switchboard import DeskError
from ..units import seconds
from ..welfare.questions import OUTCOMES, wrong_answer
from . import talker
from .rtp import DIGITS
from .talk import talk_view

_WHO = text(1, 32)
_SID = hexadecimal(16)
_LIMIT_MAX = 1000
_NOTE_MAX = 1000
_SECONDS = integer(1, 60)


def _checked(fields, **checks):
    wrong = wrong_field(checks, fields)
    if wrong:
        raise DeskError("field", f"{wrong}: {fields.get(wrong)!r} is missing or not what docs/desk-api.md allows")


def _unit(desk, address):
    if address not in desk.units:
        raise DeskError("no_such_unit", f"unit: {address!r} is not in the configuration; write scheme/flat/unit")
    return desk.units[address]


def _session(desk, fields):
    _checked(fields, sid=_SID)
    return desk.talks.get(fields["sid"])


def start_talk(desk, call, who):
    """The view of the session in which `who` speaks with the flat of `call`. Raises DeskError."""
    return desk.act(lambda: desk.talks.talk(call, who).view())


def _call_flat(kind):
    def call_flat(desk, fields):
        fields = {"take_over": False, **fields}
        _checked(fields, unit=text(1, 80), who=_WHO, take_over=boolean)
        record = _unit(desk, fields["unit"])
        return {"session": desk.act(lambda: desk.talks.call_flat(record, kind, fields["who"], fields["take_over"]).view())}

    return call_flat


def _control(desk, fields):
    _checked(fields, command=one_of(*CONTROLS))
    talk = _session(desk, fields)
    desk.act(lambda: desk.talks.command(talk, fields["command"]))
    return {"session": talk.view()}


def _hang_up(desk, fields):
    return _control(desk, {**fields, "command": "clear_down"})


def _digit(desk, fields):
    _checked(fields, digit=lambda value: type(value) is str and len(value) == 1 and value in DIGITS)
    talk = _session(desk, fields)
    if not talk.endpoint.active or not talk.endpoint.digit(fields["digit"]):
        raise DeskError("not_connected", "the flat takes no digits now: not connected, none agreed on, or 16 are waiting")
    return {"session": talk.view()}


def _tone(desk, fields):
    fields = {"level": 8000, **fields}
    _checked(fields, hz=integer(50, 3900), seconds=_SECONDS, level=integer(1, 32000))
    talk = _session(desk, fields)
    _must_carry(talk)
    samples = talker.tone(fields["hz"], fields["seconds"], fields["level"])
    talk.endpoint.play(talker.source(samples, talk.endpoint.codec))
    return {"session": talk.view()}


def _record(desk, fields):
    """Speech is nobody's to keep: tests only."""
    if not desk.injection.allowed:
        raise DeskError("forbidden", "recording is for tests; it needs fault_injection: true in the configuration")
    _checked(fields, seconds=_SECONDS)
    talk = _session(desk, fields)
    _must_carry(talk)
    if talk.recorder is not None:
        talk.endpoint.detach(talk.recorder)
    talk.recorder = talker.Recorder(talk.endpoint.codec, fields["seconds"])
    talk.endpoint.attach(talk.recorder)
    return {"session": talk.view()}


def _recorded(desk, fields):
    talk = _session(desk, fields)
    frames = talk.recorder.frames if talk.recorder else []
    return {"codec": talk.endpoint.codec, "codes": base64.b64encode(b"".join(frames)).decode()}


def _must_carry(talk):
    if not talk.endpoint.active:
        raise DeskError("not_connected", "no sound is carried: the flat has not answered yet, or the session is ending")


def _sessions(desk, fields):
    fields = {"ended": False, "limit": 100, **fields}
    _checked(fields, ended=boolean, limit=integer(1, _LIMIT_MAX))
    rows = desk.talks.store.talks(True, fields["limit"]) if fields["ended"] else []
    views = [talk_view(n, sid, desk.units[address].unit, body) for n, sid, address, body in rows if address in desk.units]
    return {"sessions": views + [talk.view() for talk in desk.talks.sessions.values()]}


def _questions(desk, fields):
    return {"questions": list(desk.config.questions), "outcomes": list(OUTCOMES)}


def _outcome(desk, fields):
    fields = {"answers": {}, "note": "", **fields}
    _checked(fields, sid=_SID, who=_WHO, outcome=one_of(*OUTCOMES), note=text(0, _NOTE_MAX))
    row = desk.talks.store.talk(fields["sid"])
    if row is None or row[3]["kind"] not in ("welfare", "intercom", "alarm"):
        raise DeskError("no_such_session", f"there was no welfare call {fields['sid']!r}")
    wrong = wrong_answer(desk.config.questions, fields["answers"], fields["outcome"])
    if wrong:
        raise DeskError("field", f"answers: {wrong}")
    body = {key: fields[key] for key in ("outcome", "answers", "note")}
    body["asked"] = {question["id"]: question["text"] for question in desk.config.questions if question["id"] in body["answers"]}
    n = desk.act(lambda: _note_down(desk, row[2], fields, body))
    return {"outcome": next(_entry(desk, *entry) for entry in desk.talks.store.outcomes(row[2], n - 1, 1))}


def _note_down(desk, address, fields, body):
    n = desk.talks.store.add_outcome(desk.wall_ms(), address, fields["sid"], fields["who"], body)
    desk.timeline.emit("welfare", address, number=n, sid=fields["sid"], who=fields["who"], outcome=body["outcome"])
    return n


def _entry(desk, n, at_ms, address, sid, who, body):
    evidence = desk.talks.store.fact_of("no_answer", sid)
    return {
        "n": n, "at": seconds(at_ms), "unit": address, "sid": sid, "who": who, **body,
        "evidence": evidence and evidence["evidence"],
    }  # fmt: skip


def _page(desk, fields):
    """Arguments for the store: address or "", since, limit, newest."""
    fields = {"unit": None, "since": 0, "limit": 100, "newest": False, **fields}
    _checked(fields, unit=nullable(text(1, 80)), since=integer(0, 2**62), limit=integer(1, _LIMIT_MAX), newest=boolean)
    address = "" if fields["unit"] is None else _unit(desk, fields["unit"]).address
    return address, fields["since"], fields["limit"], fields["newest"]


def _welfare_log(desk, fields):
    return {"entries": [_entry(desk, *row) for row in desk.talks.store.outcomes(*_page(desk, fields))]}


def _fact_log(fact):
    def fact_log(desk, fields):
        rows = desk.talks.store.facts(fact, *_page(desk, fields))
        return {"entries": [{**body, "n": n, "at": seconds(at_ms), "unit": unit} for n, at_ms, unit, body in rows]}

    return fact_log


REQUESTS = {
    "intercom": _call_flat("intercom"), "welfare": _call_flat("welfare"), "door": _call_flat("door"), "control": _control,
    "digit": _digit, "hang_up": _hang_up, "sessions": _sessions, "welfare_questions": _questions, "welfare_outcome": _outcome,
    "welfare_log": _welfare_log, "microphone_log": _fact_log("microphone"), "no_answer_log": _fact_log("no_answer"),
    "ok_log": _fact_log("ok"), "mains_log": _fact_log("mains"), "battery_log": _fact_log("battery"),
    "proven_log": _fact_log("proven"), "reminder_log": _fact_log("reminder"), "flight_log": _fact_log("flight"),
    "bearer_log": _fact_log("bearer"), "service_log": _fact_log("service"),
    "tone": _tone, "record": _record, "recorded": _recorded,
}  # fmt: skip
