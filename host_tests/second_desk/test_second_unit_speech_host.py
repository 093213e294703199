"""The reference desk, a process used through docs/desk-api.md only, speaks with the second unit: what the pages say is enough."""

import asyncio
import base64

from .house import ADDRESS, until
from .office import events_of, heard_by, office_of
from .sound import CODECS, share, tone


async def _view(api, sid):
    sessions = (await api.do("sessions", ended=True))["sessions"]
    return next(view for view in sessions if view["sid"] == sid)


async def _shows(api, sid, why, count=1):
    """Wait for the newest event of the session with this cause; its view."""
    def found():
        return [event for event in events_of(api, "talk", why=why) if event["view"]["sid"] == sid]

    return (await until(lambda: len(found()) >= count and found(), "the desk shows " + why))[-1]["view"]


async def _both_hear(api, unit, sid):
    """A tone of 1,000 Hz in the flat is heard at the desk, one of 625 Hz of the desk in the flat."""
    unit.speech.sound.say = tone(1000)
    await api.do("tone", sid=sid, hz=625, seconds=2)
    sound = unit.speech.sound
    await until(lambda: len(sound.packets) > 40 and share(sound.last(), 625) > 0.9, "the desk in the flat")
    await api.do("record", sid=sid, seconds=1)
    await asyncio.sleep(0.6)
    recorded = await api.do("recorded", sid=sid)
    samples = CODECS[recorded["codec"]][1].decode(base64.b64decode(recorded["codes"]))
    assert share(samples[-3200:], 1000) > 0.9


async def _commands(api, unit, sid):
    for do in ("talk", "listen", "duplex", "auto"):
        await api.do("control", sid=sid, command=do)
        await until(lambda do=do: unit.speech.mode == do, do)
    view = await _shows(api, sid, "COMMANDED", 4)
    assert (view["state"], view["mode"]) == ("connected", "auto")
    await api.do("control", sid=sid, command="hold")
    await until(lambda: events_of(api, "microphone", sid=sid, open=False), "the microphone is closed")
    assert (await _view(api, sid))["held"] is True
    await api.do("control", sid=sid, command="volume_up")
    await until(lambda: events_of(api, "command", do="control", ok=False, reason="held"), "refused while it is held")
    assert (await _view(api, sid))["note"] == "volume_up refused: held"
    await api.do("digit", sid=sid, digit="8")
    await until(lambda: not unit.speech.held, "resumed by a digit")
    await until(lambda: len(events_of(api, "microphone", sid=sid, open=True)) == 2, "the microphone is open")
    await api.do("control", sid=sid, command="volume_down")
    await until(lambda: unit.speech.volume == -1, "one step down")


def test_the_desk_answers_talks_commands_hangs_up_and_clears_by_speech(tmp_path):
    async def scene():
        async with office_of(tmp_path) as (_, api, unit):
            unit.pull()
            await until(lambda: unit.light == "flashing", "the receipt")
            reply = await api.do("answer", call=1, party="centre", who="Mary", talk=True)
            sid = reply["session"]["sid"]
            view = await _shows(api, sid, "CONNECTED")
            assert (view["kind"], view["call"], view["who"], view["codec"]) == ("alarm", unit.call["call"], "Mary", "PCMA")
            await _both_hear(api, unit, sid)
            await _commands(api, unit, sid)
            unit.speech.hear_both()
            assert (await _shows(api, sid, "BOTH_HEARD"))["both_heard"] is True
            await api.do("hang_up", sid=sid)
            ended = await _shows(api, sid, "ENDED")
            assert (ended["reason"], unit.light, ended["counters"]["refused_auth"]) == ("clear_down", "double", 0)
            assert [(entry["open"], entry["why"]) for entry in (await api.do("microphone_log"))["entries"]] == [
                (True, "alarm"), (False, "alarm"), (True, "alarm"), (False, "alarm")]
            again = (await api.do("talk", call=1))["session"]["sid"]
            await _shows(api, again, "CONNECTED")
            await api.do("clear", call=1, outcome="mistake", basis="speech", who="Mary")
            await until(lambda: events_of(api, "call", why="CLEARED"), "closed")
            assert (await _shows(api, again, "ENDED"))["reason"] == "call_over"
            offers = heard_by(unit, "offer")
            assert [message["turn"] for message in offers] == sorted({message["turn"] for message in offers})
            assert len({message["media"]["crypto"]["key"] for message in offers}) == 2

    asyncio.run(scene())


async def _welfare_that_is_well(api, unit):
    sid = (await api.do("welfare", unit=ADDRESS, who="Bob"))["session"]["sid"]
    assert (await _shows(api, sid, "ANNOUNCING"))["state"] == "announcing"
    await _shows(api, sid, "CONNECTED")
    assert (await api.ask("door", unit=ADDRESS, who="Porter"))["error"]["code"] == "busy"
    turn, key = unit.speech.session["turn"], unit.speech.session["media"]["crypto"]["key"]
    unit.speech.asks_again()
    await until(lambda: unit.speech.connected and unit.speech.session["turn"] > turn, "a new offer")
    assert (await _shows(api, sid, "CONNECTED", 2))["sid"] == sid
    assert unit.speech.session["media"]["crypto"]["key"] != key
    await _both_hear(api, unit, sid)
    questions = (await api.do("welfare_questions"))["questions"]
    right = {"yes_no": True, "scale": 4, "text": "warm"}
    answers = {question["id"]: right[question["kind"]] for question in questions}
    await api.do("welfare_outcome", sid=sid, who="Bob", outcome="well", answers=answers)
    unit.speech.hangs_up()
    assert (await _shows(api, sid, "ENDED"))["reason"] == "flat"
    entry = (await api.do("welfare_log"))["entries"][-1]
    assert (entry["outcome"], entry["answers"], entry["evidence"]) == ("well", answers, None)


async def _welfare_without_an_answer(api, unit):
    unit.speech.privacy = True
    sid = (await api.do("welfare", unit=ADDRESS, who="Bob"))["session"]["sid"]
    await _shows(api, sid, "RINGING")
    assert (await _shows(api, sid, "ENDED"))["reason"] == "no_answer"
    await until(lambda: events_of(api, "alert"), "somebody is told at once")
    entry = (await api.do("no_answer_log"))["entries"][-1]
    assert (entry["sid"], entry["evidence"]["rings"], entry["evidence"]["privacy"]) == (sid, 1, True)
    outcome = (await api.do("welfare_outcome", sid=sid, who="Bob", outcome="no_answer"))["outcome"]
    assert outcome["evidence"] == entry["evidence"]
    assert not events_of(api, "microphone", sid=sid)


async def _intercom_in_which_the_tenant_calls(api, unit):
    sid = (await api.do("intercom", unit=ADDRESS, who="Ann"))["session"]["sid"]
    await _shows(api, sid, "RINGING")
    unit.speech.presses()
    await _shows(api, sid, "CONNECTED")
    opened = await until(lambda: events_of(api, "microphone", sid=sid), "the microphone is open")
    assert opened[0]["why"] == "intercom_pressed"
    unit.pull()
    assert (await _shows(api, sid, "CALL_RAISED"))["kind"] == "alarm"
    await until(lambda: events_of(api, "call", why="RAISED"), "the desk has stored the call")
    reply = await api.do("answer", call=1, talk=True)
    assert (reply["session"]["sid"], reply["talk_error"]) == (sid, None)
    await until(lambda: unit.light == "double", "answered")
    await api.do("hang_up", sid=sid)
    assert (await _shows(api, sid, "ENDED"))["reason"] == "clear_down"


def test_the_desk_makes_welfare_calls_and_speaks_on_when_the_tenant_calls(tmp_path):
    async def scene():
        async with office_of(tmp_path) as (_, api, unit):
            await _welfare_that_is_well(api, unit)
            await _welfare_without_an_answer(api, unit)
            await _intercom_in_which_the_tenant_calls(api, unit)
            unit.say("event", event="ok", state="missed", day="2026-11-22")
            assert (await until(lambda: events_of(api, "ok"), "I'm OK"))[0]["state"] == "missed"
            assert (await api.do("ok_log"))["entries"][-1]["day"] == "2026-11-22"

    asyncio.run(scene())
