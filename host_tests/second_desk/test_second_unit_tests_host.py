"""Test calls, an engineer's test, its records and proofs of the second unit, at the reference desk: docs/desk-api.md, "Tests"."""

import asyncio
import contextlib

from .flat_tests import NO_RECORD
from .house import ADDRESS, until
from .office import events_of, heard_by, office_of

_FLAT = {"unit": ADDRESS}


async def _view(api, number):
    return (await api.do("call", call=number))["call"]


@contextlib.asynccontextmanager
async def _a_call(api, unit, number, rings=1):
    """A test call that has become real within: it rings, is nobody's, and is ended by people."""
    before = len(events_of(api, "ring"))
    yield
    await until(lambda: len(events_of(api, "ring")) == before + rings, "people are rung")
    await until(lambda: unit.light == "flashing", "received, and not answered")
    view = await _view(api, number)
    assert (view["test"], view["state"], view["held_by"], view["ringing"]) == (False, "open", None, ["centre"])
    await api.do("answer", call=number, who="Mary")
    await until(lambda: unit.light == "double", "answered")
    await api.do("clear", call=number, outcome="mistake", basis="present", who="A. Jones")
    await until(lambda: unit.light == "off", "over")
    closed = await until(lambda: events_of(api, "call", why="CLEARED", number=number), "closed")
    assert closed[0]["view"]["closed"]["outcome"] == "mistake"


def test_a_test_call_rings_nobody_and_rings_when_it_becomes_real_at_each_moment(tmp_path):
    async def scene():
        async with office_of(tmp_path, timers={"test_call_s": 0.3}) as (house, api, unit):
            await _a_test_call(api, unit)
            for number, moment in enumerate((_before_the_receipt, _before_its_alarm_is_here, _out_of_order,
                                             _as_the_clear_is_on_its_way), 2):
                async with _a_call(api, unit, number):
                    await moment(house, api, unit)
            await _a_second_test_pull_crosses_the_clear(api, unit)
            assert {message["who"] for message in heard_by(unit, "answered")} == {"test", "Mary"}

    asyncio.run(scene())


async def _a_test_call(api, unit):
    unit.pull("test")
    await until(lambda: unit.light == "double", "received and answered")
    assert (await _view(api, 1))["held_by"]["party"] == "test"
    refusal = await api.ask("answer", call=1, who="test")
    assert refusal["error"]["code"] == "field", "nobody can answer as test"
    await until(lambda: unit.light == "off", "cleared")
    closed = (await until(lambda: events_of(api, "call", why="CLEARED"), "closed"))[0]["view"]["closed"]
    assert (closed["outcome"], closed["who"]) == ("test", "test") and events_of(api, "ring") == []
    assert [(one["basis"], one["who"]) for one in heard_by(unit, "clear")] == [("present", "test")]


def _pull_unheard(unit, cause="activated"):
    """Its first alarm is lost on the way."""
    unit.silent = True
    unit.pull(cause)
    unit.silent = False


async def _before_the_receipt(house, api, unit):
    await api.do("inject", mode="withhold_receipts", value=-1)
    unit.pull("test")
    await until(lambda: events_of(api, "alarm", number=2), "the desk has the test call")
    unit.pull()
    await until(lambda: events_of(api, "ring"), "people are rung, whatever the receipts do")
    await api.do("inject", mode="withhold_receipts", value=0)
    await api.do("query", unit=ADDRESS)


async def _before_its_alarm_is_here(house, api, unit):
    """The alarm that tells is lost; the unit's refusals tell it as well."""
    unit.pull("test")
    await until(lambda: unit.light == "double", "the automatic answer")
    _pull_unheard(unit)
    await until(lambda: (events_of(api, "command", do="clear", ok=False, reason="not_answered")
                         and events_of(api, "command", do="answered", ok=False, reason="newer_trigger")), "the unit's word")
    await until(lambda: len(events_of(api, "ring")) == 2, "people are rung")
    assert not events_of(api, "alarm", number=3, test=False), "before the alarm is here"


async def _out_of_order(house, api, unit):
    """The network brings the older alarm, which says that it is a test, behind the newer one."""
    unit.silent = True
    older, newer = unit.pull("test"), unit.pull()
    unit.silent = False
    await house.say(newer, unit.base + "alarm")
    await until(lambda: events_of(api, "alarm", number=4, triggers=2), "the newer one")
    await house.say(older, unit.base + "alarm")
    await until(lambda: events_of(api, "alarm", number=4, triggers=1), "the older one")


async def _as_the_clear_is_on_its_way(house, api, unit):
    unit.pull("test")
    unit.obeys = False
    await until(lambda: heard_by(unit, "clear")[-1]["call"] == unit.call["call"], "the clear")
    unit.pull()
    unit.obeys = True


async def _a_second_test_pull_crosses_the_clear(api, unit):
    rings = len(events_of(api, "ring"))
    unit.pull("test")
    await until(lambda: unit.light == "double", "the automatic answer")
    _pull_unheard(unit, "test")
    await until(lambda: events_of(api, "command", do="clear", ok=False, reason="newer_trigger"), "the unit's word")
    await until(lambda: unit.light == "off", "cleared all the same")
    assert heard_by(unit, "clear")[-1]["triggers"] == 2 and len(events_of(api, "ring")) == rings


def test_an_engineers_test_and_its_record_are_told_and_kept(tmp_path):
    async def scene():
        async with office_of(tmp_path, timers={"test_call_s": 0.3}) as (house, api, unit):
            await api.do("test_start", **_FLAT, who="E. Ngineer", witness="A. Tenant")
            await until(lambda: events_of(api, "test"), "it begins")
            assert (await api.ask("test_start", **_FLAT, who="E. Ngineer"))["error"]["code"] == "running"
            unit.pull("test")
            await until(lambda: unit.light == "off" and unit.call is None, "the test call is over")
            unit.tests.done("pull:cord1", "pass", "", 120)
            await api.do("test_answer", **_FLAT, step="ask:cord1:reach", value="no")
            await until(lambda: events_of(api, "test_command", do="answer", state="done"), "answered")
            await api.do("test_skip", **_FLAT, step="load", why="no time", who="E. Ngineer")
            await until(lambda: unit.tests.stored, "stored")
            view = (await api.do("tests"))["tests"][0]
            assert (view["state"], view["verdict"], view["who"], view["witness"]) == (
                "ended", "PASS WITH DEFECTS", "E. Ngineer", "A. Tenant")
            assert view["results"] == [["pull:cord1", "pass", ""], ["ask:cord1:reach", "fail", "no"], ["load", "skip", "no time"]]
            record = (await api.do("test_record", record=1))["record"]
            assert (record["sha256"], record["prev"], record["flags"]) == (unit.tests.prev, NO_RECORD, [])
            unit.say("event", event="proof", id="c0ffee01", path="broker1")
            assert (await until(lambda: heard_by(unit, "proof"), "the proof"))[0]["id"] == "c0ffee01"
            await _muddled_records(api, unit)

    asyncio.run(scene())


async def _muddled_records(api, unit):
    """Doubled and out of order; with a wrong hash; with one missing before it; and one that was stored already."""
    first = unit.tests.prev
    text = unit.tests.text("00000002", "INCOMPLETE", [["load", "open", "", None]])
    parts = unit.tests.parts("00000002", text)
    assert len(parts) > 3
    for part in [*parts[:0:-1], parts[-1], parts[1]]:
        unit.say("event", **part)
    wrong = unit.tests.parts("00000003", text, sha256="ab" * 32)
    for part in wrong:
        unit.say("event", **part)
    await until(lambda: events_of(api, "refused", reason="record_sha256"), "a wrong hash")
    assert "00000002" not in unit.tests.stored, "one part is missing"
    unit.say("event", **parts[0])
    await until(lambda: "00000002" in unit.tests.stored, "whole")
    gap = unit.tests.text("00000004", "INCOMPLETE", [["load", "open", "", None]], prev="cd" * 32)
    for part in unit.tests.parts("00000004", gap) + parts:
        unit.say("event", **part)
    await until(lambda: unit.tests.stored.count("00000002") >= 2 and "00000004" in unit.tests.stored, "said again")
    records = (await api.do("test_records", **_FLAT))["records"]
    assert [(record["test"], record["flags"]) for record in records][1:] == [("00000002", []), ("00000004", ["gap"])]
    assert records[1]["prev"] == first and "00000003" not in unit.tests.stored
    assert (await api.do("tests_verify"))["records"] == 3


def test_a_unit_that_does_not_know_what_came_later_is_served_and_rings(tmp_path):
    async def scene():
        async with office_of(tmp_path, lies=True) as (_, api, unit):
            unit.lacks = ("test", "clean", "mode", "mains", "battery", "resets", "proven", "tested", "due")
            unit.say("event", event="started", cause="power_on", firmware="older", open_call=None, clean=True, mode="full")
            await until(lambda: events_of(api, "started", firmware="older", clean=None, mode=None), "its start")
            await api.do("query", unit=ADDRESS)
            await until(lambda: events_of(api, "health"), "its report")
            unit.pull("test")
            await until(lambda: events_of(api, "ring", number=1), "people are rung")
            await until(lambda: unit.light == "flashing", "received")
            unit.lacks, before = (), len(events_of(api, "alarm", number=1))
            unit.alarm()
            await until(lambda: len(events_of(api, "alarm", number=1)) > before, "a copy that knows")
            assert not (await _view(api, 1))["test"] and events_of(api, "refused") == []

    asyncio.run(scene())
