"""Forged, replayed, moved, oversized and unasked-for messages: counted, listed, and nothing changes."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from host_tests.fakes.desk import KEY
from host_tests.fakes.unit import FakeUnit, seal
from host_tests.fakes.wire import joined


def play(tmp_path, script, faults=()):
    async def run():
        unit = FakeUnit(KEY, faults=faults)
        with joined(tmp_path, unit) as wire:
            will = unit.will()
            wire.up(unit.connected(wire.now_ms))
            await wire.settle()
            await script(wire, unit, will)

    asyncio.run(run())


def calls(wire):
    return [call.view() for call in wire.desk.book.open()]


def test_forged_alarms_raise_nothing_and_are_counted(tmp_path):
    async def script(wire, unit, _):
        unit.faults.add("forged_seal")
        for _ in range(3):
            wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        assert calls(wire) == []
        assert wire.unit_view()["refused"] == {"seal": 3}
        assert [(event["reason"], event["count"]) for event in wire.events("refused")] == [("seal", 1)]
        assert unit.light == "steady"

    play(tmp_path, script)


def test_oversized_and_garbled_ones_are_counted_by_reason(tmp_path):
    async def script(wire, unit, _):
        topic = unit.base + "/alarm"
        for payload in (b"x" * 2049, b"", b"x" * 100, seal(KEY, topic, {"v": 2}), seal(KEY, topic, {"v": 1, "type": "x"})):
            wire.raw(topic, payload)
        wire.raw(topic, seal(KEY, topic, {"v": 1, "type": "alarm"}))
        await wire.settle()
        assert wire.unit_view()["refused"] == {"size": 2, "seal": 1, "version": 1, "type": 1, "field": 1}

    play(tmp_path, script)


def test_messages_for_nobody_are_listed_by_topic(tmp_path):
    async def script(wire, unit, _):
        for topic in ("ils/v1/demo/f99/u1/alarm", "ils/v1/demo/f99/u1/alarm", "weather/today", "ils/v1/demo/f12"):
            wire.raw(topic, b"{}")
        await wire.settle()
        assert wire.desk.strangers.counts == {"ils/v1/demo/f99/u1/alarm": 2, "weather/today": 1, "ils/v1/demo/f12": 1}

    play(tmp_path, script)


def test_everything_said_before_can_be_replayed_in_any_order_without_effect(tmp_path):
    """A hostile broker has kept a whole call of an older session and now plays it again and again."""

    async def script(wire, unit, _):
        await whole_call(wire, unit)
        unit.power_cut()
        unit.boot(wire.now_ms)
        unit.will()
        wire.up(unit.connected(wire.now_ms))
        await wire.settle()
        kept, before = list(unit.sent), (wire.call(), wire.unit_view())
        for order in (kept, kept[::-1], kept[1::2] + kept[::2]):
            for topic, payload in order:
                wire.raw(topic, payload)
            await wire.settle()
        after = (wire.call(), wire.unit_view())
        for field in ("state", "triggers", "escalation", "closed", "inputs"):
            assert after[0][field] == before[0][field]
        for field in ("session", "boot", "status", "faults"):
            assert after[1][field] == before[1][field]
        assert after[1]["refused"]["replay"] > 10
        assert after[1]["refused"]["duplicate"] > 0

    play(tmp_path, script)


async def whole_call(wire, unit):
    wire.up(unit.trigger(wire.now_ms))
    wire.up(unit.fault("held", "cord1", True) + unit.fault("held", "cord1", False))
    await wire.settle()
    wire.act("answer", "centre", "Mary")
    await wire.settle()
    wire.act("clear", "test", "present", "A", None)
    await wire.settle()
    assert wire.call()["state"] == "closed"


def test_a_replayed_command_event_confirms_nothing_twice(tmp_path):
    async def script(wire, unit, _):
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        wire.act("answer", "centre", "Mary")
        await wire.settle()
        confirmation = next(item for item in unit.sent[::-1] if b'"command"' in item[1])
        wire.lose_down = lambda topic, payload: True
        await wire.run(31)
        count = len([down for down in wire.downs if down["type"] == "answered"])
        wire.raw(*confirmation)
        await wire.run(10)
        assert len([down for down in wire.downs if down["type"] == "answered"]) > count

    play(tmp_path, script)


def test_an_alarm_of_an_old_session_that_was_never_heard_is_a_call(tmp_path):
    """P1: it was sealed by the unit, so somebody did pull; late is not wrong."""

    async def script(wire, unit, _):
        late = unit.trigger(wire.now_ms)
        unit.journal["open"] = None  # so that this unit does not send it again itself
        unit.power_cut()
        unit.boot(wire.now_ms)
        unit.will()
        wire.up(unit.connected(wire.now_ms))
        await wire.settle()
        for topic, payload in late:
            wire.raw(topic, payload)
        await wire.settle()
        assert [call["state"] for call in calls(wire)] == ["open"]

    play(tmp_path, script)


def test_the_will_of_a_replaced_connection_does_not_make_a_live_unit_silent(tmp_path):
    async def script(wire, unit, first_will):
        unit.will()
        wire.up(unit.connected(wire.now_ms))
        wire.up([first_will])
        await wire.settle()
        assert wire.unit_view()["status"] == "online"
        assert wire.unit_view()["refused"] == {"old_state": 1}

    play(tmp_path, script)


def test_a_dead_unit_is_silent_by_its_will_and_online_again_by_itself(tmp_path):
    async def script(wire, unit, will):
        wire.up([will])
        unit.power_cut()
        await wire.desk.step()
        assert (wire.unit_view()["status"], wire.unit_view()["reason"]) == ("silent", "will")
        unit.boot(wire.now_ms)
        unit.will()
        wire.up(unit.connected(wire.now_ms))
        await wire.settle()
        assert wire.unit_view()["status"] == "online"

    play(tmp_path, script)


def test_a_unit_that_does_not_answer_a_question_is_silent_within_20_s(tmp_path):
    async def script(wire, unit, _):
        await wire.run(21)
        assert (wire.unit_view()["status"], wire.unit_view()["reason"]) == ("online", "")
        wire.lose_down = lambda topic, payload: True
        (record,) = wire.desk.units.values()
        wire.desk.query(record)
        await wire.run(21)
        assert (wire.unit_view()["status"], wire.unit_view()["reason"]) == ("silent", "no_reply")

    play(tmp_path, script)


def test_without_health_for_two_periods_it_is_flagged_and_asked(tmp_path):
    async def script(wire, unit, _):
        unit.faults.add("mute")
        await wire.run(1201, step_ms=10_000)
        assert wire.unit_view()["health_overdue"] is True
        unit.faults.clear()
        wire.up(unit.health())
        await wire.settle()
        assert wire.unit_view()["health_overdue"] is False

    play(tmp_path, script)


def test_faults_are_shown_until_closed_and_a_health_report_is_the_truth(tmp_path):
    async def script(wire, unit, _):
        wire.up(unit.fault("held", "cord1", True) + unit.fault("line_open", "cord2", True))
        await wire.settle()
        assert wire.unit_view()["faults"] == ["held:cord1", "line_open:cord2"]
        wire.up(unit.fault("held", "cord1", False))
        await wire.settle()
        assert wire.unit_view()["faults"] == ["line_open:cord2"]
        wire.up(unit.health())
        await wire.settle()
        assert wire.unit_view()["faults"] == []

    play(tmp_path, script)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whatever_is_lost_doubled_or_held_back_the_call_ends_closed_once(tmp_path_factory, data):
    """P1, P6: a lossy, doubling and reordering broker; in the end one call, closed, with the light off."""

    async def run():
        unit = FakeUnit(KEY)
        with joined(tmp_path_factory.mktemp("wire"), unit) as wire:
            bad = [data.draw(st.sampled_from(["", "", "lose", "double", "hold"])) for _ in range(25)]
            held = []

            def spoil(topic, payload):
                kind = bad.pop() if bad else ""
                if kind == "double" and topic.endswith("/down"):
                    wire.up(unit.receive(topic, payload, wire.now_ms))
                if kind == "hold" and not topic.endswith("/down"):
                    held.append((topic, payload))
                return kind in ("lose", "hold")

            wire.lose_up = wire.lose_down = spoil
            unit.will()
            wire.up(unit.connected(wire.now_ms) + unit.trigger(wire.now_ms))
            await wire.run(20)
            while not calls(wire):
                await wire.run(16)  # each of its alarms was lost so far; at most 25 are
            if data.draw(st.booleans()):
                wire.kill_desk()
                wire.start_desk()
            wire.act("answer", "centre", "Mary")
            await wire.run(data.draw(st.sampled_from([1, 7, 40])))
            if wire.call()["state"] == "open":
                wire.act("answer", "centre", "Mary")
            wire.act("clear", "test", "present", "A", None)
            await wire.run(20)
            for topic, payload in held:
                wire.raw(topic, payload)
            await wire.run(120)
            assert (wire.call()["state"], unit.light, unit.call) == ("closed", "off", None)
            counters = [down["ctr"] for down in wire.downs]
            assert len(set(counters)) == len(counters)

    asyncio.run(run())
