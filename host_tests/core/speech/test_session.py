"""The session between flat and controller: announcement, connection, the flat's own acts, time (P3, P4, P6, P8)."""

from firmware.core.speech.policy import Policy
from host_tests.core.speech.descriptions import SID_B, local
from host_tests.core.speech.flat import CALL, Flat, alarm, calling, events, names, offer, s, sounds, speaking, words


def button(**more):
    return Policy(has_button=True, **more)


def test_an_alarm_s_offer_connects_at_once_and_the_microphone_opens_after_light_and_tone_p3():
    flat, actions = alarm()
    assert flat.session.state == s.CONNECTED and flat.microphone and flat.shown == "SPEAKING"
    assert words(actions) == [("answer", "")]
    order = names(actions)
    assert order.index("START_MEDIA") < order.index("SHOW") < order.index("SOUND") < order.index("MICROPHONE")
    assert sounds(actions) == ["OPENED"]
    (event,) = events(actions, "microphone")
    assert event == {"open": True, "sid": "a" * 16, "kind": "alarm", "call": CALL, "who": "coordinator", "why": "alarm"}
    assert events(actions, "speech")[0]["state"] == "started"


def test_an_intercom_call_is_announced_for_at_least_3_s_with_a_closed_microphone_and_then_connects_by_itself():
    flat, actions = calling()
    assert ("ANNOUNCE", "intercom") in actions and flat.shown == "ANNOUNCING" and words(actions) == [("progress", "announcing")]
    assert flat.run_until(2999) == [] and not flat.microphone
    done = flat.run_until(3000)
    assert flat.session.state == s.CONNECTED and flat.microphone
    assert ("MICROPHONE", True, "intercom_auto") in [action for _, action in done]


def test_an_announcement_with_many_words_is_heard_to_its_end_before_anybody_listens_p3():
    flat, _ = calling()
    flat.mute = True
    flat.run_until(5400)
    assert flat.session.state == s.ANNOUNCING and not flat.microphone
    flat.do(s.ANNOUNCED, 5500)
    assert flat.session.state == s.CONNECTED and flat.session.evidence.announced


def test_a_flat_that_cannot_tell_the_end_of_its_words_goes_on_after_10_s_p8():
    flat, _ = calling()
    flat.mute = True
    flat.run_until(9999)
    assert flat.session.state == s.ANNOUNCING
    flat.run_until(10000)
    assert flat.session.state == s.CONNECTED and not flat.session.evidence.announced


def test_with_answering_by_press_it_rings_every_5_s_until_the_press():
    flat, _ = calling(policy=button(answering="press"))
    done = flat.run_until(20000)
    assert [(ms, action[1]) for ms, action in done if action[0] == "SOUND"] == [(ms, "RING") for ms in (3000, 8000, 13000, 18000)]
    assert words([action for _, action in done]) == [("progress", "ringing")] and not flat.microphone
    actions = flat.do(s.ANSWER_PRESSED, 21000)
    assert ("MICROPHONE", True, "intercom_pressed") in actions and words(actions) == [("answer", "")]


def test_who_does_not_press_in_45_s_gives_no_answer_with_evidence_g11():
    flat, _ = calling("welfare", button(answering="press"))
    done = [action for ms, action in flat.run_until(60000) if ms == 48000]
    assert words(done) == [("declined", "no_answer")] and flat.session.state == s.IDLE and flat.shown is None
    (event,) = events(done, "no_answer")
    assert event["evidence"] == {"rings": 9, "prompts": 1, "announced": True, "last_activity_s": None,
                                 "audio_path_proven_s": None, "privacy": False}
    assert event["kind"] == "welfare" and event["who"] == "coordinator"


def test_evidence_tells_when_the_flat_was_last_active_and_the_path_last_proven():
    flat, _ = alarm()
    flat.do(s.VOICE_HEARD, 5000)
    flat.do(s.CONTROL_ARRIVED, 6000, "a" * 16, "clear_down")
    flat.run_until(7000)
    flat.do(s.ANSWER_PRESSED, 10000)
    flat.do(s.ACTIVATED, 11000, CALL)  # by a wire that broke, perhaps: speech.Speech is told of hands
    flat.session.policy.privacy = True
    flat.do(s.OFFER_ARRIVED, 20000, offer(SID_B, 2, "intercom"), None)
    done = [action for _, action in flat.run_until(30000)]
    evidence = events(done, "no_answer")[0]["evidence"]
    assert (evidence["last_activity_s"], evidence["audio_path_proven_s"], evidence["privacy"]) == (13, 18, True)


def test_privacy_never_answers_by_itself_but_a_press_does_p3():
    flat, _ = calling(policy=button(privacy=True))
    flat.run_until(10000)
    assert flat.session.state == s.RINGING and not flat.microphone
    assert ("MICROPHONE", True, "intercom_pressed") in flat.do(s.ANSWER_PRESSED, 11000)


def test_privacy_without_an_answer_button_announces_and_then_declines():
    flat, actions = calling(policy=Policy(privacy=True))
    assert ("ANNOUNCE", "intercom") in actions
    done = [action for _, action in flat.run_until(3000)]
    assert words(done) == [("declined", "privacy")] and len(events(done, "no_answer")) == 1
    assert flat.session.state == s.IDLE


def test_privacy_that_is_switched_on_during_the_announcement_counts():
    flat, _ = calling()
    flat.do(s.PRIVACY_CHANGED, 1000, True)
    assert words(flat.do(s.ANNOUNCED, 3000)) == [("declined", "privacy")]


def test_privacy_that_is_switched_on_in_a_welfare_call_ends_it_but_not_the_flat_s_own_call():
    flat, _ = speaking("welfare")
    actions = flat.do(s.PRIVACY_CHANGED, 9000, True)
    assert words(actions) == [("ended", "flat")] and not flat.microphone and actions[0] == ("MICROPHONE", False, "welfare_auto")
    flat, _ = alarm(policy=Policy(privacy=True))
    assert flat.microphone, "who calls for help wants to be heard"
    assert flat.do(s.PRIVACY_CHANGED, 9000, True) == [] and flat.microphone
    flat, _ = alarm()
    assert flat.do(s.PRIVACY_CHANGED, 9000, True) == [] and flat.microphone, "who calls for help is heard"


def test_a_door_is_never_answered_by_itself():
    flat, _ = calling("door", button())
    flat.run_until(4000)
    assert flat.session.state == s.RINGING
    assert ("MICROPHONE", True, "door_pressed") in flat.do(s.ANSWER_PRESSED, 5000)
    flat, _ = calling("door")
    assert words([action for _, action in flat.run_until(4000)]) == [("declined", "no_answer")]


def test_a_press_during_the_announcement_answers_at_once():
    flat, _ = calling(policy=button())
    assert ("MICROPHONE", True, "intercom_pressed") in flat.do(s.ANSWER_PRESSED, 500)


def test_the_answer_button_hangs_up_but_not_twice_in_one_movement_and_never_an_alarm():
    flat, _ = speaking("welfare")
    assert flat.do(s.ANSWER_PRESSED, 4900) == []
    assert words(flat.do(s.ANSWER_PRESSED, 5000)) == [("ended", "flat")] and flat.session.state == s.ENDING
    flat, _ = alarm()
    assert flat.do(s.ANSWER_PRESSED, 9000) == [] and flat.session.state == s.CONNECTED


def test_a_press_during_a_welfare_call_keeps_the_speech_as_that_of_the_call_p4():
    flat, _ = speaking("welfare")
    actions = flat.do(s.ACTIVATED, 9000, CALL)
    session = flat.session
    assert (session.state, session.kind, session.call) == (s.CONNECTED, "alarm", CALL) and flat.microphone
    assert ("FORGET_VOICES",) in actions and events(actions, "microphone")[0]["why"] == "alarm"
    assert "MICROPHONE" not in names(actions) and events(actions, "speech")[0]["kind"] == "alarm"
    assert ("SPEECH_HAPPENED", CALL) in flat.do(s.VOICE_HEARD, 15000)


def test_what_was_said_before_the_press_is_no_speech_of_the_call_p6():
    flat, _ = speaking("welfare")
    assert names(flat.do(s.VOICE_HEARD, 8000)) == ["EVENT"]
    assert "SPEECH_HAPPENED" not in names(flat.do(s.ACTIVATED, 9000, CALL))


def test_a_press_while_it_is_still_announced_or_rings_connects_the_person_who_is_there():
    for policy, ms in ((None, 500), (button(answering="press"), 6000), (button(privacy=True), 6000)):
        flat, _ = calling(policy=policy)
        flat.run_until(ms)
        actions = flat.do(s.ACTIVATED, ms, CALL)
        assert ("MICROPHONE", True, "alarm") in actions and words(actions) == [("answer", "")]


def test_a_press_during_the_door_s_speech_ends_it_p4():
    flat, _ = speaking("door", button())
    assert words(flat.do(s.ACTIVATED, 9000, CALL)) == [("ended", "priority")] and not flat.microphone
    flat, _ = calling("door", button())
    assert words(flat.do(s.ACTIVATED, 1000, CALL)) == [("ended", "priority")] and flat.session.state == s.IDLE


def test_speech_ends_when_its_call_is_cleared_or_nobody_holds_it_any_more():
    for state in (None, "RECEIVED", "RAISED"):
        flat, _ = alarm()
        actions = flat.do(s.CALL_CHANGED, 5000, CALL, state)
        assert words(actions) == [("ended", "call_over")] and "SPEECH_LOST" not in names(actions)
    flat, _ = alarm()
    assert flat.do(s.CALL_CHANGED, 5000, CALL, "ANSWERED") == [] == flat.do(s.CALL_CHANGED, 5001, "u1-5e1f00d5-99", None)


def test_speech_that_became_the_call_s_waits_for_its_answer_and_then_ends_with_it():
    flat, _ = speaking("welfare")
    flat.do(s.ACTIVATED, 9000, CALL)
    for ms, state in ((9100, "RAISED"), (9200, "RECEIVED"), (9300, "ANSWERED")):
        assert flat.do(s.CALL_CHANGED, ms, CALL, state) == []
    assert words(flat.do(s.CALL_CHANGED, 20000, CALL, "RECEIVED")) == [("ended", "call_over")]


def test_a_flat_that_cannot_show_it_does_not_listen_p3():
    flat, _ = alarm()
    assert names(flat.do(s.SHOWN_CHANGED, 1000, False)) == ["MICROPHONE", "EVENT"] and not flat.microphone
    actions = flat.do(s.SHOWN_CHANGED, 2000, True)
    assert names(actions) == ["SHOW", "SOUND", "MICROPHONE", "EVENT"] and flat.microphone
    flat = Flat()
    flat.do(s.SHOWN_CHANGED, 0, False)
    flat.do(s.OFFER_ARRIVED, 10, offer(), "ANSWERED")
    assert flat.session.state == s.CONNECTED and flat.shown == "SPEAKING" and not flat.microphone


def test_no_media_is_told_after_2_s_sounded_after_5_offered_again_after_15_and_over_after_30_p6():
    flat, _ = alarm()
    done = flat.run_until(31000)
    told = [(ms, action[1] if action[0] != "EVENT" else action[2]["state"]) for ms, action in done
            if action[0] in ("SAY", "SOUND", "SPEECH_LOST") or (action[0] == "EVENT" and action[1] == "speech")]
    assert told == [(2000, "media"), (5000, "quiet"), (5000, "LOST"), (15000, "reoffer"), (20000, "reoffer"), (25000, "reoffer"),
                    (30000, "ended"), (30000, CALL), (30000, "ended"), (30000, "ENDED")]
    assert ("SPEECH_LOST", CALL) in [action for _, action in done] and flat.media is None and not flat.microphone
    assert flat.session.state == s.IDLE


def test_a_lost_intercom_call_raises_no_call():
    flat, _ = speaking()
    done = [action for _, action in flat.run_until(40000)]
    assert ("ended", "media_lost") in words(done) and "SPEECH_LOST" not in names(done)


def test_media_that_comes_back_is_told_and_a_new_silence_counts_anew():
    flat, _ = alarm()
    flat.run_until(6000)
    (said,) = flat.do(s.MEDIA_HEARD, 6500)
    assert said[2]["state"] == "back" and said[2]["silent_ms"] == 6500
    assert flat.do(s.MEDIA_HEARD, 7000) == []
    assert [ms for ms, action in flat.run_until(13000) if action[0] == "SAY"] == [9000]


def test_the_reoffer_has_a_fresh_port_and_the_offer_that_follows_is_answered_with_another():
    flat, first = alarm()
    done = [action for _, action in flat.run_until(15000)]
    reoffers = [action[2] for action in done if action[0] == "SAY" and action[1] == "reoffer"]
    answers = [action[2] for action in first if action[0] == "SAY"]
    assert reoffers[0]["turn"] == 1 and reoffers[0]["media"]["port"] != answers[0]["media"]["port"]
    assert flat.session.state == s.OFFERING and flat.microphone
    actions = flat.do(s.OFFER_ARRIVED, 15200, offer(turn=2, port=4100), "ANSWERED")
    assert words(actions) == [("answer", "")] and actions[0][1]["port"] == 4100 and flat.session.state == s.CONNECTED
    assert actions[1][2]["media"]["port"] not in (reoffers[0]["media"]["port"], answers[0]["media"]["port"])
    done = flat.run_until(31000)
    assert ("ended", "media_lost") in words([action for _, action in done]), "a re-offer gives a dead path no more time"


def test_media_that_is_heard_again_does_not_stand_for_the_answer_to_a_reoffer():
    flat, _ = alarm()
    flat.run_until(15000)
    flat.do(s.MEDIA_HEARD, 16000)
    flat.run_until(29000, 1000)
    assert flat.session.state == s.OFFERING
    assert ("ended", "media_lost") in words([action for _, action in flat.run_until(30000, 1000)]), "it may not hear us"


def test_the_longest_speech_beeps_20_and_10_s_before_its_end():
    for kind, policy, longest in (("alarm", None, 600000), ("welfare", None, 300000), ("door", button(), 120000)):
        flat, _ = alarm() if kind == "alarm" else speaking(kind, policy)
        start, done = flat.now, []
        for keep_ms in range(start + 30000, start + longest + 1000, 30000):
            done += flat.run_until(keep_ms, 500)
            flat.do(s.ALIVE_ARRIVED, keep_ms, "a" * 16)
        done = [(ms - start, action[1]) for ms, action in done if action[0] == "SOUND"]
        assert done == [(longest - 20000, "ENDING_SOON"), (longest - 10000, "ENDING_SOON"), (longest, "ENDED")], kind


def test_a_controller_whose_sound_is_heard_is_alive_also_without_messages():
    flat, _ = alarm()
    assert words([action for _, action in flat.run_until(500000, 500)]) == [], "the broker is away, nobody is cut off"


def test_a_controller_on_hold_that_says_nothing_for_130_s_is_dead_and_the_call_is_raised_again():
    flat, _ = alarm()
    flat.do(s.CONTROL_ARRIVED, 2000, "a" * 16, "hold")
    done = flat.run_until(131999)
    assert words([action for _, action in done]) == []
    done = flat.run_until(132000)
    assert words([action for _, action in done]) == [("ended", "dead")] and "SPEECH_LOST" in names([a for _, a in done])


def test_the_closing_tone_has_its_time_and_then_the_flat_is_idle():
    flat, _ = alarm()
    actions = flat.do(s.CONTROL_ARRIVED, 5000, "a" * 16, "clear_down")
    assert sounds(actions) == ["ENDED"] and flat.session.state == s.ENDING and flat.shown is None
    flat.run_until(5600)
    assert flat.session.state == s.IDLE and flat.session.next_due() is None


def test_an_unknown_event_raises_and_an_unexpected_one_is_counted():
    flat = Flat()
    assert flat.do(s.MEDIA_STARTED, 0, local()) == [] and flat.session.ignored == 1
    flat, _ = alarm()
    assert flat.do(s.MEDIA_STARTED, 10, local()) == [] and flat.session.ignored == 1
    try:
        flat.do("HANG_UP", 20)
        raise AssertionError("an unknown event was taken")
    except ValueError as error:
        assert "HANG_UP" in str(error)


def test_every_entry_of_the_table_is_a_method_of_the_session():
    for state, row in s._TABLE.items():
        assert all(event in s.EVENTS and callable(getattr(s.Session, row[event])) for event in row), state
        assert s.TICK in row, "no state without a timer (P8)"
