"""The unit's own test of loudspeaker and microphone, as the session sees it: shown, recorded, ended by any need (P3, P4)."""

from firmware.core.speech import session as s
from host_tests.core.speech.descriptions import CALL, offer
from host_tests.core.speech.flat import Flat, events, names, sounds

SID = "0123456789abcdef"
OPENED = {"open": True, "sid": SID, "kind": "test", "call": "", "who": "unit", "why": "self_test"}


def begun():
    flat = Flat()
    actions = flat.do(s.SELF_TEST_BEGAN, 0, SID)
    assert flat.session.microphone.is_open
    return flat, actions


def test_light_and_tone_come_first_and_the_record_says_who_and_why():
    flat, actions = begun()
    assert names(actions) == ["SHOW", "SOUND", "MICROPHONE", "EVENT"] and actions[0] == ("SHOW", "TEST")
    assert sounds(actions) == ["OPENED"] and events(actions, "microphone") == [OPENED]
    actions = flat.do(s.SELF_TEST_ENDED, 2000)
    assert names(actions) == ["MICROPHONE", "EVENT", "SHOW"] and actions[2] == ("SHOW", None)
    assert events(actions, "microphone") == [dict(OPENED, open=False)]
    assert flat.do(s.SELF_TEST_ENDED, 2100) == [] and flat.session.next_due() is None


def test_a_press_for_help_privacy_an_offer_and_a_broken_light_end_it_for_good():
    for event, data in ((s.ACTIVATED, (CALL,)), (s.PRIVACY_CHANGED, (True,)), (s.SHOWN_CHANGED, (False,)),
                        (s.OFFER_ARRIVED, (offer(kind="welfare"), None))):
        flat, _ = begun()
        actions = flat.do(event, 1000, *data)
        assert not flat.session.microphone.is_open and ("MICROPHONE", False, "self_test") in actions, event
        assert actions[0][0] == "MICROPHONE", "closed before anything else"
        flat.do(s.PRIVACY_CHANGED, 1100, False)
        flat.do(s.SHOWN_CHANGED, 1200, True)
        assert not flat.session.microphone.is_open, event


def test_it_does_not_begin_with_privacy_on_unseen_or_in_a_session():
    called = (offer(kind="welfare"), None)
    for event, data in ((s.PRIVACY_CHANGED, (True,)), (s.SHOWN_CHANGED, (False,)), (s.OFFER_ARRIVED, called)):
        flat = Flat()
        flat.do(event, 0, *data)
        before = flat.session.ignored
        assert "MICROPHONE" not in names(flat.do(s.SELF_TEST_BEGAN, 10, SID)), event
        assert not flat.session.microphone.is_open
        assert flat.session.ignored == before + (event == s.OFFER_ARRIVED)
        flat.do(s.PRIVACY_CHANGED, 20, False)
        assert not flat.session.microphone.is_open, "nor afterwards"


def test_one_that_is_lost_closes_by_itself_after_15_s():
    flat, _ = begun()
    flat.do(s.TICK, 14999)
    assert flat.session.microphone.is_open
    flat.do(s.TICK, 15000)
    assert not flat.session.microphone.is_open and flat.session.next_due() is None
