"""Everything that a session says, against the protocol's schemas; also what a controller says."""

from firmware.core.speech import session as s
from firmware.core.speech.policy import Policy
from firmware.core.speech.wellbeing import Wellbeing
from host_tests import schemas
from host_tests.core.speech.descriptions import CALL, SID_A, SID_B, media
from host_tests.core.speech.flat import Flat, alarm, calling, offer, speaking
from tools.desk.talk import controller as c

UP = {"v": 1, "unit": "u1", "session": "9f86d081884c7d65", "seq": 1, "boot": 1, "epoch": "5e1f00d5", "mac": "0" * 64}
DOWN = {"v": 1, "unit": "u1", "session": "9f86d081884c7d65", "from": "desk", "ctr": 1, "mac": "0" * 64}


def told(actions):
    """Checks every SAY and EVENT; the set of words found."""
    found = set()
    for action in actions:
        if action[0] == "SAY":
            more = {"counters": {}} if action[1] == "alive" else {}
            schemas.VALIDATORS["speech"].validate({**UP, "type": "speech", "say": action[1], **action[2], **more})
        elif action[0] == "EVENT":
            schemas.VALIDATORS["event"].validate({**UP, "type": "event", "event": action[1], **action[2]})
        else:
            continue
        found.add((action[1], action[2].get("reason") or action[2].get("state") or action[2].get("why") or ""))
    return found


def course():
    """Actions of sessions that end in many ways."""
    flat, done = alarm()
    done += [action for _, action in flat.run_until(15000)]
    done += flat.do(s.OFFER_ARRIVED, 15500, offer(turn=2), "ANSWERED") + flat.do(s.MEDIA_HEARD, 16000)
    done += flat.do(s.VOICE_HEARD, 16100) + flat.do(s.ALIVE_ARRIVED, 16200, SID_A)
    done += flat.do(s.OFFER_ARRIVED, 16300, offer(SID_B, 3, "door"), None) + flat.do(s.ALIVE_ARRIVED, 16400, SID_B)
    done += flat.do(s.OFFER_ARRIVED, 16500, offer(SID_B, 3), None) + flat.do(s.OFFER_ARRIVED, 16600, offer("d" * 16, 1), None)
    done += [action for _, action in flat.run_until(50000)]
    flat, more = calling("welfare", Policy("press", True))
    done += more + [action for _, action in flat.run_until(60000)]
    flat, more = calling(policy=Policy(privacy=True))
    done += more + [action for _, action in flat.run_until(60000)]
    for kind in ("intercom", "welfare", "door"):
        for policy in (Policy("auto", True), Policy("press", True)):
            flat, more = speaking(kind, policy)
            done += more + flat.do(s.ANSWER_PRESSED, 9000)
    flat, more = speaking("welfare")
    done += more + flat.do(s.ACTIVATED, 9000, CALL) + flat.do(s.CALL_CHANGED, 9500, CALL, None)
    flat = Flat()
    for turn, state in enumerate((None, "RAISED", "RECEIVED")):
        done += flat.do(s.OFFER_ARRIVED, turn, offer(turn=turn + 1), state)
    for turn, changes in enumerate(({"port": None}, {"crypto": None}, {"formats": [{"pt": 3, "name": "GSM"}]})):
        done += flat.do(s.OFFER_ARRIVED, turn, offer(turn=turn + 4, **changes), "ANSWERED")
    return done


def test_every_word_of_the_flat_is_in_the_protocol():
    found = told(course())
    reasons = {reason for say, reason in found if say == "declined"}
    assert reasons == {"busy", "stale_turn", "privacy", "no_answer", "not_received", "not_answered", "no_such_call", "no_codec",
                       "crypto", "field"}
    assert {state for event, state in found if event == "speech"} >= {"started", "quiet", "heard"}
    assert {why for event, why in found if event == "microphone"} == {
        "alarm", "intercom_auto", "intercom_pressed", "welfare_auto", "welfare_pressed", "door_pressed"}
    assert {say for say, _ in found} == {"progress", "answer", "declined", "reoffer", "ended", "alive", "media", "microphone",
                                         "speech", "no_answer"}


def test_every_word_of_a_controller_is_in_the_protocol():
    one = c.Controller(SID_A, 1, "alarm", CALL, "coordinator", media())
    actions = one.handle(c.TALK_WANTED, 0)
    actions += one.handle(c.ANSWER_ARRIVED, 10, {"sid": SID_A, "turn": 1, "media": media()})
    actions += one.handle(c.TICK, 30010) + one.handle(c.COMMAND_GIVEN, 30020, "hold")
    actions += one.handle(c.MEDIA_MOVED, 30030, media(port=4100)) + one.handle(c.END_WANTED, 30040)
    kinds = {"OFFER": "offer", "CONTROL": "control", "ALIVE": "alive"}
    sent = [(kinds[name], fields) for name, fields in ((action[0], action[1]) for action in actions if action[0] in kinds)]
    for kind, fields in sent:
        schemas.VALIDATORS[kind].validate({**DOWN, "type": kind, **fields})
    assert [kind for kind, _ in sent] == ["offer", "alive", "control", "offer", "control"]


def test_the_daily_window_s_words_are_in_the_protocol():
    window = Wellbeing(420, 570)
    fields = [window.pressed(1780272000 + 8 * 3600), window.tick(1780272000 + 86400 + 10 * 3600)]
    for one in fields:
        schemas.VALIDATORS["event"].validate({**UP, "type": "event", "event": "ok", **one})
    assert [one["state"] for one in fields] == ["pressed", "missed"]
