"""Test calls at the desk: they ring nobody and end by themselves, and the first real pull is a call like any other (P4, P7)."""

import json

import pytest

from host_tests.desk.test_call_in_memory_host import play
from host_tests.fakes.unit import seal
from tools.desk.switchboard import DeskError

TEST = {"name": "button", "kind": "button", "location": "hall", "cause": "test"}


async def pull(wire, unit, **fields):
    wire.up(unit.trigger(wire.now_ms, **{**TEST, **fields}))
    await wire.settle()


async def pull_for_real(wire, unit):
    wire.up(unit.trigger(wire.now_ms, location="bedroom"))
    await wire.settle()


def changed(unit, message, **fields):
    """The message under its seal again with other fields; None takes a field away."""
    topic, payload = message
    body = {key: value for key, value in {**json.loads(payload), **fields}.items() if key != "mac" and value is not None}
    return topic, seal(unit.key, topic, body)


def rung(wire):
    return [ring["parties"] for ring in wire.events("ring")]


def test_a_test_call_gets_receipt_answer_and_clear_and_rings_nobody(tmp_path):
    async def script(wire, unit):
        await pull(wire, unit)
        call = wire.call()
        assert (unit.light, call["test"], call["state"], call["held_by"]["who"]) == ("double", True, "answered", "test")
        await wire.run(1.5)
        assert unit.light == "double", "a person in the flat has time to see the light"
        await wire.run(1)
        call = wire.call()
        assert (unit.light, call["state"], rung(wire), wire.events("alert")) == ("off", "closed", [], [])
        assert (call["closed"]["by"], call["closed"]["outcome"], call["closed"]["who"]) == ("service", "test", "test")
        assert [down["type"] for down in wire.downs if down["type"] != "query"] == ["receipt", "answered", "clear"]
        assert wire.downs[-1]["basis"] == "present"

    play(tmp_path, script)


def test_a_walk_from_cord_to_cord_is_one_test_call_and_clears_after_the_last(tmp_path):
    async def script(wire, unit):
        for name in ("cord1", "cord2", "button"):
            await pull(wire, unit, name=name)
            await wire.run(1.5)
        assert (wire.call()["triggers"], wire.call()["state"]) == (3, "answered")
        await wire.run(1)
        assert (wire.call()["state"], wire.downs[-1]["triggers"], rung(wire)) == ("closed", 3, [])

    play(tmp_path, script)


@pytest.mark.parametrize("after_s", [0, 1.9])
def test_a_real_pull_in_a_test_call_rings_at_once_and_is_cleared_by_people_only(tmp_path, after_s):
    async def script(wire, unit):
        await pull(wire, unit)
        await wire.run(after_s)
        await pull_for_real(wire, unit)
        assert (rung(wire), wire.call()["test"], wire.call()["state"]) == ([["centre"]], False, "open")
        assert wire.call()["held_by"] is None
        await wire.run(55)
        assert (wire.call()["state"], unit.call.escalation) == ("open", 0)
        wire.act("answer", "centre", "Mary")
        await wire.settle()
        assert unit.light == "double"
        await wire.run(200)
        assert wire.call()["state"] == "answered", "nothing clears it by itself"
        wire.act("clear", "mistake", "present", "A. Jones", None)
        await wire.settle()
        assert (wire.call()["state"], unit.light) == ("closed", "off")

    play(tmp_path, script)


def test_the_clear_that_crosses_the_real_pull_is_refused_and_the_desk_rings(tmp_path):
    async def script(wire, unit):
        await pull(wire, unit)
        wire.lose_down = lambda topic, payload: b'"clear"' in payload
        await wire.run(2.5)
        assert wire.call()["state"] == "clearing"
        wire.lose_down = lambda topic, payload: False
        late = unit.trigger(wire.now_ms, location="bedroom")  # it is under way when the next clear goes out
        await wire.run(4, step_ms=100)
        refused = [event for event in wire.events("command") if event["reason"] == "newer_trigger"]
        assert [event["do"] for event in refused][:1] == ["clear"]
        assert (rung(wire)[0], wire.call()["test"], unit.call is None) == (["centre"], False, False)
        wire.up(late)
        await wire.settle()
        assert wire.call()["state"] == "open"

    play(tmp_path, script)


def test_the_units_refusal_of_the_automatic_answer_rings_before_its_alarm_is_here(tmp_path):
    async def script(wire, unit):
        await pull(wire, unit)
        wire.lose_up = lambda topic, payload: topic.endswith("/alarm")
        unit.trigger(wire.now_ms, location="bedroom")
        await wire.run(3)
        assert (rung(wire), wire.call()["triggers"], wire.call()["test"]) == ([["centre"]], 1, False)
        wire.lose_up = lambda topic, payload: False
        await wire.run(16)
        assert (wire.call()["triggers"], wire.call()["state"]) == (2, "open")

    play(tmp_path, script)


def test_test_pulls_that_cross_the_clear_end_cleared_all_the_same(tmp_path):
    async def script(wire, unit):
        await pull(wire, unit)
        wire.lose_up = lambda topic, payload: topic.endswith("/alarm")
        unit.trigger(wire.now_ms, **TEST)
        await wire.run(3)
        assert "newer_trigger" in [event["reason"] for event in wire.events("command")]
        wire.lose_up = lambda topic, payload: False
        await wire.run(25)
        assert (wire.call()["state"], rung(wire), unit.light) == ("closed", [], "off")

    play(tmp_path, script)


def test_in_doubt_an_alarm_is_real(tmp_path):
    """`test` false with cause test, no `test` at all, `test` of another type, or `test` true with another cause."""
    for fields in ({"test": False}, {"test": None}, {"test": 1}, {"test": "true"}, {"inputs": "activated"}):

        async def script(wire, unit, fields=fields):
            (message,) = unit.trigger(wire.now_ms, **TEST)
            if "inputs" in fields:
                (one,) = json.loads(message[1])["inputs"]
                fields = {"inputs": [{**one, "cause": "activated"}]}
            wire.raw(*changed(unit, message, **fields))
            await wire.settle()
            assert (wire.call()["test"], wire.call()["state"], rung(wire)) == (False, "open", [["centre"]])

        play(tmp_path / repr(sorted(fields.items())), script)


def test_a_late_copy_of_a_test_alarm_does_not_make_a_real_call_a_test_again(tmp_path):
    async def script(wire, unit):
        (copy,) = unit.trigger(wire.now_ms, **TEST)
        wire.up([copy])
        await wire.settle()
        await pull_for_real(wire, unit)
        wire.raw(*changed(unit, copy, seq=unit._seq + 1, triggers=9))
        await wire.settle()
        await wire.run(10)
        assert (wire.call()["test"], wire.call()["state"]) == (False, "open")

    play(tmp_path, script)


@pytest.mark.parametrize("until_s", [0, 2])
def test_a_restart_of_the_desk_goes_on_with_a_test_call_and_with_its_becoming_real(tmp_path, until_s):
    for is_real in (False, True):

        async def script(wire, unit, is_real=is_real):
            await pull(wire, unit)
            wire.lose_down = lambda topic, payload: b'"clear"' in payload
            await wire.run(until_s)
            wire.kill_desk()
            wire.start_desk()
            await wire.settle()
            assert wire.call()["test"] is True
            wire.lose_down = lambda topic, payload: False
            if is_real:
                await pull_for_real(wire, unit)
                wire.kill_desk()
                wire.start_desk()
                await wire.settle()
            await wire.run(4)
            wanted = ("open", False) if is_real else ("closed", True)
            assert (wire.call()["state"], wire.call()["test"], bool(rung(wire))) == (*wanted, is_real)

        play(tmp_path / str(is_real), script)


def test_a_desk_that_knew_no_tests_has_left_calls_that_are_real(tmp_path):
    async def script(wire, unit):
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        wire.desk.store.db.execute("UPDATE calls SET body = json_remove(body, '$.test')")
        wire.kill_desk()
        wire.start_desk()
        await wire.settle()
        assert (wire.call()["test"], wire.call()["state"]) == (False, "open")

    play(tmp_path, script)


def test_a_test_call_that_does_not_end_is_brought_before_people(tmp_path):
    async def script(wire, unit):
        await pull(wire, unit)
        await wire.run(70)
        (alert,) = wire.events("alert")
        assert (alert["party"], "test call of flat f12 does not end" in alert["note"], rung(wire)) == ("centre", True, [])

    play(tmp_path, script, faults=["never_clears"])


def test_a_test_call_ends_whatever_is_lost_on_the_way(tmp_path):
    for faults in (["loses_cleared"], ["duplicate_alarms"], ["not_answered"]):

        async def script(wire, unit):
            await pull(wire, unit)
            await wire.run(3)
            unit.faults.clear()
            await wire.run(35)
            assert (wire.call()["state"], rung(wire), unit.light) == ("closed", [], "off")

        play(tmp_path / faults[0], script, faults=faults)


def test_a_power_cut_of_the_unit_in_a_test_call_leaves_a_test_call(tmp_path):
    async def script(wire, unit):
        await pull(wire, unit)
        unit.power_cut()
        await wire.run(20)
        unit.boot(wire.now_ms)
        unit.will()
        wire.up(unit.connected(wire.now_ms))
        await wire.run(10)
        assert (wire.call()["state"], rung(wire), unit.light) == ("closed", [], "off")

    play(tmp_path, script)


def test_nobody_answers_by_the_name_of_the_automaton(tmp_path):
    async def script(wire, unit):
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        with pytest.raises(DeskError) as refused:
            wire.act("answer", "centre", "test")
        assert (refused.value.code, wire.call()["state"]) == ("field", "open")

    play(tmp_path, script)


def test_a_person_may_take_a_test_call_and_then_it_waits_for_that_person(tmp_path):
    async def script(wire, unit):
        await pull(wire, unit)
        wire.act("answer", "centre", "Mary")
        await wire.run(30)
        assert (wire.call()["state"], wire.call()["held_by"]["who"], unit.light) == ("answered", "Mary", "double")

    play(tmp_path, script)
