"""What the controller says to the flat: offers, their repeats and rivals, commands, signs of life."""

from firmware.core.speech import controls
from firmware.core.speech.policy import Policy
from host_tests.core.speech.descriptions import SID_B, SID_C
from host_tests.core.speech.flat import CALL, SID_A, Flat, alarm, calling, names, offer, s, speaking, words


def declined(actions):
    """Reason and current turn of the one `declined` said."""
    (said,) = [action for action in actions if action[0] == "SAY"]
    assert said[1] == "declined" and len(actions) == 1
    return said[2]["reason"], said[2]["current_turn"]


def test_the_same_offer_again_is_answered_again_word_for_word_and_changes_nothing():
    flat, first = alarm()
    again = flat.do(s.OFFER_ARRIVED, 1000, offer(), "ANSWERED")
    assert again == [action for action in first if action[0] == "SAY"] and flat.microphone
    flat, first = calling()
    assert flat.do(s.OFFER_ARRIVED, 1000, offer(kind="intercom"), None) == first[:1]


def test_an_offer_that_was_declined_is_declined_again_for_the_same_reason():
    flat = Flat()
    assert declined(flat.do(s.OFFER_ARRIVED, 0, offer(), "RECEIVED")) == ("not_answered", 1)
    assert declined(flat.do(s.OFFER_ARRIVED, 1000, offer(), "ANSWERED")) == ("not_answered", 1)
    assert words(flat.do(s.OFFER_ARRIVED, 2000, offer(turn=2), "ANSWERED")) == [("answer", "")]


def test_a_session_that_has_ended_never_begins_again():
    flat, _ = alarm()
    flat.do(s.CONTROL_ARRIVED, 1000, SID_A, "clear_down")
    for ms, turn in ((1100, 1), (1200, 2), (9000, 3)):
        flat.run_until(ms)
        assert words(flat.do(s.OFFER_ARRIVED, ms, offer(turn=turn), "ANSWERED")) == [("ended", "clear_down")]
    assert not flat.microphone


def test_another_session_takes_over_with_a_higher_turn_only():
    flat, _ = alarm()
    assert declined(flat.do(s.OFFER_ARRIVED, 1000, offer(SID_B, 1), "ANSWERED")) == ("stale_turn", 1)
    assert flat.session.sid == SID_A
    actions = flat.do(s.OFFER_ARRIVED, 2000, offer(SID_B, 2, who="centre"), "ANSWERED")
    assert words(actions) == [("ended", "taken_over"), ("answer", "")] and flat.session.sid == SID_B
    order = [action[:2] for action in actions if action[0] == "MICROPHONE"]
    assert order == [("MICROPHONE", False), ("MICROPHONE", True)] and "SPEECH_LOST" not in names(actions)
    assert words(flat.do(s.OFFER_ARRIVED, 2100, offer(SID_A, 3), "ANSWERED")) == [("ended", "taken_over")]


def test_a_higher_kind_displaces_and_a_lower_one_is_busy_p4():
    flat, _ = speaking("welfare")
    assert declined(flat.do(s.OFFER_ARRIVED, 4000, offer(SID_B, 2, "door"), None)) == ("busy", 2)
    actions = flat.do(s.OFFER_ARRIVED, 5000, offer(SID_C, 3), "ANSWERED")
    assert words(actions) == [("ended", "priority"), ("answer", "")] and flat.session.kind == "alarm"
    assert declined(flat.do(s.OFFER_ARRIVED, 6000, offer(SID_B, 4, "welfare"), None)) == ("busy", 4)


def test_what_cannot_be_accepted_displaces_nothing():
    flat, _ = speaking("welfare")
    for turn, bad, state in ((2, offer(SID_B, 2, port=0), "ANSWERED"), (3, offer(SID_B, 3), None), (4, offer(SID_B, 4), "RAISED"),
                             (5, offer(SID_B, 5, crypto=None), "ANSWERED"), (6, offer(SID_B, 6, formats=[]), "ANSWERED")):
        assert declined(flat.do(s.OFFER_ARRIVED, 3000 + turn, bad, state))[1] == turn
    assert flat.session.sid == SID_A and flat.microphone


def test_an_equal_intercom_call_that_takes_over_is_announced_anew_with_a_closed_microphone_p3():
    flat, _ = speaking()
    actions = flat.do(s.OFFER_ARRIVED, 9000, offer(SID_B, 2, "welfare"), None)
    assert words(actions) == [("ended", "taken_over"), ("progress", "announcing")]
    assert not flat.microphone and flat.media is None and flat.shown == "ANNOUNCING"


def test_a_reoffer_changes_the_media_and_nothing_else():
    flat, _ = speaking("welfare")
    flat.do(s.ACTIVATED, 4000, CALL)
    flat.do(s.CONTROL_ARRIVED, 4100, SID_A, "listen")
    actions = flat.do(s.OFFER_ARRIVED, 5000, offer(turn=2, kind="welfare", who="else", port=4200), None)
    session = flat.session
    assert (session.kind, session.call, session.who, session.mode, session.turn) == ("alarm", CALL, "coordinator", "listen", 2)
    assert flat.media["port"] == 4200 and ("MODE", "listen") in actions and "MICROPHONE" not in names(actions)


def test_an_unusable_reoffer_is_declined_and_the_session_goes_on():
    flat, _ = alarm()
    assert declined(flat.do(s.OFFER_ARRIVED, 1000, offer(turn=2, address="nowhere"), "ANSWERED")) == ("field", 2)
    assert flat.session.turn == 1 and flat.microphone


def test_an_old_copy_of_an_offer_is_ignored():
    flat, _ = alarm()
    flat.do(s.OFFER_ARRIVED, 1000, offer(turn=2), "ANSWERED")
    assert flat.do(s.OFFER_ARRIVED, 2000, offer(turn=1), "ANSWERED") == [] and flat.session.ignored == 1


def test_media_that_cannot_be_opened_declines_an_offer_and_ends_a_session():
    flat = Flat()
    flat.broken = True
    actions = flat.do(s.OFFER_ARRIVED, 0, offer(), "ANSWERED")
    assert words(actions) == [("declined", "media")] and flat.session.state == s.IDLE and flat.shown is None
    flat, _ = alarm()
    flat.broken = True
    actions = flat.do(s.OFFER_ARRIVED, 1000, offer(turn=2), "ANSWERED")
    assert words(actions) == [("ended", "media_lost")] and ("SPEECH_LOST", CALL) in actions


def test_an_offer_of_inactive_media_holds_and_one_of_sendrecv_resumes():
    flat, _ = alarm()
    actions = flat.do(s.OFFER_ARRIVED, 1000, offer(turn=2, direction="inactive"), "ANSWERED")
    assert ("HOLD", True) in actions and flat.session.held and not flat.microphone and flat.shown == "ON_HOLD"
    actions = flat.do(s.OFFER_ARRIVED, 2000, offer(turn=3), "ANSWERED")
    assert ("HOLD", False) in actions and flat.microphone and flat.shown == "SPEAKING"


def test_a_command_does_the_same_by_message_and_by_digit():
    for digit in sorted(controls.DIGITS):
        do = controls.DIGITS[digit]
        for before in ("auto", "talk", "hold"):
            by_message, by_digit = alarm()[0], alarm()[0]
            for flat in (by_message, by_digit):
                flat.do(s.CONTROL_ARRIVED, 1000, SID_A, before)
            told = by_message.do(s.CONTROL_ARRIVED, 2000, SID_A, do)
            dialled = by_digit.do(s.DIGIT_PRESSED, 2000, digit)
            assert [action for action in told if action[0] not in ("ACCEPT", "REFUSE")] == dialled, (do, before)
            assert by_message.session.next_due() == by_digit.session.next_due()
            assert vars_of(by_message) == vars_of(by_digit)
    assert alarm()[0].do(s.DIGIT_PRESSED, 2000, "#") == []


def vars_of(flat):
    session = flat.session
    return session.state, session.mode, session.held, flat.microphone, flat.shown


def test_hold_closes_the_microphone_and_stops_the_loss_timers_but_not_length_and_keep_alive():
    flat, _ = alarm()
    actions = flat.do(s.CONTROL_ARRIVED, 1000, SID_A, "hold")
    assert names(actions) == ["MICROPHONE", "EVENT", "ACCEPT", "HOLD", "SHOW"] and flat.shown == "ON_HOLD"
    assert flat.run_until(129000) == []
    assert words([action for _, action in flat.run_until(131000)]) == [("ended", "dead")]
    flat, _ = alarm()
    flat.do(s.CONTROL_ARRIVED, 1000, SID_A, "hold")
    for ms in range(30000, 600000, 30000):
        flat.do(s.ALIVE_ARRIVED, ms, SID_A)
    assert ("ended", "max_length") in words([action for _, action in flat.run_until(601000)])


def test_resume_opens_the_microphone_with_its_tone_and_counts_the_silence_anew():
    flat, _ = alarm()
    flat.do(s.CONTROL_ARRIVED, 1000, SID_A, "hold")
    actions = flat.do(s.CONTROL_ARRIVED, 50000, SID_A, "resume")
    assert names(actions) == ["ACCEPT", "HOLD", "SHOW", "SOUND", "MICROPHONE", "EVENT"]
    assert [ms for ms, _ in flat.run_until(53000)] == [52000]


def test_on_hold_only_resume_extend_and_clear_down_are_taken():
    flat, _ = alarm()
    flat.do(s.CONTROL_ARRIVED, 1000, SID_A, "hold")
    for do in ("talk", "listen", "auto", "duplex", "volume_up", "volume_down"):
        assert flat.do(s.CONTROL_ARRIVED, 2000, SID_A, do) == [("REFUSE", "held")], do
    assert flat.do(s.CONTROL_ARRIVED, 3000, SID_A, "extend") == [("ACCEPT",)]


def test_every_command_extends_the_longest_speech():
    for do in controls.COMMANDS[1:]:
        flat, _ = speaking("welfare")
        flat.run_until(100000, 500)
        flat.do(s.CONTROL_ARRIVED, 100000, SID_A, do)
        for ms in range(130000, 400000, 30000):
            flat.do(s.ALIVE_ARRIVED, ms, SID_A)
            flat.do(s.MEDIA_HEARD, ms)
            flat.run_until(ms, 500)
        assert flat.session.state == s.CONNECTED, do
        assert ("ended", "max_length") in words([action for _, action in flat.run_until(400000, 500)]), do


def test_a_command_of_no_session_is_refused_and_told_what_became_of_it():
    flat, _ = alarm()
    actions = flat.do(s.CONTROL_ARRIVED, 1000, SID_B, "clear_down")
    assert actions[0] == ("REFUSE", "no_such_session") and words(actions) == [("ended", "no_such_session")]
    assert words(flat.do(s.ALIVE_ARRIVED, 1100, SID_B)) == [("ended", "no_such_session")] and flat.microphone
    flat.do(s.CONTROL_ARRIVED, 1200, SID_A, "clear_down")
    assert words(flat.do(s.CONTROL_ARRIVED, 1300, SID_A, "clear_down")) == [("ended", "clear_down")]


def test_before_it_speaks_only_clear_down_is_taken():
    for policy in (None, Policy("press", True)):
        flat, _ = calling(policy=policy)
        flat.run_until(2900 if policy is None else 5000)
        assert flat.do(s.CONTROL_ARRIVED, 5001, SID_A, "talk") == [("REFUSE", "not_connected")]
        assert flat.do(s.CONTROL_ARRIVED, 5002, SID_A, "sing") == [("REFUSE", "field")]
        actions = flat.do(s.CONTROL_ARRIVED, 5003, SID_A, "clear_down")
        assert words(actions) == [("ended", "clear_down")] and flat.session.state == s.IDLE


def test_alive_is_answered_with_the_mode_and_keeps_the_session():
    flat, _ = alarm()
    for ms in range(30000, 300000, 30000):
        flat.run_until(ms, 500)
        (said,) = flat.do(s.ALIVE_ARRIVED, ms, SID_A)
        assert said == ("SAY", "alive", {"sid": SID_A, "turn": 1, "mode": "auto"})
    assert flat.session.state == s.CONNECTED


def test_the_last_turn_does_not_shut_the_flat_p8():
    flat = Flat()
    flat.do(s.OFFER_ARRIVED, 0, offer(turn=2147483647), "ANSWERED")
    actions = flat.do(s.OFFER_ARRIVED, 1000, offer(SID_B, 1), "ANSWERED")
    assert words(actions) == [("ended", "taken_over"), ("answer", "")]
