"""A flat that speaks with nobody but the second desk: what docs/protocol.md says is enough to be heard, and to listen.

The unit is the whole firmware on a virtual board. Its microphone and loudspeaker are touched through docs/control-channel.md.
"""

import asyncio
import datetime
import itertools
import struct
import time
import wave

from .house import ADDRESS, until
from .scene import closes, scene_of, word
from .sound import share, syllables, tone

_TIMERS = {"announce_ms": 300, "announce_longest_ms": 400, "answer_wait_ms": 1200, "loss_report_ms": 1000, "loss_tone_ms": 1100,
           "loss_reoffer_ms": 1200, "loss_end_ms": 2800}
_MIDDAY_MIN = 12 * 60


def _speech(**other):
    """The flat's speech settings; its local time is always midday, so that no test runs across midnight."""
    zone = {"offset_min": _MIDDAY_MIN - int(time.time() // 60 % (2 * _MIDDAY_MIN)), "summer": "none"}
    return {"answering": "auto", "language": "en", "plain_rtp": False, "wellbeing": None, "zone": zone, **other}


async def _speak(flat, samples, seconds=2):
    """Somebody in the flat makes this sound, over and over."""
    path = str(flat.path / "voice.wav")
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(struct.pack("<%dh" % (8000 * seconds), *itertools.islice(samples, 8000 * seconds)))
    await flat.control.do("microphone", what="play", file=path, loop=True)


async def _in_the_flat(flat, seconds=0.6):
    """What is heard in the flat, as samples at 8,000 Hz."""
    path = str(flat.path / "heard.wav")
    await flat.control.do("speaker", what="record", file=path)
    await asyncio.sleep(seconds)
    await flat.control.do("speaker", what="stop")
    with wave.open(path) as file:
        samples = struct.unpack("<%dh" % file.getnframes(), file.readframes(file.getnframes()))
    return samples[::2][-3200:]


async def _call_answered(house, flat, desk):
    await flat.control.do("press", input="button")
    await flat.shows("flashing")
    call = (await house.hears("alarm"))["call"]
    assert await word(desk, desk.answer(call, "Mary")) == (True, "")
    return call


async def _connects(talk):
    await until(lambda: talk.state == "connected", "the flat answers %s (%s)" % (talk.kind, talk.reason))


async def _ends(talk):
    await until(lambda: talk.state == "ended", "%s ends" % talk.kind)
    return talk.reason


async def _mode(desk, talk, expected):
    talk.mode = None
    desk.talks.alive(talk)
    await until(lambda: talk.mode, "the flat says that it is alive")
    assert talk.mode == expected


async def _both_talk(house, flat, talk):
    """One after the other, as people do; only then does the flat say that both were heard."""
    await _speak(flat, syllables())
    await asyncio.sleep(1.5)
    await flat.control.do("microphone", what="silence")
    assert house.all("event", event="speech", state="heard") == []
    talk.sound.say = syllables()
    await house.hears("event", event="speech", state="heard", sid=talk.sid)


async def _commands(house, desk, flat, talk):
    """Each command by message and some by digit; which way sound goes then."""
    await _speak(flat, tone(1000))
    talk.sound.say = tone(625)
    for do, out, back in (("talk", True, False), ("listen", False, True), ("duplex", True, True)):
        assert await word(desk, desk.talks.control(talk, do)) == (True, "")
        await asyncio.sleep(0.4)
        heard, said = share(await _in_the_flat(flat), 625), share(talk.sound.last(), 1000)
        assert (heard > 0.5, said > 0.5) == (out, back), (do, heard, said)
        await _mode(desk, talk, do)
    assert await word(desk, desk.talks.control(talk, "hold")) == (True, "")
    assert await word(desk, desk.talks.control(talk, "listen")) == (False, "held")
    assert [event["open"] for event in house.all("event", event="microphone")] == [True, False]
    sent = talk.sound.counts["received"]
    await until(lambda: talk.sound.counts["received"] > sent + 30, "the flat sends while it is held")
    assert share(talk.sound.last(), 1000) == 0
    before = talk.sound
    await desk.talks.offer(talk)
    await _connects(talk)
    assert (before.counts["refused"], before.counts["rtcp"] > 0) == (0, True)
    assert talk.all("answer")[-1]["media"]["direction"] == "inactive"
    desk.talks.digit(talk, "8")
    await until(lambda: len(house.all("event", event="microphone")) == 3, "resumed by a digit")
    desk.talks.digit(talk, "2")
    await asyncio.sleep(0.3)
    await _mode(desk, talk, "listen")
    assert await word(desk, desk.talks.control(talk, "auto")) == (True, "")


def test_a_call_is_spoken_in_commanded_and_cleared_because_both_were_heard(tmp_path):
    async def scene():
        async with scene_of("nats", tmp_path) as (house, flat, desk):
            await flat.control.do("press", input="button")
            await flat.shows("flashing")
            call = (await house.hears("alarm"))["call"]
            early = await desk.talks.begin(ADDRESS, "alarm", "Mary", call)
            assert await _ends(early) == "not_answered"
            assert await word(desk, desk.answer(call, "Mary")) == (True, "")
            talk = await desk.talks.begin(ADDRESS, "alarm", "Mary", call)
            await _connects(talk)
            assert (await word(desk, desk.clear(call, 1, "mistake", "speech", "Mary"))) == (False, "no_speech")
            opened = await house.hears("event", event="microphone")
            assert (opened["open"], opened["call"], opened["who"], opened["why"]) == (True, call, "Mary", "alarm")
            await _both_talk(house, flat, talk)
            await _commands(house, desk, flat, talk)
            desk.talks.send_offer(talk)
            await until(lambda: len(talk.all("answer")) == 3, "the answer again")
            assert talk.all("answer")[-2]["media"] == talk.all("answer")[-1]["media"]
            assert talk.sound.counts["refused"] == 0
            assert await word(desk, desk.talks.control(talk, "clear_down")) == (True, "")
            assert await _ends(talk) == "clear_down"
            assert await word(desk, desk.talks.control(talk, "talk")) == (False, "no_such_session")
            await flat.shows("double")
            assert await word(desk, desk.clear(call, 1, "mistake", "speech", "Mary")) == (True, "")
            await closes(desk, call)
            assert [event["open"] for event in house.all("event", event="microphone")] == [True, False, True, False]

    asyncio.run(scene())


async def _who_may(house, flat, desk):
    """Plain RTP and mu-law, an old turn, a lower kind, an equal one, a higher one."""
    plain = await desk.talks.begin(ADDRESS, "intercom", "Ann", profile="RTP/AVP", codecs=("PCMU",))
    await _connects(plain)
    await _speak(flat, tone(1000))
    await until(lambda: plain.sound.counts["received"] > 40 and share(plain.sound.last(), 1000) > 0.5, "the flat, without SRTP")
    assert [message["state"] for message in plain.all("progress")] == ["announcing"]
    door = await desk.talks.begin(ADDRESS, "door", "Porter")
    assert await _ends(door) == "busy"
    desk.talks.forget_turns()
    welfare = await desk.talks.begin(ADDRESS, "welfare", "Bob")
    await _connects(welfare)
    assert welfare.all("declined")[0]["reason"] == "stale_turn"
    assert (plain.state, plain.reason) == ("ended", "taken_over")
    call = await _call_answered(house, flat, desk)
    assert (await house.hears("event", event="microphone", sid=welfare.sid, call=call, open=True))["why"] == "alarm"
    equal = await desk.talks.begin(ADDRESS, "alarm", "Mary", call)
    await _connects(equal)
    assert (welfare.state, welfare.reason) == ("ended", "taken_over")
    return call, equal


async def _quiet(house, desk, talk):
    """The controller falls silent: loss, a new offer, sound again; and silence until the flat gives up."""
    talk.sound.mute, before = True, talk.sound
    await until(lambda: talk.all("reoffer"), "a new offer is asked for")
    await until(lambda: talk.sound is not before and talk.state == "connected", "the new offer is answered")
    assert talk.all("answer")[-1]["turn"] == talk.turn > talk.all("reoffer")[0]["turn"]
    talk.sound.mute = False
    await until(lambda: [message["state"] for message in talk.all("media")] == ["lost", "back"], "the sound is back")
    await until(lambda: talk.sound.counts["received"] > 20, "the flat is heard")
    talk.sound.mute = True
    assert await _ends(talk) == "media_lost"
    assert await house.hears("event", event="speech", state="ended", sid=talk.sid, reason="media_lost")


async def _at_the_door(house, flat, desk):
    """Somebody at the door rings until the tenant presses, who also hangs up."""
    door = await desk.talks.begin(ADDRESS, "door", "Porter")
    await until(lambda: door.state == "ringing", "it rings")
    await flat.control.do("press", input="answer")
    await _connects(door)
    assert (await house.hears("event", event="microphone", sid=door.sid))["why"] == "door_pressed"
    await until(lambda: door.sound.counts["received"] > 125, "it was on for more than 2 s")
    await flat.control.do("press", input="answer")
    assert await _ends(door) == "flat"


def test_who_may_speak_is_decided_by_kind_and_turn_and_lost_sound_comes_back(tmp_path):
    async def scene():
        async with scene_of("nats", tmp_path, speech=_speech(plain_rtp=True), timers=_TIMERS) as (house, flat, desk):
            call, talk = await _who_may(house, flat, desk)
            await _quiet(house, desk, talk)
            raised = await house.hears("alarm", call=call, escalation=1)
            assert raised["triggers"] == 1
            assert await word(desk, desk.clear(call, 1, "test", "present", "A. Jones")) == (True, "")
            await closes(desk, call)
            await _at_the_door(house, flat, desk)

    asyncio.run(scene())


def test_a_flat_that_asks_to_be_called_first_rings_gives_evidence_and_says_ok(tmp_path):
    async def scene():
        speech = _speech(answering="press", wellbeing={"from": "00:00", "until": "23:59"})
        timers = {"announce_ms": 300, "answer_wait_ms": 1200}  # the announcement itself is heard to its end
        async with scene_of("nats", tmp_path, speech=speech, timers=timers) as (house, flat, desk):
            silent = await desk.talks.begin(ADDRESS, "welfare", "Bob")
            assert await _ends(silent) == "no_answer"
            states = [message["state"] for message in silent.all("progress")]  # told again when offered again
            assert list(dict.fromkeys(states)) == ["announcing", "ringing"]
            evidence = (await house.hears("event", event="no_answer", sid=silent.sid))["evidence"]
            assert (evidence["rings"] >= 1, evidence["announced"], evidence["last_activity_s"], evidence["privacy"]) == (
                True, True, None, False)
            assert evidence["prompts"] >= 1 and silent.all("declined")[0]["current_turn"] == silent.turn
            assert house.all("event", event="microphone") == []
            await flat.control.do("press", input="answer")
            local = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=speech["zone"]["offset_min"])
            assert (await house.hears("event", event="ok", state="pressed"))["day"] == local.date().isoformat()

    asyncio.run(scene())
