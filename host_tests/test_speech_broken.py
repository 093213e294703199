"""speech.py when a step breaks, or nobody has spoken for weeks: what is left open is closed, the call goes on (P3, P4, P8)."""

from firmware.core import call as one
from firmware.core import clock
from host_tests.test_speech import MEDIA, SID, Flat, connected


def quiet(flat):
    """Nothing of a session is left."""
    return not flat.listening and not flat.active and flat.session.state in ("IDLE", "ENDING")


def waits(flat, days):
    """The heart beats for so long, if not as often as it does."""
    for _ in range(days * 24):
        flat.now = clock.add(flat.now, 3600000)
        flat.speech.tick()


def test_after_any_number_of_days_without_speech_the_next_session_is_looked_after_p8():
    for days in (5, 7, 11, 13):
        flat = connected()
        flat.talks(1000)
        flat.control("clear_down")
        flat.run(1000)
        waits(flat, days)
        flat.offer(kind="welfare", turn=2, sid="a" * 16)
        flat.talks(10000)
        flat.digits = ["2"]
        flat.talks(60000)
        assert flat.session.state == "CONNECTED" and "listen" in flat.done, "%d days" % days


def test_evidence_tells_a_week_without_a_sign_of_life_as_a_week():
    flat = Flat()
    flat.speech.used()
    waits(flat, 8)
    told = flat.session.evidence.fields(flat.now, False)
    assert abs(told["last_activity_s"] - 8 * 86400) <= 1


def test_a_privacy_switch_is_a_sign_of_life_when_it_is_moved_and_not_when_the_power_comes_back():
    flat = Flat()
    flat.speech.privacy(True)
    waits(flat, 1)
    assert flat.session.evidence.fields(flat.now, True)["last_activity_s"] is None
    flat.speech.privacy(False)
    flat.now = clock.add(flat.now, 7000)
    assert flat.session.evidence.fields(flat.now, False)["last_activity_s"] == 7


def test_a_step_that_fails_at_the_end_leaves_nothing_open_p3():
    for broken in ("ended", "stop", "microphone", "speech", "call"):
        flat = connected()
        flat.talks(1000)
        flat.breaks = (broken,)
        flat.run(32000)
        assert not flat.listening, broken
        flat.breaks = ()
        flat.run(1000)
        flat.speech.tick()
        assert quiet(flat), broken
        assert "SEND_ALARM" in flat.done and flat.done[-1] != "radio awake", "lost speech raises the call again: " + broken


def test_media_that_breaks_half_way_is_taken_down_again_and_the_radio_may_sleep():
    for broken in ("start", "start, late"):
        flat = Flat()
        flat.breaks = (broken,)
        flat.offer(call=flat.answered_call())
        assert flat.said[-1]["reason"] == "media" and quiet(flat), broken
        assert flat.done[-2:] == ["stop", "radio sleeps"], broken


def test_a_microphone_whose_tone_or_record_fails_does_not_stay_open_p3():
    flat = Flat()
    flat.wall.broken = "OPENED"
    flat.offer(call=flat.answered_call())
    assert "microphone opens" not in flat.done and quiet(flat)
    assert flat.said[-1]["reason"] == "media_lost" and flat.calls.find(1).escalation == 1
    flat = Flat()
    flat.breaks = ("microphone",)  # its event; opening itself raises OSError here, which is a fault of its own
    flat.open_microphone = lambda: setattr(flat, "listening", True)
    flat.speech._talk = flat
    flat.offer(call=flat.answered_call())
    assert quiet(flat) and flat.said[-1]["reason"] == "media_lost"


def test_a_microphone_that_does_not_stop_is_a_fault_and_is_stopped_as_soon_as_it_lets_itself_p3():
    flat = connected()
    flat.breaks = ("deinit",)
    flat.control("clear_down")
    assert flat.listening and not flat.active and flat.said[-1]["say"] == "ended"
    flat.speech.tick()
    assert flat.faults[-1] == ("microphone", True) and flat.listening
    flat.breaks = ()
    flat.speech.tick()
    assert not flat.listening


def test_a_call_that_is_cleared_ends_its_speech_also_if_the_news_was_lost_once_p3():
    flat = connected()
    whole = flat.session.handle

    def full(*event):
        raise MemoryError("memory allocation failed")

    flat.session.handle = full
    flat.obey(flat.calls.told(one.CLEAR_ARRIVED, 1, flat.now, 1, "mistake", "present", "centre"))
    flat.session.handle = whole
    assert flat.listening
    flat.run(1000)
    assert quiet(flat) and flat.said[-1]["reason"] == "call_over"


def test_an_answer_that_cannot_be_sent_ends_the_speech_raises_the_call_again_and_breaks_nothing_else_p4():
    flat = Flat()
    flat.breaks = ("answer",)
    flat.offer(call=flat.answered_call())
    assert quiet(flat) and "microphone opens" not in flat.done
    assert (flat.said[-1]["say"], flat.said[-1]["reason"]) == ("ended", "media_lost") and flat.calls.find(1).escalation == 1


def test_words_about_one_session_take_one_place_each_in_the_outbox_so_the_record_is_not_pushed_out():
    flat = connected()
    for turn in range(2, 30):
        flat.talks(500)
        flat.speech.message({"type": "alive", "sid": SID})
        flat.offer(call="u1-5e1f00d5-1", turn=turn, media=dict(MEDIA, port=4000 + turn))
        flat.run(2600)
    assert len(set(flat.keys)) <= 4 and len(flat.keys) > 80
    for _ in range(20):
        flat.talks(500)
        flat.run(6000)
    quiet_keys = [flat.noted[i] for i in range(len(flat.events)) if flat.events[i][1].get("state") == "quiet"]
    assert len(quiet_keys) >= 20 and len(set(quiet_keys)) == 1
    assert [flat.noted[i] for i in range(len(flat.events)) if flat.events[i][0] == "microphone"] == [None], "kept, each"
