"""The rule of the microphone (P3), every case of it."""

from firmware.core.speech import microphone as m
from host_tests.core.speech.descriptions import CALL, SID_A, SID_B

STATES = ("IDLE", "ANNOUNCING", "RINGING", "STARTING", "CONNECTED", "OFFERING", "ENDING")
BOTH = (False, True)


def cases():
    for state in STATES:
        for kind in ("", "alarm", "intercom", "welfare", "door"):
            for bits in range(128):
                yield (state, bool(bits & 1), bool(bits & 2), kind, bool(bits & 4), bool(bits & 8), bool(bits & 16),
                       bool(bits & 32), bool(bits & 64))


def test_every_one_of_4480_cases_is_lawful_p3():
    count = 0
    for state, held, shown, kind, call_open, pressed, automatic, tested, private in cases():
        why = m.may_open(state, held, shown, kind, call_open, pressed, automatic, tested, private)
        count += 1
        if tested:
            assert (why == "self_test") == (state == "IDLE" and shown and not private and not call_open)
            assert why in ("self_test", None)
            continue
        if why is None:
            continue
        assert state in ("CONNECTED", "OFFERING") and shown and not held
        if why == "alarm":
            assert kind == "alarm" and call_open
        elif why in ("intercom_auto", "welfare_auto"):
            assert why == kind + "_auto" and automatic and not pressed
        else:
            assert why in ("intercom_pressed", "welfare_pressed", "door_pressed") and why == kind + "_pressed" and pressed
    assert count == 4480


def test_each_lawful_reason_opens_it():
    for kind, call_open, pressed, automatic, why in (
        ("alarm", True, False, False, "alarm"), ("intercom", False, False, True, "intercom_auto"),
        ("welfare", False, True, False, "welfare_pressed"), ("door", False, True, False, "door_pressed"),
    ):
        assert m.may_open("CONNECTED", False, True, kind, call_open, pressed, automatic) == why
        assert m.may_open("CONNECTED", True, True, kind, call_open, pressed, automatic) is None
        assert m.may_open("CONNECTED", False, False, kind, call_open, pressed, automatic) is None
    assert m.may_open("CONNECTED", False, True, "", False, True, True) is None, "no session"


def test_it_opens_after_the_tone_and_says_for_whom_and_closes_with_the_same_words():
    one = m.Microphone()
    opened = {"open": True, "sid": SID_A, "kind": "alarm", "call": CALL, "who": "Ann", "why": "alarm"}
    assert one.close(None, "") == []
    assert one.open("alarm", SID_A, "alarm", CALL, "Ann") == [
        ("SOUND", "OPENED"), ("MICROPHONE", True, "alarm"), ("EVENT", "microphone", opened)]
    assert one.is_open and one.open("alarm", SID_A, "alarm", CALL, "Ann") == [] and one.close("alarm", SID_A) == []
    closed = dict(opened)
    closed["open"] = False
    assert one.close(None, "") == [("MICROPHONE", False, "alarm"), ("EVENT", "microphone", closed)]
    assert not one.is_open


def test_a_new_reason_is_reported_while_it_stays_open_and_another_session_closes_it():
    one = m.Microphone()
    one.open("welfare_auto", SID_A, "welfare", "", "Ann")
    assert one.close("alarm", SID_A) == []
    (event,) = one.open("alarm", SID_A, "alarm", CALL, "Ann")
    assert event[1] == "microphone" and event[2]["why"] == "alarm" and event[2]["open"]
    assert one.close("alarm", SID_B)[0] == ("MICROPHONE", False, "alarm")


def test_the_rule_for_people_is_the_same_whatever_the_privacy_switch_says_as_the_policy_has_heard_of_it():
    for case in cases():
        if not case[7]:
            assert m.may_open(*case[:7]) == m.may_open(*case), case
