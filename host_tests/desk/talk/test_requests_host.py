"""Speech and welfare over the API, as docs/desk-api.md says: right requests, wrong ones, and what is kept."""

import asyncio
import contextlib
import json

import pytest

from host_tests.fakes.desk import KEY
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.wire import joined
from tools.desk.requests import REQUESTS
from tools.desk.switchboard import DeskError

UNIT = "demo/f12/u1"
WELL = {"well": True, "help": False, "mood": 4, "note": "wants a new bulb"}


def play(tmp_path, script, **config):
    async def run():
        unit = FakeUnit(KEY)
        with joined(tmp_path, unit, timers={"media_silent_s": 3600}, **config) as wire:
            unit.will()
            wire.up(unit.connected(wire.now_ms))
            await wire.settle()
            await script(wire, unit)

    asyncio.run(run())


async def ask(wire, do, **fields):
    """The reply, after everything that follows from it."""
    reply = json.loads(json.dumps(REQUESTS[do](wire.desk, fields)))
    await wire.settle()
    return reply


@contextlib.contextmanager
def expect_refusal(code):
    with pytest.raises(DeskError) as error:
        yield
    assert (error.value.code, bool(str(error.value))) == (code, True)


async def raised(wire, unit):
    wire.up(unit.trigger(wire.now_ms))
    await wire.settle()


def test_a_call_is_answered_with_speech_in_one_request(tmp_path):
    async def script(wire, unit):
        await raised(wire, unit)
        reply = await ask(wire, "answer", call=1, who="Mary", talk=True)
        assert (reply["call"]["state"], reply["talk_error"]) == ("answered", None)
        (view,) = (await ask(wire, "sessions"))["sessions"]
        assert (view["sid"], view["state"], view["who"]) == (reply["session"]["sid"], "connected", "Mary")
        assert (await ask(wire, "hang_up", sid=view["sid"]))["session"]["reason"] == "clear_down"
        assert (await ask(wire, "sessions"))["sessions"] == []
        (view,) = (await ask(wire, "sessions", ended=True))["sessions"]
        assert (view["state"], view["reason"], view["number"]) == ("ended", "clear_down", 1)
        assert (await ask(wire, "talk", call=1))["session"]["who"] == "Mary"

    play(tmp_path, script)


def test_an_answer_stands_when_there_is_no_port_for_its_speech(tmp_path):
    async def script(wire, unit):
        await raised(wire, unit)
        wire.desk.talks._conductor._endpoint = lambda: _NoPort()
        reply = await ask(wire, "answer", call=1, talk=True)
        assert (reply["call"]["state"], reply["session"], reply["talk_error"]["code"]) == ("answered", None, "media")

    play(tmp_path, script)


class _NoPort:
    def offer(self):
        raise OSError(98, "in use")


def test_the_holder_who_answers_a_call_from_a_welfare_session_keeps_name_and_speech(tmp_path):
    async def script(wire, unit):
        sid = (await ask(wire, "welfare", unit=UNIT, who="Mary"))["session"]["sid"]
        await wire.run(4)
        await raised(wire, unit)
        reply = await ask(wire, "answer", call=1, talk=True)
        assert (reply["call"]["held_by"]["who"], reply["session"]["sid"]) == ("Mary", sid)
        assert reply["session"]["kind"] == "alarm"

    play(tmp_path, script)


def test_controls_and_digits_go_to_the_named_session_only(tmp_path):
    async def script(wire, unit):
        sid = (await ask(wire, "intercom", unit=UNIT, who="Mary"))["session"]["sid"]
        for do, fields in (("control", {"command": "talk"}), ("digit", {"digit": "1"})):
            with expect_refusal("not_connected"):
                await ask(wire, do, sid=sid, **fields)
            with expect_refusal("no_such_session"):
                await ask(wire, do, sid="0" * 16, **fields)
        await wire.run(4)
        await ask(wire, "control", sid=sid, command="hold")
        assert unit.speech.controls == ["hold"]
        with expect_refusal("not_connected"):  # the fake unit agrees on no digits
            await ask(wire, "digit", sid=sid, digit="1")

    play(tmp_path, script)


def test_each_wrong_request_is_refused_with_its_code(tmp_path):
    async def script(wire, unit):
        sid = (await ask(wire, "welfare", unit=UNIT, who="Mary"))["session"]["sid"]
        for do, fields, code in (
            ("talk", {"call": 9}, "no_such_call"), ("talk", {}, "field"), ("talk", {"call": 1, "who": ""}, "no_such_call"),
            ("intercom", {"unit": UNIT}, "field"), ("intercom", {"unit": "a/b/c", "who": "M"}, "no_such_unit"),
            ("intercom", {"unit": UNIT, "who": "x" * 33}, "field"), ("door", {"unit": UNIT, "who": "M"}, "busy"),
            ("welfare", {"unit": UNIT, "who": "Bob"}, "busy"), ("welfare", {"unit": UNIT, "who": "M", "take_over": 1}, "field"),
            ("control", {"sid": sid, "command": "shout"}, "field"), ("control", {"sid": "x", "command": "talk"}, "field"),
            ("control", {"command": "talk"}, "field"), ("digit", {"sid": sid, "digit": "12"}, "field"),
            ("digit", {"sid": sid, "digit": 1}, "field"), ("hang_up", {"sid": None}, "field"),
            ("sessions", {"ended": 1}, "field"), ("sessions", {"limit": 0}, "field"),
            ("welfare_log", {"unit": "x"}, "no_such_unit"), ("microphone_log", {"since": -1}, "field"),
            ("ok_log", {"limit": 1001}, "field"), ("ok_log", {"newest": 1}, "field"), ("no_answer_log", {"unit": 7}, "field"),
        ):  # fmt: skip
            with expect_refusal(code):
                await ask(wire, do, **fields)

    play(tmp_path, script)


def test_a_unit_never_heard_of_cannot_be_called(tmp_path):
    async def script(wire, unit):
        with expect_refusal("unreachable"):
            await ask(wire, "welfare", unit="demo/f13/u1", who="Mary")

    async def run():
        units = FakeUnit(KEY), FakeUnit(KEY, flat="f13")
        with joined(tmp_path, *units) as wire:
            await script(wire, None)

    asyncio.run(run())


def test_a_welfare_outcome_is_recorded_with_its_answers_and_the_words_of_the_questions(tmp_path):
    async def script(wire, unit):
        sid = (await ask(wire, "welfare", unit=UNIT, who="Mary"))["session"]["sid"]
        await wire.run(4)
        questions = (await ask(wire, "welfare_questions"))["questions"]
        assert {"well", "help"} <= {question["id"] for question in questions if question["required"]}
        said = {"sid": sid, "who": "Mary", "outcome": "well"}
        for answers in ({}, {"well": True}, {**WELL, "well": "yes"}, {**WELL, "mood": 6}, {**WELL, "cat": True}, []):
            with expect_refusal("field"):
                await ask(wire, "welfare_outcome", **said, answers=answers)
        for fields in ({**said, "outcome": "fine"}, {**said, "note": "x" * 1001}, {**said, "who": ""}):
            with expect_refusal("field"):
                await ask(wire, "welfare_outcome", **{"answers": WELL, **fields})
        with expect_refusal("no_such_session"):
            await ask(wire, "welfare_outcome", **{**said, "sid": "0" * 16}, answers=WELL)
        await ask(wire, "hang_up", sid=sid)
        recorded = (await ask(wire, "welfare_outcome", **said, answers=WELL, note="door bell broken"))["outcome"]
        assert (recorded["answers"], recorded["unit"], recorded["evidence"]) == (WELL, UNIT, None)
        assert recorded["asked"]["mood"].startswith("How are your spirits")
        assert (await ask(wire, "welfare_log", unit=UNIT))["entries"] == [recorded]
        assert (await ask(wire, "welfare_log", since=recorded["n"]))["entries"] == []
        assert wire.events("welfare")[-1]["outcome"] == "well"

    play(tmp_path, script)


def test_nobody_answered_stands_in_the_log_with_the_units_evidence(tmp_path):
    async def script(wire, unit):
        unit.speech.answering = "press"
        sid = (await ask(wire, "welfare", unit=UNIT, who="Mary"))["session"]["sid"]
        await wire.run(50)
        await ask(wire, "welfare_outcome", sid=sid, who="Mary", outcome="no_answer")
        (entry,) = (await ask(wire, "welfare_log"))["entries"]
        assert (entry["outcome"], entry["evidence"]["rings"]) == ("no_answer", 9)
        (entry,) = (await ask(wire, "no_answer_log", unit=UNIT))["entries"]
        assert (entry["sid"], entry["evidence"]["announced"], entry["late"]) == (sid, True, False)

    play(tmp_path, script)


def test_each_opening_of_the_microphone_can_be_listed_also_one_that_was_held_back_through_a_reset(tmp_path):
    async def script(wire, unit):
        kept = []
        wire.lose_up = lambda topic, payload: b'"microphone"' in payload and not kept.append((topic, payload))
        sid = (await ask(wire, "intercom", unit=UNIT, who="Mary"))["session"]["sid"]
        await wire.run(4)
        unit.boot(wire.now_ms)
        unit.will()
        wire.up(unit.connected(wire.now_ms))
        await wire.settle()
        wire.lose_up = lambda topic, payload: False
        for topic, payload in kept * 3:
            wire.raw(topic, payload)
        await wire.settle()
        (entry,) = (await ask(wire, "microphone_log"))["entries"]
        assert (entry["open"], entry["sid"], entry["who"], entry["why"]) == (True, sid, "Mary", "intercom_auto")
        assert (entry["late"], entry["unit"]) == (True, UNIT)
        assert wire.unit_view()["refused"]["replay"] == 2

    play(tmp_path, script)


def test_a_missed_ok_is_an_alert_and_a_pressed_one_is_not(tmp_path):
    async def script(wire, unit):
        wire.up([unit._message("event", event="ok", state="pressed", day="2026-11-21")])
        await wire.settle()
        assert wire.events("alert") == []
        wire.up([unit._message("event", event="ok", state="missed", day="2026-11-22")])
        await wire.settle()
        (alert,) = wire.events("alert")
        assert (alert["party"], alert["number"]) == ("centre", None)
        assert "2026-11-22" in alert["note"]
        assert [entry["state"] for entry in (await ask(wire, "ok_log", newest=True, limit=1))["entries"]] == ["missed"]
        assert [entry["state"] for entry in (await ask(wire, "ok_log", limit=1))["entries"]] == ["pressed"]
        entries = (await ask(wire, "ok_log"))["entries"]
        assert [(entry["state"], entry["day"]) for entry in entries] == [("pressed", "2026-11-21"), ("missed", "2026-11-22")]

    play(tmp_path, script)
