"""The controller's end of a session, rule by rule."""

import pytest

from host_tests.core.speech.descriptions import SID_A, SID_B, local, media
from tools.desk.talk import controller as c


def begun(kind="alarm", **more):
    one = c.Controller(SID_A, 7, kind, "u1-5e1f00d5-12" if kind == "alarm" else "", "coordinator", media(), **more)
    return one, one.handle(c.TALK_WANTED, 1000)


def connected(**more):
    one, _ = begun(**more)
    return one, one.handle(c.ANSWER_ARRIVED, 1300, answer())


def answer(turn=7, port=5000):
    return {"sid": SID_A, "turn": turn, "media": local(port)}


def said(**fields):
    return {"sid": SID_A, "turn": 7, **fields}


def names(actions):
    return [action[0] for action in actions]


def run_until(one, end_ms):
    """Ticks at every due time to `end_ms`; list of (ms, action)."""
    done = []
    while (due := one.next_due()) is not None and due <= end_ms:
        actions = one.handle(c.TICK, due)
        assert actions, "a timer that does nothing would spin"
        done += [(due, action) for action in actions]
    return done


def test_an_offer_goes_out_again_after_1_2_4_4_s_and_is_given_up_after_20():
    one, actions = begun()
    assert names(actions) == ["OFFER", "STATE"] and actions[0][1]["turn"] == 7 and actions[0][1]["media"] == media()
    done = run_until(one, 21000)
    assert [ms for ms, action in done if action[0] == "OFFER"] == [2000, 4000, 8000, 12000, 16000, 20000]
    assert all(action[1] == actions[0][1] for _, action in done if action[0] == "OFFER")
    assert done[-2:] == [(21000, ("CONTROL", {"sid": SID_A, "do": "clear_down"})), (21000, ("STATE", c.ENDING, "no_reply"))]


def test_each_word_of_the_flat_gives_it_more_time_but_never_more_than_120_s():
    one, _ = begun("welfare")
    for ms in range(2000, 121000, 4000):
        assert one.handle(c.PROGRESS_ARRIVED, ms, said(state="ringing")) == [("PROGRESS", "ringing")]
        run_until(one, ms + 3999)
    assert one.state == c.ENDING and one.reason == "no_reply"


def test_the_answer_starts_the_media_and_then_it_keeps_the_session_alive_every_30_s():
    one, actions = connected()
    assert actions == [("MEDIA_START", local()), ("STATE", c.CONNECTED, "")]
    assert run_until(one, 91300) == [(ms, ("ALIVE", {"sid": SID_A})) for ms in (31300, 61300, 91300)]


def test_130_s_without_a_word_is_a_dead_session():
    one, _ = connected()
    one.handle(c.ALIVE_ARRIVED, 31400, said(mode="talk", counters={}))
    assert one.mode == "talk"
    done = run_until(one, 161400)
    assert done[-3:] == [(161400, ("MEDIA_STOP",)), (161400, ("CONTROL", {"sid": SID_A, "do": "clear_down"})),
                         (161400, ("STATE", c.ENDING, "dead"))]


def test_commands_go_to_the_flat_only_while_it_speaks_and_clear_down_ends():
    one, _ = begun()
    assert one.handle(c.COMMAND_GIVEN, 1100, "talk") == [] and one.ignored == 1
    one, _ = connected()
    assert one.handle(c.COMMAND_GIVEN, 1400, "talk") == [("CONTROL", {"sid": SID_A, "do": "talk"})]
    assert names(one.handle(c.COMMAND_GIVEN, 1500, "clear_down")) == ["MEDIA_STOP", "CONTROL", "STATE"]
    assert one.state == c.ENDING


def test_clear_down_is_repeated_until_the_flat_has_ended_it_and_no_longer_than_20_s():
    one, _ = connected()
    one.handle(c.END_WANTED, 2000)
    again = [ms for ms, action in run_until(one, 9000) if action[0] == "CONTROL"]
    assert again == [3000, 5000, 9000]
    assert one.handle(c.ENDED_ARRIVED, 9100, said(reason="call_over")) == [("STATE", c.IDLE, "call_over")]
    one, _ = connected()
    one.handle(c.END_WANTED, 2000)
    assert run_until(one, 60000)[-1] == (22000, ("STATE", c.IDLE, "clear_down")) and one.next_due() is None


def test_a_flat_that_never_knew_the_session_ends_it_for_the_reason_it_had_here():
    one, _ = begun()
    one.handle(c.END_WANTED, 1500)
    assert one.handle(c.ENDED_ARRIVED, 1600, said(turn=0, reason="no_such_session")) == [("STATE", c.IDLE, "clear_down")]


def test_a_reoffer_of_the_flat_is_answered_by_an_offer_of_the_next_turn():
    one, _ = connected()
    actions = one.handle(c.REOFFER_ARRIVED, 20000, said(media=local(5002)))
    assert names(actions) == ["OFFER", "STATE"] and actions[0][1]["turn"] == 8 and actions[1][1] == c.RECONNECTING
    assert one.handle(c.REOFFER_ARRIVED, 25000, said(media=local(5002))) == []  # the same again: our offer is out
    assert one.handle(c.ANSWER_ARRIVED, 20200, answer()) == []  # to the turn of before
    assert one.handle(c.ANSWER_ARRIVED, 20300, answer(8, 5002)) == [("MEDIA_START", local(5002)), ("STATE", c.CONNECTED, "")]


def test_an_offer_that_is_made_on_hold_does_not_end_the_hold():
    one, _ = connected()
    one.handle(c.COMMAND_GIVEN, 2000, "hold")
    (offer, _) = one.handle(c.MEDIA_MOVED, 3000, media(port=4100))
    assert offer[1]["media"]["direction"] == "inactive" and offer[1]["media"]["port"] == 4100
    one.handle(c.COMMAND_GIVEN, 3100, "resume")
    assert one.handle(c.TICK, 4000)[0][1]["media"]["direction"] == "sendrecv"


def test_a_stale_turn_is_taken_over_by_who_is_entitled_but_not_for_ever():
    one, _ = begun()
    actions = one.handle(c.DECLINED_ARRIVED, 1100, said(reason="stale_turn", current_turn=40))
    assert names(actions) == ["OFFER"] and one.turn == 41
    for turn in range(41, 45):
        one.handle(c.DECLINED_ARRIVED, 1200, said(turn=turn, reason="stale_turn", current_turn=turn))
    assert one.handle(c.DECLINED_ARRIVED, 1300, said(turn=45, reason="stale_turn", current_turn=45)) == [
        ("STATE", c.IDLE, "stale_turn")]
    one, _ = begun(entitled=False)
    assert one.handle(c.DECLINED_ARRIVED, 1100, said(reason="stale_turn", current_turn=40)) == [("STATE", c.IDLE, "stale_turn")]


def test_the_last_turn_is_not_overrun():
    one, _ = begun()
    full = 2**31 - 1
    declined = said(reason="stale_turn", current_turn=full)
    assert one.handle(c.DECLINED_ARRIVED, 1100, declined) == [("STATE", c.IDLE, "stale_turn")]
    one = c.Controller(SID_A, full, "alarm", "", "x", media())
    one.handle(c.TALK_WANTED, 0)
    one.handle(c.ANSWER_ARRIVED, 10, answer(full))
    assert names(one.handle(c.MEDIA_MOVED, 20, media())) == ["MEDIA_STOP", "CONTROL", "STATE"]


def test_a_declined_offer_is_over_and_a_declined_reoffer_ends_the_session_in_the_flat_too():
    one, _ = begun()
    assert one.handle(c.DECLINED_ARRIVED, 1100, said(reason="busy", current_turn=9)) == [("STATE", c.IDLE, "busy")]
    one, _ = connected()
    one.handle(c.MEDIA_MOVED, 2000, media())
    actions = one.handle(c.DECLINED_ARRIVED, 2100, said(turn=8, reason="no_codec", current_turn=8))
    assert names(actions) == ["MEDIA_STOP", "CONTROL", "STATE"] and one.reason == "no_codec"


@pytest.mark.parametrize("event", ["PROGRESS_ARRIVED", "ANSWER_ARRIVED", "REOFFER_ARRIVED", "ALIVE_ARRIVED", "MEDIA_ARRIVED"])
def test_a_flat_that_speaks_after_the_end_is_told_that_it_is_over(event):
    one, _ = begun()
    one.handle(c.DECLINED_ARRIVED, 1100, said(reason="busy", current_turn=9))
    assert one.handle(event, 1200, answer()) == [("CONTROL", {"sid": SID_A, "do": "clear_down"})]
    assert one.handle(c.ENDED_ARRIVED, 1300, said(reason="clear_down")) == [] and one.state == c.IDLE


def test_media_lost_and_back_is_told_and_a_restart_of_the_unit_ends_it():
    one, _ = connected()
    assert one.handle(c.MEDIA_ARRIVED, 5000, said(state="lost", silent_ms=2000)) == [("MEDIA_TOLD", "lost", 2000)]
    assert one.handle(c.UNIT_RESTARTED, 6000) == [("MEDIA_STOP",), ("STATE", c.IDLE, "reset")]


def test_what_belongs_to_another_session_or_state_is_counted_and_an_unknown_event_raises():
    one, _ = connected()
    assert one.handle(c.ENDED_ARRIVED, 2000, {"sid": SID_B, "turn": 9, "reason": "flat"}) == [] and one.ignored == 1
    assert one.handle(c.TALK_WANTED, 2000) == [] and one.ignored == 2
    with pytest.raises(ValueError, match="unknown event"):
        one.handle("CONNECTED", 0)


def test_a_session_that_is_over_does_not_begin_again():
    one, _ = begun()
    one.handle(c.END_WANTED, 1100)
    one.handle(c.ENDED_ARRIVED, 1200, said(reason="clear_down"))
    assert one.handle(c.TALK_WANTED, 1300) == [] and one.state == c.IDLE


def test_every_entry_of_the_table_is_a_method_and_every_state_but_idle_has_a_timer():
    assert {method for row in c._TABLE.values() for method in row.values()} <= set(dir(c.Controller))
    for state, row in c._TABLE.items():
        assert (c.TICK in row) == (state != c.IDLE), state
