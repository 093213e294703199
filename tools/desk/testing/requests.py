"""The API's requests about tests and their records, as tools/desk/requests.py. Documented in docs/desk-api.md."""

import datetime

from ..fields import boolean, integer, nullable, one_of, text, wrong_field
from ..switchboard import DeskError
from ..watch import SILENT
from .due import DAYS, STATES, next_test

_WHO, _ANY_WHO = text(1, 32), text(0, 32)
_STEP, _WHY = text(1, 40), text(1, 64)
_LIMIT_MAX = 1000


def _checked(fields, **checks):
    wrong = wrong_field(checks, fields)
    if wrong:
        raise DeskError("field", f"{wrong}: {fields.get(wrong)!r} is missing or not what docs/desk-api.md allows")


def _unit(desk, fields):
    _checked(fields, unit=text(1, 80))
    record = desk.units.get(fields["unit"])
    if record is None:
        known = ", ".join(sorted(desk.units)[:8])
        raise DeskError("no_such_unit", f"unit: {fields['unit']!r} is not in the configuration; write scheme/flat/unit ({known})")
    return record


def _start(desk, fields):
    fields = {"witness": "", **fields}
    _checked(fields, who=_WHO, witness=text(0, 64))
    record = _unit(desk, fields)
    if record.watch.state == SILENT or record.sessions.session is None:
        why = record.watch.reason or "never_heard"
        raise DeskError("unreachable", f"{record.address} is not there ({why}): look at its power and network, then try again")
    course = desk.tests.course(record.address)
    if course and course.is_on and course.body["session"] == record.sessions.session:
        raise DeskError("running", f"a test of {record.address} is under way: stop it first, or go on with it")
    return _asked(desk, record, "start", value=fields["witness"], who=fields["who"])


def _answer(desk, fields):
    fields = {"who": "", **fields}
    _checked(fields, step=_STEP, value=one_of("yes", "no"), who=_ANY_WHO)
    record, test = _running(desk, fields)
    return _asked(desk, record, "answer", test, fields["step"], fields["value"], fields["who"])


def _skip(desk, fields):
    fields = {"who": "", **fields}
    _checked(fields, step=_STEP, why=_WHY, who=_ANY_WHO)
    record, test = _running(desk, fields)
    return _asked(desk, record, "skip", test, fields["step"], fields["why"], fields["who"])


def _stop(desk, fields):
    fields = {"who": "", **fields}
    _checked(fields, who=_ANY_WHO)
    record, test = _running(desk, fields)
    return _asked(desk, record, "stop", test, who=fields["who"])


def _running(desk, fields):
    record = _unit(desk, fields)
    course = desk.tests.course(record.address)
    if course is None or not course.is_on:
        raise DeskError("no_test", f"no test of {record.address} is under way")
    return record, course.body["test"]


def _asked(desk, record, do, *words, **more):
    return {"command": desk.act(lambda: desk.tests.ask(record, do, *words, **more))}


def _tests(desk, fields):
    return {"tests": desk.tests.views()}


def _records(desk, fields):
    fields = {"unit": None, "since": 0, "limit": 100, "newest": False, **fields}
    _checked(fields, unit=nullable(text(1, 80)), since=integer(0, 2**62), limit=integer(1, _LIMIT_MAX), newest=boolean)
    address = "" if fields["unit"] is None else _unit(desk, fields).address
    return {"records": desk.tests.store.records(address, fields["since"], fields["limit"], fields["newest"])}


def _record(desk, fields):
    _checked(fields, record=integer(1, 2**62))
    entry = desk.tests.store.record(fields["record"])
    if entry is None:
        raise DeskError("no_such_record", f"there is no record of test {fields['record']}")
    return {"record": entry}


def _due(desk, fields):
    today = datetime.date.fromtimestamp(desk.wall_ms() / 1000)
    rows = [_due_row(desk, record, today) for record in desk.units.values()]
    far = DAYS + 1
    rows.sort(key=lambda row: (STATES.index(row["state"]), far if row["days"] is None else row["days"], row["unit"]))
    return {"due": rows, "today": today.isoformat(), "days": DAYS}


def _due_row(desk, record, today):
    """What the desk's own records say; `unit_due` is the unit's word."""
    found = next_test(desk.tests.store.records(record.address, 0, -1), today)
    said = record.supply.view()
    return {
        "unit": record.address, "label": record.unit.label, "status": record.watch.state, **found, "unit_due": said["due"],
    }  # fmt: skip


def _verify(desk, fields):
    count, wrong = desk.tests.store.verify()
    return {"records": count, "wrong": [{"record": n, "what": what} for n, what in wrong]}


REQUESTS = {
    "test_start": _start, "test_answer": _answer, "test_skip": _skip, "test_stop": _stop, "tests": _tests,
    "test_records": _records, "test_record": _record, "tests_due": _due, "tests_verify": _verify,
}  # fmt: skip
