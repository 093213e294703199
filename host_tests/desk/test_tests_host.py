"""An engineer's test through the desk: commands until it is heard what became of them, the course, the record and `stored`."""

import json

import pytest

from host_tests.desk.test_call_in_memory_host import play
from host_tests.fakes.unit_tests import STEPS
from tools.desk.requests import REQUESTS
from tools.desk.switchboard import DeskError

UNIT = "demo/f12/u1"


def ask(wire, do, **fields):
    return REQUESTS[do](wire.desk, {"unit": UNIT, **fields})


async def begun(wire):
    ask(wire, "test_start", who="E. Ngineer", witness="Ann")
    await wire.settle()
    return view(wire)


def view(wire):
    return wire.desk.tests.view(UNIT)


async def walk(wire, unit, but=()):
    """Every step, each as a human or the unit would; those of `but` are left."""
    for step in STEPS:
        if step in but:
            continue
        if step.startswith("ask:"):
            ask(wire, "test_answer", step=step, value="yes")
        else:
            wire.up(unit.test.done(step, "pass", "142 ms"))
        await wire.settle()


def commands(wire):
    return [(event["do"], event["state"], event["reason"]) for event in wire.events("test_command") if event["state"] != "owed"]


def records(wire):
    return REQUESTS["test_records"](wire.desk, {})["records"]


def test_a_whole_test_is_begun_followed_recorded_and_stored(tmp_path):
    async def script(wire, unit):
        seen = await begun(wire)
        assert (seen["state"], seen["step"], seen["left"], seen["who"]) == ("running", "", list(STEPS), "E. Ngineer")
        await wire.run(1)
        assert view(wire)["step"] == STEPS[0], "announced; from now on pulls are the test's"
        await walk(wire, unit)
        seen = view(wire)
        assert (seen["state"], seen["verdict"], len(seen["results"])) == ("ended", "PASS", len(STEPS))
        (record,) = records(wire)
        assert (record["verdict"], record["flags"], record["test"], record["unit"]) == ("PASS", [], seen["test"], UNIT)
        whole = REQUESTS["test_record"](wire.desk, {"record": record["n"]})["record"]
        assert json.loads(whole["text"].splitlines()[0])["witness"] == "Ann"
        assert unit.test.unstored == {}, "the unit was told that it is kept"
        assert commands(wire) == [("start", "done", "")] + [("answer", "done", "")] * 2

    play(tmp_path, script)


def test_stored_is_said_only_after_the_record_is_on_disk(tmp_path):
    async def script(wire, unit):
        await begun(wire)
        wire.up(unit.test.end())
        kept = []
        wire.lose_down = lambda topic, payload: b'"stored"' in payload and bool(kept.append(len(records(wire))))
        await wire.settle()
        assert kept == [1]

    play(tmp_path, script)


@pytest.mark.parametrize("fault", ["parts_backwards", "parts_doubled", "part_lost", "part_forged"])
def test_a_record_comes_together_from_parts_in_any_order_doubled_lost_and_forged(tmp_path, fault):
    async def script(wire, unit):
        await begun(wire)
        await walk(wire, unit)
        if fault in ("part_lost", "part_forged"):
            assert (records(wire), len(unit.test.unstored)) == ([], 1)
            wire.up(unit.test.send())  # an hour later
            await wire.settle()
        (record,) = records(wire)
        assert (record["verdict"], record["flags"], unit.test.unstored) == ("PASS", [], {})
        refused = wire.unit_view()["refused"].get("record_sha256", 0)
        assert refused == (1 if fault == "part_forged" else 0)

    play(tmp_path, script, faults=[fault])


def test_a_record_whose_stored_was_lost_is_kept_once_and_stored_is_said_again(tmp_path):
    async def script(wire, unit):
        await begun(wire)
        wire.lose_down = lambda topic, payload: b'"stored"' in payload
        await walk(wire, unit)
        assert len(unit.test.unstored) == 1
        wire.kill_desk()
        wire.start_desk()
        wire.lose_down = lambda topic, payload: False
        wire.up(unit.test.send())
        await wire.settle()
        assert (len(records(wire)), unit.test.unstored) == (1, {})

    play(tmp_path, script)


def test_a_record_that_comes_after_a_reset_of_the_unit_is_taken(tmp_path):
    async def script(wire, unit):
        await begun(wire)
        wire.lose_up = lambda topic, payload: b"test_record" in payload
        await walk(wire, unit, but=STEPS[-1:])
        wire.up(unit.test.end())
        wire.lose_up = lambda topic, payload: False
        unit.power_cut()
        unit.boot(wire.now_ms)
        unit.will()
        wire.up(unit.connected(wire.now_ms))
        await wire.settle()
        assert [record["verdict"] for record in records(wire)] == ["INCOMPLETE"]
        assert unit.test.unstored == {}

    play(tmp_path, script)


def test_records_form_a_line_and_a_gap_or_a_fork_is_stored_flagged_and_alerted(tmp_path):
    async def script(wire, unit):
        async def one(lost=False, first=False):
            await begun(wire)
            if first:
                unit.test.records.clear()
            wire.lose_up = lambda topic, payload: lost and b"test_record" in payload
            wire.up(unit.test.end())
            await wire.settle()
            unit.test.unstored.clear()

        await one()
        await one()
        await one(lost=True)
        await one()
        await one(first=True)
        assert [record["flags"] for record in records(wire)] == [[], [], ["gap"], ["fork"]]
        notes = [alert["note"] for alert in wire.events("alert")]
        assert "a record before it is missing" in notes[0]
        assert "does not follow" in notes[1]
        assert REQUESTS["tests_verify"](wire.desk, {}) == {"records": 4, "wrong": []}

    play(tmp_path, script)


def test_a_command_whose_first_message_is_lost_is_sent_again_under_a_new_number(tmp_path):
    async def script(wire, unit):
        ask(wire, "test_start", who="E")
        await wire.run(3)
        assert (view(wire)["state"], commands(wire)) == ("running", [("start", "done", "")])
        ask(wire, "test_answer", step="ask:light", value="no")
        await wire.run(3)
        sent = [down["ctr"] for down in wire.downs if down["type"] == "test"]
        assert (len(sent), sorted(set(sent))) == (4, sent)
        assert ["ask:light", "fail", ""] in view(wire)["results"]

    play(tmp_path, script, faults=["test_twice_deaf"])


def test_a_command_that_was_taken_counts_as_taken_when_its_word_is_lost(tmp_path):
    """The second message is refused as `running` or `no_step`, or the course shows it."""

    async def script(wire, unit):
        wire.lose_up = lambda topic, payload: b'"command"' in payload or b'"event":"test"' in payload
        ask(wire, "test_start", who="E")
        await wire.settle()
        wire.lose_up = lambda topic, payload: b'"event":"test"' in payload
        await wire.run(3)
        wire.lose_up = lambda topic, payload: False
        assert commands(wire) == [("start", "done", "running")]
        wire.up(unit.test.pause())
        await wire.settle()
        wire.lose_up = lambda topic, payload: b'"command"' in payload
        ask(wire, "test_answer", step="ask:light", value="yes")
        await wire.settle()
        assert commands(wire)[1:] == [("answer", "done", "")]
        ask(wire, "test_stop")
        await wire.settle()
        assert commands(wire)[2:] == [("stop", "done", "")]

    play(tmp_path, script)


def test_what_the_unit_refuses_is_told_with_its_reason_and_not_sent_again(tmp_path):
    async def script(wire, unit):
        ask(wire, "test_start", who="E")
        await wire.run(30)
        assert commands(wire) == [("start", "refused", "busy")]
        assert len([down for down in wire.downs if down["type"] == "test"]) == 1

    play(tmp_path, script, faults=["test_refused"])


def test_a_start_that_nobody_answers_is_given_up_after_60_s_and_never_sent_later(tmp_path):
    async def script(wire, unit):
        wire.lose_down = lambda topic, payload: b'"start"' in payload
        ask(wire, "test_start", who="E")
        await wire.run(61)
        assert commands(wire) == [("start", "no_reply", "")]
        wire.lose_down = lambda topic, payload: False
        await wire.run(60)
        assert not unit.test.is_on

    play(tmp_path, script)


def test_what_cannot_be_asked_is_refused_at_once_in_words(tmp_path):
    async def script(wire, unit):
        for do, fields, code in (
            ("test_answer", {"step": "ask:light", "value": "yes"}, "no_test"),
            ("test_stop", {}, "no_test"),
            ("test_start", {"who": ""}, "field"),
            ("test_start", {"who": "E", "witness": "W" * 65}, "field"),
            ("test_start", {"who": "E", "unit": "demo/f99/u1"}, "no_such_unit"),
            ("test_record", {"record": 7}, "no_such_record"),
        ):
            with pytest.raises(DeskError) as refused:
                ask(wire, do, **fields)
            assert refused.value.code == code, (do, fields)
        await begun(wire)
        for do, fields, code in (
            ("test_start", {"who": "E"}, "running"),
            ("test_answer", {"step": "ask:light", "value": "maybe"}, "field"),
            ("test_skip", {"step": "tone", "why": ""}, "field"),
        ):
            with pytest.raises(DeskError) as refused:
                ask(wire, do, **fields)
            assert refused.value.code == code, (do, fields)

    play(tmp_path, script)


def test_a_silent_unit_is_not_asked_to_begin(tmp_path):
    async def script(wire, unit):
        unit.conn += 1
        wire.lose_down = lambda topic, payload: True
        wire.up([unit._message("state", online=False, conn=unit.conn)])
        await wire.settle()
        with pytest.raises(DeskError) as refused:
            ask(wire, "test_start", who="E")
        assert (refused.value.code, "(will)" in str(refused.value)) == ("unreachable", True)

    play(tmp_path, script)


def test_the_course_survives_a_restart_of_the_desk_and_late_copies_change_nothing(tmp_path):
    async def script(wire, unit):
        await begun(wire)
        (early,) = unit.test.done("pull:cord1", "pass", "99 ms")
        (late,) = unit.test.done("ask:light", "pass")
        wire.up([late, early, late])
        await wire.settle()
        seen = view(wire)
        assert ("ask:light" in seen["left"], seen["last"][0]) == (False, "ask:light")
        wire.kill_desk()
        wire.start_desk()
        await wire.settle()
        assert view(wire) == seen
        ask(wire, "test_skip", step="path:broker1", why="no second line here")
        await wire.settle()
        assert view(wire)["last"] == ["path:broker1", "skip", "no second line here"]
        wire.up(unit.test.pause())
        await wire.settle()
        assert view(wire)["state"] == "paused"

    play(tmp_path, script)


def test_lost_progress_does_not_stop_the_test_and_the_record_has_everything(tmp_path):
    async def script(wire, unit):
        await begun(wire)
        unit.faults.add("loses_progress")
        await walk(wire, unit)
        assert view(wire)["state"] == "running", "nothing was heard of its end"
        (record,) = records(wire)
        assert record["verdict"] == "PASS"

    play(tmp_path, script)


def test_the_list_of_what_is_due_is_by_the_desks_records(tmp_path):
    async def script(wire, unit):
        (row,) = REQUESTS["tests_due"](wire.desk, {})["due"]
        assert (row["state"], row["due"], row["days"], row["unit_due"]) == ("never", None, None, "2027-01-30")
        await begun(wire)
        wire.up(unit.test.end())
        await wire.settle()
        (row,) = REQUESTS["tests_due"](wire.desk, {})["due"]
        assert (row["state"], row["verdict"]) == ("never", "INCOMPLETE")
        await begun(wire)
        await walk(wire, unit)
        (row,) = REQUESTS["tests_due"](wire.desk, {})["due"]
        assert (row["state"], row["days"], row["verdict"], row["status"]) == ("good", 90, "PASS", "online")

    play(tmp_path, script)
