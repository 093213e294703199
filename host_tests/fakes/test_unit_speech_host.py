"""The fake unit's speech: it behaves as the protocol page says, and each fault mode does what its name says."""

import json

from host_tests.fakes.test_unit_host import Service
from host_tests.fakes.unit import FakeUnit
from tools.desk.talk.description import describe

KEY = bytes(range(32))
SID, OTHER = "00000000000000aa", "00000000000000bb"


def service(*faults, answered=False):
    """A unit and its service; `answered`: with a call that was."""
    unit = FakeUnit(KEY, faults=faults)
    desk = Service(unit)
    if answered:
        unit.trigger(0)
        desk.receipt()
        desk.answered()
    return unit, desk


def offer(desk, kind="intercom", turn=1, sid=SID, now_ms=0):
    call = desk.unit.call.id if kind == "alarm" else ""
    body = {"sid": sid, "turn": turn, "kind": kind, "call": call, "who": "Mary", "media": describe("127.0.0.1", 9, bytes(30))}
    return desk.say("offer", now_ms=now_ms, **body)


def says(messages):
    return [message.get("say") or message.get("event") or message["type"] for message in messages]


def due(unit, now_ms):
    return [json.loads(payload) for _, payload in unit.tick(now_ms)]


def test_an_intercom_call_is_announced_then_answered_and_the_same_offer_answered_again():
    unit, desk = service()
    assert says(offer(desk)) == ["progress"]
    assert due(unit, 2999) == []
    assert says(due(unit, 3000)) == ["microphone", "speech", "answer"]
    assert says(offer(desk)) == ["answer"]
    assert [message["reason"] for message in offer(desk, turn=1, sid=OTHER)] == ["stale_turn"]
    assert says(offer(desk, turn=2, sid=OTHER))[-2:] == ["ended", "progress"]


def test_who_does_not_press_within_45_s_is_told_of_with_evidence():
    unit, desk = service()
    unit.speech.answering = "press"
    offer(desk)
    assert says(due(unit, 3000)) == ["progress"]
    assert says(due(unit, 48_000)) == ["no_answer", "declined"]
    offer(desk, turn=2)
    assert says([json.loads(payload) for _, payload in unit.speech.press()]) == ["microphone", "speech", "answer"]


def test_an_alarms_speech_needs_its_call_and_goes_before_all_others():
    unit, desk = service()
    offer(desk)
    unit.trigger(0)
    assert unit.speech.session.kind == "alarm"
    assert [message["reason"] for message in offer(desk, "door", 2, OTHER)] == ["busy"]
    fresh, desk = service()
    fresh.trigger(0)
    assert [message["reason"] for message in offer(desk, "alarm")] == ["not_received"]
    desk.receipt()
    assert [message["reason"] for message in offer(desk, "alarm")] == ["not_answered"]
    desk.answered()
    assert says(offer(desk, "alarm"))[-1] == "answer"


def test_commands_are_taken_refused_and_end_the_session():
    unit, desk = service(answered=True)
    offer(desk, "alarm")
    assert [message["reason"] for message in desk.say("control", sid=OTHER, do="talk")] == ["no_such_session"]
    assert says(desk.say("control", sid=SID, do="hold")) == ["command", "microphone"]
    assert desk.say("control", sid=SID, do="talk")[0]["reason"] == "held"
    assert says(desk.say("alive", sid=SID)) == ["alive"]
    assert says(desk.say("control", sid=SID, do="clear_down")) == ["command", "speech", "ended"]
    assert desk.say("alive", sid=SID)[0]["reason"] == "no_such_session"


def test_a_controller_that_is_gone_is_noticed_after_130_s_and_speech_ends_with_its_call():
    unit, desk = service(answered=True)
    offer(desk, "alarm")
    assert says(due(unit, 130_000))[:3] == ["microphone", "speech", "ended"]
    unit, desk = service(answered=True)
    offer(desk, "alarm")
    unit.speech.heard_both()
    body = {"call": unit.call.id, "triggers": 1, "outcome": "mistake", "basis": "speech", "who": "Mary"}
    assert says(desk.say("clear", **body)) == ["command", "microphone", "speech", "ended", "cleared"]


def test_each_fault_of_speech_does_what_its_name_says():
    def first_answer(fault):
        unit, desk = service(answered=True)
        unit.faults.add(fault)
        said = offer(desk, "alarm")
        return said[-1] if said else None

    assert first_answer("deaf_to_offers") is None
    assert "say" not in first_answer("loses_answers")
    assert first_answer("unknown_codec")["media"]["formats"] == [{"pt": 18, "name": "G729"}]
    assert first_answer("wrong_suite")["media"]["crypto"]["suite"].endswith("_32")
    assert first_answer("wrong_media")["media"]["port"] == 0
    unit, desk = service("reset_silently", answered=True)
    offer(desk, "alarm")
    assert desk.say("alive", sid=SID)[0]["reason"] == "no_such_session"
