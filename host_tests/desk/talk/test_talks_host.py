"""Speech sessions of the desk: who speaks, for which call, until when."""

import pytest

from host_tests.desk.talk.scene import call_flat, command, kinds, last, play, session, speaking, talk, whys
from tools.desk.switchboard import DeskError


def test_an_answered_call_is_spoken_with_and_the_call_stays_when_the_speech_ends(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        view = session(wire)
        assert (view["state"], view["kind"], view["number"], view["codec"]) == ("connected", "alarm", 1, "PCMA")
        assert unit.speech.session.state == "connected"
        await command(wire, "clear_down")
        assert (last(wire)["reason"], last(wire)["state"]) == ("clear_down", "ended")
        assert (wire.desk.talks.sessions, unit.speech.session) == ({}, None)
        assert wire.call()["state"] == "answered"
        assert whys(wire)[0] == "STARTED"
        assert whys(wire)[-1] == "ENDED"

    play(tmp_path, script)


def test_speech_waits_until_the_unit_has_taken_the_answer(tmp_path):
    async def script(wire, unit):
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        wire.act("answer", "centre", "Mary")
        await talk(wire)
        assert [down["type"] for down in wire.downs if down["type"] in ("answered", "offer")] == ["answered", "offer"]
        assert session(wire)["state"] == "connected"

    play(tmp_path, script)


def test_a_unit_that_never_takes_the_answer_is_given_up_after_20_s_and_the_holder_told(tmp_path):
    async def script(wire, unit):
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        wire.act("answer", "centre", "Mary")
        await talk(wire)
        assert kinds(wire, "offer") == []
        await wire.run(21)
        assert last(wire)["reason"] == "not_answered"
        assert "not_answered" in wire.events("alert")[-1]["note"]

    play(tmp_path, script, faults=["never_confirms"])


def test_speech_of_a_call_that_nobody_holds_is_refused(tmp_path):
    async def script(wire, unit):
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        with pytest.raises(DeskError) as refused:
            await talk(wire)
        assert refused.value.code == "not_answered"
        assert wire.desk.talks.sessions == {}

    play(tmp_path, script)


def test_every_command_reaches_the_flat_and_hold_silences_the_desk(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        endpoint = wire.desk.talks.endpoint(session(wire)["sid"])
        for do in ("talk", "listen", "duplex", "auto", "volume_up", "volume_down", "extend", "hold"):
            await command(wire, do)
        assert (session(wire)["state"], endpoint.hushed) == ("held", True)
        await command(wire, "talk")
        assert session(wire)["note"] == "talk refused: held"
        await command(wire, "resume")
        assert (session(wire)["state"], endpoint.hushed) == ("connected", False)
        steps = ["volume_up", "volume_down", "extend"]
        assert unit.speech.controls == ["talk", "listen", "duplex", "auto", *steps, "hold", "resume"]

    play(tmp_path, script)


def test_a_hold_that_a_digit_ended_in_the_flat_is_over_at_the_desk_too(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        endpoint = wire.desk.talks.endpoint(session(wire)["sid"])
        await command(wire, "hold")
        assert (session(wire)["held"], endpoint.hushed) == (True, True)
        wire.up(unit.speech.resume_by_digit())
        await wire.settle()
        assert (session(wire)["state"], session(wire)["held"], endpoint.hushed) == ("connected", False, False)

    play(tmp_path, script)


def test_a_lost_mode_or_hold_is_sent_again_but_a_step_of_volume_is_not(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        for do, times in (("listen", 2), ("hold", 2), ("volume_up", 1)):
            wire.lose_down = lambda topic, payload: b'"control"' in payload
            await command(wire, do)
            wire.lose_down = lambda topic, payload: False
            await wire.run(10)
            assert len([down for down in kinds(wire, "control") if down["do"] == do]) == times, do
            if do == "hold":
                await command(wire, "resume")
        assert unit.speech.controls == ["listen", "hold", "resume"]

    play(tmp_path, script)


def test_another_operator_takes_over_and_the_same_one_keeps_what_is_there(tmp_path):
    async def script(wire, unit):
        first = await speaking(wire, unit)
        assert (await talk(wire))["sid"] == first["sid"]
        second = await talk(wire, "Bob")
        assert second["sid"] != first["sid"]
        assert (session(wire)["who"], session(wire)["state"]) == ("Bob", "connected")
        assert last(wire)["reason"] == "taken_over"
        assert unit.speech.session.sid == second["sid"]
        assert wire.events("alert") == []

    play(tmp_path, script)


def test_turns_grow_over_sessions_and_restarts_of_the_desk(tmp_path):
    async def script(wire, unit):
        turns = []
        for _ in range(3):
            await call_flat(wire, "intercom")
            await command(wire, "clear_down")
            wire.kill_desk()
            wire.start_desk()
            await wire.settle()
            turns.append(unit.speech.turn)
        assert turns == sorted(set(turns))
        unit.speech.turn = 500  # another desk has spoken with the flat meanwhile
        await call_flat(wire, "intercom")
        assert unit.speech.turn == 501
        await command(wire, "clear_down")
        wire.kill_desk()
        wire.start_desk()
        await wire.settle()
        await call_flat(wire, "intercom")
        assert unit.speech.turn == 502

    play(tmp_path, script)


def test_a_welfare_call_is_announced_answered_and_shown_at_each_step(tmp_path):
    async def script(wire, unit):
        await call_flat(wire)
        assert session(wire)["state"] == "announcing"
        await wire.run(4)
        assert session(wire)["state"] == "connected"
        assert [event["why"] for event in wire.events("microphone")] == ["welfare_auto"]
        await command(wire, "clear_down")
        assert [event["open"] for event in wire.events("microphone")] == [True, False]

    play(tmp_path, script)


def test_nobody_answers_and_the_evidence_is_kept_and_the_operators_alerted(tmp_path):
    async def script(wire, unit):
        unit.speech.answering = "press"
        view = await call_flat(wire)
        await wire.run(4)
        assert session(wire)["state"] == "ringing"
        await wire.run(46)
        assert last(wire)["reason"] == "no_answer"
        evidence = wire.desk.talks.store.fact_of("no_answer", view["sid"])["evidence"]
        assert (evidence["rings"], evidence["last_activity_s"], evidence["privacy"]) == (9, 7200, False)
        assert "does not answer the welfare call of Mary" in wire.events("alert")[-1]["note"]

    play(tmp_path, script)


def test_a_press_in_a_welfare_call_makes_it_the_speech_of_that_call_and_the_holder_keeps_it(tmp_path):
    async def script(wire, unit):
        view = await call_flat(wire)
        await wire.run(4)
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        now = session(wire)
        assert (now["sid"], now["kind"], now["number"], now["state"]) == (view["sid"], "alarm", 1, "connected")
        assert wire.call()["state"] == "open"
        wire.act("answer", "centre", "Mary")
        await wire.settle()
        assert (await talk(wire))["sid"] == view["sid"]
        wire.up(unit.speech.heard_both() and unit.sent[-1:])
        await wire.settle()
        assert session(wire)["both_heard"] is True
        wire.act("clear", "mistake", "speech", "Mary", None)
        await wire.settle()
        assert wire.call()["state"] == "closed"
        assert last(wire)["reason"] == "call_over"

    play(tmp_path, script)


def test_basis_speech_clears_only_after_both_were_heard(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        wire.act("clear", "mistake", "speech", "Mary", None)
        await wire.settle()
        assert (wire.call()["state"], wire.call()["note"]) == ("answered", "clear refused: no_speech")
        wire.up([unit.speech.heard_both()[0]])
        wire.act("clear", "mistake", "speech", "Mary", None)
        await wire.settle()
        assert wire.call()["state"] == "closed"

    play(tmp_path, script)


def test_lost_speech_leaves_the_call_answered_and_tells_its_holder(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        wire.up(unit.speech.end("media_lost"))
        await wire.settle()
        assert (wire.call()["state"], last(wire)["reason"]) == ("answered", "media_lost")
        assert "media_lost" in wire.events("alert")[-1]["note"]
        await talk(wire)
        assert session(wire)["state"] == "connected"

    play(tmp_path, script)


def test_a_call_raised_again_that_overtakes_the_end_of_its_speech_does_not_hide_why(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        ended = unit.speech.end("media_lost")
        wire.up(unit._escalate(wire.now_ms) + ended)
        await wire.settle()
        assert (wire.call()["state"], wire.call()["raised_again"]) == ("open", 1)
        assert last(wire)["reason"] == "media_lost"

    play(tmp_path, script)


def test_giving_the_call_back_ends_its_speech(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        wire.act("release")
        await wire.settle()
        assert (last(wire)["reason"], unit.speech.session) == ("released", None)
        assert wire.call()["state"] == "open"

    play(tmp_path, script)


def test_a_reset_of_the_unit_ends_the_session_here(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        unit.power_cut()
        unit.boot(wire.now_ms)
        unit.will()
        wire.up(unit.connected(wire.now_ms))
        await wire.settle()
        assert last(wire)["reason"] == "reset"
        assert "reset" in wire.events("alert")[-1]["note"]
        await wire.run(5)
        assert (await talk(wire))["who"] == "Mary"
        assert session(wire)["state"] == "connected"

    play(tmp_path, script)


def test_priorities_are_kept_and_equals_need_take_over(tmp_path):
    async def script(wire, unit):
        for first, second, take_over, wanted in (
            ("door", "welfare", False, "priority"), ("welfare", "door", True, "busy"), ("welfare", "intercom", False, "busy"),
            ("welfare", "intercom", True, "taken_over"),
        ):  # fmt: skip
            await call_flat(wire, first)
            if wanted == "busy":
                with pytest.raises(DeskError) as refused:
                    await call_flat(wire, second, "Bob", take_over)
                assert refused.value.code == "busy"
            else:
                await call_flat(wire, second, "Bob", take_over)
                assert last(wire)["reason"] == wanted
            await command(wire, "clear_down")

    play(tmp_path, script)
