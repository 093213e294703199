"""The running session's own duties: one timer is always set, and every end leaves nothing behind."""

from firmware.core.speech import running
from firmware.core.speech.policy import Policy
from host_tests.core.speech.flat import CALL, SID_A, Flat, alarm, at, calling, events, names, offer, s, speaking, words


def clean(flat):
    session = flat.session
    return (session.sid, session.turn, session.kind, session.call, session.who, session.mode, session.held) == (
        "", 0, "", "", "", "auto", False) and not flat.microphone and flat.media is None


def test_a_new_session_has_nothing_due_and_nobody_speaks():
    one = running.Running(Flat().session._timers, Policy())
    assert one.state == running.IDLE and one.next_due() is None and not one.speaking() and one.sid == ""


def test_every_end_of_a_session_leaves_nothing_of_it_behind():
    for event, data in ((s.CONTROL_ARRIVED, (SID_A, "clear_down")), (s.CALL_CHANGED, (CALL, None)), (s.MEDIA_FAILED, ())):
        flat, _ = alarm()
        flat.do(s.CONTROL_ARRIVED, 500, SID_A, "talk")
        actions = flat.do(event, 1000, *data)
        assert clean(flat) and names(actions).count("STOP_MEDIA") == 1 and flat.session.state == s.ENDING
        assert [one["state"] for one in events(actions, "speech")] == ["ended"]
        assert [one["open"] for one in events(actions, "microphone")] == [False]


def test_a_session_that_never_spoke_ends_without_a_tone():
    flat, _ = calling(policy=Policy("press", True))
    actions = flat.do(s.CONTROL_ARRIVED, 1000, SID_A, "clear_down")
    assert names(actions) == ["ACCEPT", "SAY", "SHOW"] and clean(flat) and flat.session.state == s.IDLE


def test_media_that_the_shell_lost_gives_the_offer_back_after_2_s_p8():
    flat = Flat()
    actions = flat.session.handle(s.OFFER_ARRIVED, 0, offer(), "ANSWERED")
    assert names(actions) == ["START_MEDIA"] and flat.session.state == s.STARTING
    assert flat.session.next_due() == 2000
    actions = flat.session.handle(s.TICK, 2000)
    assert words(actions) == [("declined", "media")] and ("STOP_MEDIA",) in actions and flat.session.state == s.IDLE


def test_a_session_ends_for_each_kind_with_its_own_longest_time():
    for kind, policy, changes in (("welfare", None, {"welfare_length_ms": 9000}), ("intercom", None, {"welfare_length_ms": 9000}),
                                  ("door", Policy("auto", True), {"door_length_ms": 9000})):
        flat, _ = speaking(kind, policy, **changes)
        flat.run_until(11999, 500)
        assert flat.session.state == s.CONNECTED, kind
        assert words([action for _, action in flat.run_until(12000, 500)]) == [("ended", "max_length")]


def test_a_session_that_ends_while_its_media_is_being_opened_takes_that_down_too():
    for event, data in ((s.CONTROL_ARRIVED, (SID_A, "clear_down")), (s.CALL_CHANGED, (CALL, None))):
        flat = Flat()
        flat.session.handle(s.OFFER_ARRIVED, 0, offer(), "ANSWERED")
        actions = flat.session.handle(event, 100, *data)
        assert ("STOP_MEDIA",) in actions and flat.session.state == s.ENDING
    flat = Flat()
    flat.session.handle(s.OFFER_ARRIVED, 0, offer(), "ANSWERED")
    assert ("STOP_MEDIA",) in flat.session.handle(s.MEDIA_FAILED, 100), "what was begun of it"


def test_media_that_the_shell_lost_in_a_session_ends_it_after_2_s_and_no_offer_comes_between_p8():
    flat, _ = alarm()
    flat.do(s.MEDIA_HEARD, 1000)
    assert names(flat.session.handle(s.OFFER_ARRIVED, at(1500), offer(turn=2), "ANSWERED")) == ["START_MEDIA"]
    assert flat.session.handle(s.OFFER_ARRIVED, at(1600), offer(turn=3), "ANSWERED") == [], "the answer is on its way"
    flat.session.handle(s.MEDIA_HEARD, at(3400))
    assert flat.session.next_due() == at(3500)
    assert words(flat.do(s.TICK, 3500)) == [("ended", "media_lost")]


def test_a_press_in_a_welfare_call_gives_the_speech_the_whole_length_of_a_call_p4():
    flat, _ = speaking("welfare", welfare_length_ms=9000)
    flat.run_until(11000, 500)
    flat.do(s.ACTIVATED, 11000, CALL)
    assert words([action for _, action in flat.run_until(100000, 500)]) == []


def test_a_new_offer_for_the_session_is_a_sign_of_life_also_on_hold():
    flat, _ = alarm()
    flat.do(s.CONTROL_ARRIVED, 1000, SID_A, "hold")
    flat.do(s.OFFER_ARRIVED, 100000, offer(), "ANSWERED")
    assert words([action for _, action in flat.run_until(229999)]) == []
    assert words([action for _, action in flat.run_until(230000)]) == [("ended", "dead")]
