"""Speech sessions of the desk when the other end, the way between or the desk itself fails."""

import asyncio

import pytest

from host_tests.desk.talk.scene import (
    LONG,
    call_flat,
    command,
    kinds,
    last,
    play,
    raised_and_answered,
    session,
    speaking,
    talk,
    whys,
)
from host_tests.fakes.desk import KEY
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.wire import joined
from tools.desk.switchboard import DeskError


@pytest.mark.parametrize(("fault", "reason"), [("unknown_codec", "no_codec"), ("wrong_suite", "crypto")])
def test_an_answer_that_cannot_be_used_ends_the_session_at_both_ends(tmp_path, fault, reason):
    async def run():
        unit = FakeUnit(KEY, faults=[fault])
        with joined(tmp_path, unit, timers=LONG) as wire:
            unit.will()
            wire.raw(*unit.connected(wire.now_ms)[0])
            wire.up = lambda messages, link=0: [wire.raw(*message) for message in messages]  # what the schema forbids
            await wire.settle()
            await speaking(wire, unit)
            assert (last(wire)["reason"], unit.speech.session) == (reason, None)
            assert wire.call()["state"] == "answered"

    asyncio.run(run())


def test_an_answer_with_wrong_fields_is_refused_as_a_message_and_the_offer_given_up(tmp_path):
    async def run():
        unit = FakeUnit(KEY, faults=["wrong_media"])
        with joined(tmp_path, unit, timers=LONG) as wire:
            unit.will()
            wire.up = lambda messages, link=0: [wire.raw(*message) for message in messages]
            wire.raw(*unit.connected(wire.now_ms)[0])
            await wire.settle()
            await speaking(wire, unit)
            await wire.run(21)
            assert last(wire)["reason"] == "no_reply"
            assert wire.unit_view()["refused"]["field"] >= 3
            assert unit.speech.session is None

    asyncio.run(run())


def test_lost_answers_and_silence_are_met_with_the_same_offer_again(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        assert session(wire)["state"] == "calling"
        await wire.run(2)
        assert session(wire)["state"] == "connected"
        offers = kinds(wire, "offer")
        assert len({(offer["sid"], offer["turn"], offer["media"]["crypto"]["key"]) for offer in offers}) == 1 < len(offers)

    play(tmp_path, script, faults=["loses_answers"])


def test_the_flats_re_offer_is_met_with_a_higher_turn_and_a_fresh_key(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        wire.up(unit.speech.media_lost(2000))
        await wire.settle()
        assert session(wire)["media_lost"] is True
        wire.up(unit.speech.reoffer())
        await wire.settle()
        first, second = kinds(wire, "offer")
        assert (second["sid"], second["turn"]) == (first["sid"], first["turn"] + 1)
        assert second["media"]["crypto"]["key"] != first["media"]["crypto"]["key"]
        assert session(wire)["state"] == "connected"

    play(tmp_path, script)


def test_a_session_is_kept_alive_and_a_silent_flat_is_dead_after_130_s(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        await wire.run(300, step_ms=1000)
        assert session(wire)["state"] == "connected"
        assert session(wire)["flat_counters"]["sent"] == 50
        wire.lose_up = lambda topic, payload: topic.endswith("/speech")
        await wire.run(160, step_ms=1000)
        assert last(wire)["reason"] == "dead"

    play(tmp_path, script)


def test_a_flat_that_forgot_the_session_ends_it_here_at_the_next_alive(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        await wire.run(31)
        assert last(wire)["reason"] == "no_such_session"

    play(tmp_path, script, faults=["reset_silently"])


def test_a_flat_that_is_not_heard_here_is_offered_anew_and_then_given_up(tmp_path):
    """The flat hears us and knows of nothing: only this end can tell."""

    async def script(wire, unit):
        await speaking(wire, unit)
        await wire.run(6)
        assert (whys(wire)[-1], session(wire)["unheard"]) == ("UNHEARD", True)
        await wire.run(10)
        assert len(kinds(wire, "offer")) == 2
        await wire.run(32)
        assert (last(wire)["reason"], wire.call()["state"]) == ("media_lost", "answered")

    play(tmp_path, script, timers={"media_silent_s": 5})


def test_a_restarted_desk_goes_on_with_the_session_under_new_keys(tmp_path):
    async def script(wire, unit):
        view = await speaking(wire, unit)
        turn = unit.speech.turn
        wire.kill_desk()
        wire.start_desk()
        await wire.settle()
        assert (session(wire)["sid"], session(wire)["state"]) == (view["sid"], "connected")
        assert unit.speech.turn == turn + 1
        assert unit.speech.session.sid == view["sid"]
        await command(wire, "clear_down")
        assert unit.speech.session is None

    play(tmp_path, script)


def test_a_session_left_long_ago_is_written_off_and_cleared_down(tmp_path):
    async def script(wire, unit):
        view = await speaking(wire, unit)
        n, sid, _, body = wire.desk.talks.store.talks(False, 1)[0]
        wire.desk.talks.store.save_talk(n, False, {**body, "seen_ms": body["seen_ms"] - 61_000})
        wire.kill_desk()
        wire.start_desk()
        await wire.settle()
        assert (last(wire)["reason"], sid) == ("desk_restarted", view["sid"])
        assert (wire.desk.talks.sessions, unit.speech.session) == ({}, None)

    play(tmp_path, script)


def test_a_session_that_is_over_here_is_cleared_down_when_the_flat_still_speaks_of_it(tmp_path):
    async def script(wire, unit):
        view = await call_flat(wire, "intercom")
        await command(wire, "clear_down")
        wire.up([unit.speech._say("alive", sid=view["sid"], turn=1, mode="auto", counters={})] * 1)
        before = len(kinds(wire, "control"))
        await wire.settle()
        assert [down["do"] for down in kinds(wire, "control")[before:]] == ["clear_down"]
        wire.up([unit.speech._say("alive", sid="0123456789abcdef", turn=1, mode="auto", counters={})])
        await wire.settle()
        assert wire.unit_view()["refused"] == {"no_such_session": 1}

    play(tmp_path, script)


def test_a_flood_of_lawful_words_keeps_nothing_in_memory(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        talks = wire.desk.talks
        for i in range(2000):
            sid = f"{i:016x}" if i % 2 else session(wire)["sid"]
            wire.up([unit.speech._say("media", sid=sid, turn=1, state="back", silent_ms=i)])
        for _ in range(10):
            await wire.settle()
        assert wire.unit_view()["refused"] == {"no_such_session": 1000}
        assert (len(talks.sessions), len(talks.take_outbox()), len(talks._strays)) == (1, 0, 0)
        for _ in range(100):
            await command(wire, "clear_down")
            await talk(wire)
        assert len(talks._conductor._gone) <= 64

    play(tmp_path, script)


def test_a_full_disk_at_the_start_of_speech_leaves_no_port_open(tmp_path):
    async def script(wire, unit):
        await raised_and_answered(wire, unit)
        talks = wire.desk.talks
        wire.desk.store.db.execute("PRAGMA query_only=1")
        with pytest.raises(DeskError) as refused:
            await talk(wire)
        assert refused.value.code == "storage"
        wire.desk.store.db.execute("PRAGMA query_only=0")
        await wire.settle()
        assert talks.sessions == {}
        await talk(wire)
        assert session(wire)["state"] == "connected"

    play(tmp_path, script)
