"""The desk and a unit joined in memory: the long and the nasty cases, under a virtual clock."""

import asyncio

import pytest

from host_tests.fakes.desk import KEY
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.wire import joined
from tools.desk.switchboard import DeskError


def play(tmp_path, script, faults=(), **config):
    """Run `script(wire, unit)` with a unit that has just connected."""

    async def run():
        unit = FakeUnit(KEY, faults=faults)
        with joined(tmp_path, unit, **config) as wire:
            unit.will()
            wire.up(unit.connected(wire.now_ms))
            await wire.settle()
            await script(wire, unit)

    asyncio.run(run())


async def raised_and_answered(wire, unit, party="centre", who="Mary"):
    wire.up(unit.trigger(wire.now_ms))
    await wire.settle()
    wire.act("answer", party, who)
    await wire.settle()
    assert wire.call()["state"] == "answered"


CLEAR = ("clear", "mistake", "present", "A. Jones", None)


def test_the_receipt_follows_the_store_and_the_light_flashes(tmp_path):
    async def script(wire, unit):
        wire.up(unit.trigger(wire.now_ms))
        assert unit.light == "steady"
        await wire.settle()
        assert unit.light == "flashing"
        assert wire.call()["copies"] == 1

    play(tmp_path, script)


def test_every_copy_of_an_alarm_gets_its_receipt_and_there_is_one_call(tmp_path):
    async def script(wire, unit):
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        assert [down["type"] for down in wire.downs if down["type"] == "receipt"] == ["receipt", "receipt"]
        assert wire.call()["copies"] == 2

    play(tmp_path, script, faults=["duplicate_alarms"])


def test_unanswered_calls_ring_the_coordinator_then_the_centre_then_both(tmp_path):
    async def script(wire, unit):
        wire.desk.act(lambda: wire.desk.switchboard.set_duty(["demo"], True))
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        seen = [wire.call()["ringing"]]
        for _ in range(4):
            await wire.run(61)
            seen.append(wire.call()["ringing"])
        both = ["coordinator", "centre"]
        assert seen == [["coordinator"], ["centre"], both, both, both]
        assert wire.call()["raised_again"] == unit.call.escalation == 4
        assert unit.light == "flashing"

    play(tmp_path, script)


def test_off_duty_the_centre_rings_first_and_going_off_duty_hands_over_at_once(tmp_path):
    async def script(wire, unit):
        duty = wire.desk.switchboard.set_duty
        wire.desk.act(lambda: duty(["demo"], True))
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        wire.desk.act(lambda: duty(["demo"], False))
        assert wire.call()["ringing"] == ["centre"]

    play(tmp_path, script)


def test_answered_is_repeated_every_30_s_so_that_the_unit_never_loses_its_holder(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit)
        before = len(wire.downs)
        await wire.run(600)
        repeats = [down for down in wire.downs[before:] if down["type"] == "answered"]
        assert 19 <= len(repeats) <= 21
        assert (unit.call.escalation, unit.light) == (0, "double")

    play(tmp_path, script)


def test_commands_come_again_with_new_counters_until_confirmed(tmp_path):
    async def script(wire, unit):
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        wire.act("answer", "centre", "Mary")
        await wire.run(31)
        answered = [down["ctr"] for down in wire.downs if down["type"] == "answered"]
        assert len(answered) == len(set(answered)) == 5  # at 0, 2, 6, 14 and 29 s
        assert answered == sorted(answered)

    play(tmp_path, script, faults=["never_confirms"])


def test_a_call_is_not_closed_before_the_unit_says_cleared(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit)
        wire.act(*CLEAR)
        await wire.run(120)
        assert wire.call()["state"] == "clearing"
        assert len([down for down in wire.downs if down["type"] == "clear"]) >= 8
        unit.faults.clear()
        await wire.run(16)
        assert wire.call()["state"] == "closed"
        assert wire.call()["closed"]["by"] == "service"

    play(tmp_path, script, faults=["never_clears"])


def test_a_lost_cleared_is_made_good_by_already_cleared(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit)
        wire.act(*CLEAR)
        await wire.run(5)
        call = wire.call()
        assert (call["state"], call["closed"]["by"], call["closed"]["outcome"]) == ("closed", "already_cleared", "mistake")

    play(tmp_path, script, faults=["loses_cleared"])


@pytest.mark.parametrize("reason", ["newer_trigger", "no_speech"])
def test_a_refused_clear_goes_back_to_its_holder_with_the_reason(tmp_path, reason):
    async def script(wire, unit):
        await raised_and_answered(wire, unit)
        wire.act(*CLEAR)
        await wire.settle()
        call = wire.call()
        assert (call["state"], call["note"], call["clear"]) == ("answered", f"clear refused: {reason}", None)
        assert wire.events("alert")[-1]["party"] == "centre"

    play(tmp_path, script, faults=[reason])


def test_a_clear_refused_as_not_answered_is_tried_again_without_a_race(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit)
        wire.act(*CLEAR)
        await wire.run(10)
        assert wire.call()["state"] == "clearing"
        assert len([down for down in wire.downs if down["type"] == "clear"]) == 3  # at 0, 2 and 6 s
        unit.faults.clear()
        await wire.run(10)
        assert wire.call()["state"] == "closed"

    play(tmp_path, script, faults=["not_answered"])


def test_nothing_is_cleared_unanswered_nor_blind_to_a_newer_trigger(tmp_path):
    """P4, P6."""

    async def script(wire, unit):
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        with pytest.raises(DeskError) as refused:
            wire.act(*CLEAR)
        assert refused.value.code == "not_answered"
        wire.act("answer", "centre", "Mary")
        wire.up(unit.trigger(wire.now_ms, location="bedroom"))
        await wire.settle()
        with pytest.raises(DeskError) as refused:
            wire.act("clear", "mistake", "present", "A. Jones", 1)
        assert refused.value.code == "newer_trigger"
        wire.act("clear", "mistake", "present", "A. Jones", 2)
        await wire.settle()
        assert wire.call()["state"] == "closed"

    play(tmp_path, script)


def test_a_trigger_that_crosses_a_clear_takes_it_back(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit)
        wire.act(*CLEAR)
        wire.up(unit.trigger(wire.now_ms, location="bedroom"))
        await wire.settle()
        call = wire.call()
        assert (call["state"], call["triggers"]) == ("answered", 2)
        assert unit.call is not None

    play(tmp_path, script)


def test_a_second_trigger_alerts_the_holder_and_is_listed(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit)
        wire.up(unit.trigger(wire.now_ms, location="bedroom"))
        await wire.settle()
        assert [item["location"] for item in wire.call()["inputs"]] == ["bathroom", "bedroom"]
        assert len(wire.events("alert")) == 1
        assert wire.call()["state"] == "answered"

    play(tmp_path, script)


def test_a_call_given_back_rings_the_next_and_the_unit_hears_of_it(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit, "coordinator", "Ann")
        wire.act("release")
        await wire.settle()
        assert (wire.call()["state"], wire.call()["ringing"]) == ("open", ["centre"])
        assert unit.light == "flashing"

    play(tmp_path, script)


def test_a_release_that_was_not_confirmed_survives_a_restart_of_the_desk(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit, "coordinator", "Ann")
        wire.lose_down = lambda topic, payload: b"released" in payload
        wire.act("release")
        await wire.settle()
        wire.kill_desk()
        wire.lose_down = lambda topic, payload: False
        wire.start_desk()
        await wire.settle()
        assert (wire.call()["state"], unit.light) == ("open", "flashing")

    play(tmp_path, script)


def test_a_power_cut_of_the_unit_in_mid_call_keeps_the_hold(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit)
        unit.power_cut()
        await wire.run(20)
        unit.boot(wire.now_ms)
        unit.will()
        wire.up(unit.connected(wire.now_ms))
        await wire.settle()
        assert unit.light == "double"
        assert (wire.call()["state"], wire.call()["held_by"]["who"]) == ("answered", "Mary")
        assert wire.call()["resumed"] is False

    play(tmp_path, script)


def test_a_power_cut_between_clear_and_cleared_ends_closed(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit)
        wire.lose_down = lambda topic, payload: b'"clear"' in payload
        wire.act(*CLEAR)
        await wire.settle()
        unit.power_cut()
        wire.lose_down = lambda topic, payload: False
        unit.boot(wire.now_ms)
        unit.will()
        wire.up(unit.connected(wire.now_ms))
        await wire.run(5)
        assert (wire.call()["state"], unit.light) == ("closed", "off")

    play(tmp_path, script)


def test_a_closed_call_that_alarms_again_gets_receipt_answered_and_clear(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit)
        saved = {**unit.journal["open"]}
        wire.act(*CLEAR)
        await wire.settle()
        assert wire.call()["state"] == "closed"
        unit.journal["open"] = saved  # as if the unit had lost power before it could note it
        unit.journal["cleared"].clear()
        unit.boot(wire.now_ms)
        unit.will()
        count = len(wire.downs)
        wire.up(unit.connected(wire.now_ms))
        await wire.settle()
        assert [down["type"] for down in wire.downs[count:] if down["type"] != "query"] == ["receipt", "answered", "clear"]
        assert (wire.call()["state"], unit.light) == ("closed", "off")

    play(tmp_path, script)


def test_a_hold_that_the_unit_lost_rings_everyone_again(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit, "coordinator", "Ann")
        wire.lose_down = lambda topic, payload: True
        await wire.run(140)
        wire.lose_down = lambda topic, payload: False
        await wire.run(16)
        assert unit.call.escalation == 1
        assert (wire.call()["state"], wire.call()["ringing"]) == ("open", ["coordinator", "centre"])

    play(tmp_path, script)


def test_a_desk_killed_at_any_step_of_a_call_goes_on_with_it(tmp_path):
    """Desk restarts after each exchange; the call ends closed, once, and no number is used twice."""

    async def script(wire, unit):
        async def restart():
            wire.kill_desk()
            wire.start_desk()
            await wire.settle()

        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        await restart()
        assert wire.call()["ringing"] == ["centre"]
        wire.act("answer", "centre", "Mary")
        await restart()
        assert unit.light == "double"
        wire.act(*CLEAR)
        await restart()
        await wire.run(5)
        assert (wire.call()["state"], unit.light) == ("closed", "off")
        counters = [down["ctr"] for down in wire.downs]
        assert counters == sorted(set(counters))
        assert unit.refused == {}

    play(tmp_path, script)


def test_a_local_reset_closes_the_call(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit)
        words = {"event": "cleared", "call": unit.call.id, "by": "local", "outcome": "present", "who": "local"}
        wire.up([unit._message("event", **words)])
        await wire.desk.step()
        assert (wire.call()["state"], wire.call()["closed"]["by"]) == ("closed", "local")

    play(tmp_path, script)


def test_two_flats_with_units_of_the_same_name_have_two_calls(tmp_path):
    async def run():
        units = [FakeUnit(KEY, flat="f12"), FakeUnit(KEY, flat="f13")]
        units[1].journal["epoch"] = units[0].journal["epoch"]
        with joined(tmp_path, *units) as wire:
            for unit in units:
                wire.up(unit.trigger(wire.now_ms))
            await wire.settle()
            assert units[0].call.id == units[1].call.id
            assert [call.unit.flat for call in wire.desk.book.open()] == ["f12", "f13"]
            assert [unit.light for unit in units] == ["flashing", "flashing"]

    asyncio.run(run())


def test_200_calls_at_once_are_all_stored_and_received_in_order(tmp_path):
    async def run():
        units = [FakeUnit(KEY, flat=f"f{i}") for i in range(200)]
        with joined(tmp_path, *units) as wire:
            for unit in units:
                wire.up(unit.trigger(wire.now_ms))
            await wire.settle()
            assert [call.unit.flat for call in wire.desk.book.open()] == [f"f{i}" for i in range(200)]
            assert {unit.light for unit in units} == {"flashing"}

    asyncio.run(run())


def test_with_a_full_disk_no_receipt_leaves_and_afterwards_the_call_is_taken(tmp_path):
    async def script(wire, unit):
        pages = wire.desk.store._db.execute("PRAGMA page_count").fetchone()[0]
        wire.desk.store._db.execute(f"PRAGMA max_page_count={pages}")
        serving = asyncio.create_task(wire.desk._serve())
        for _ in range(60):  # more than the free space in the pages there are
            wire.up(unit.trigger(wire.now_ms))
        wire.up(unit.fault("held", "cord1", True) * 200)
        for _ in range(100):
            await asyncio.sleep(0.01)
            if wire.desk.last_error:
                break
        assert "full" in wire.desk.last_error
        assert not any(b"receipt" in payload for link in wire.desk.links for _, payload in link.sent)
        wire.desk.store._db.execute("PRAGMA max_page_count=100000")
        serving.cancel()
        wire.now_ms += 2000
        wire.up(unit.tick(wire.now_ms))
        await wire.settle()
        assert unit.light == "flashing"
        assert wire.call()["triggers"] == 60

    play(tmp_path, script)
