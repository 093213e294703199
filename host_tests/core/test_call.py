"""The call's life, transition by transition and then its whole space (P1, P2, P4, P6, P8)."""

from firmware.core import call as c
from firmware.core import clock
from firmware.core.timers import Timers

START = clock.PERIOD_MS - 7000  # so that every test crosses the wrap of the ticks
CORD = (1, 1, 0)  # input index, kind "cord", cause "activated"


def at(ms):
    return clock.add(START, ms)


def raised():
    call = c.Call(12, Timers())
    return call, call.handle(c.ACTIVATED, START, *CORD)


def received():
    call, _ = raised()
    return call, call.handle(c.RECEIPT_ARRIVED, at(100), 1, 0)


def answered():
    call, _ = received()
    return call, call.handle(c.ANSWER_ARRIVED, at(5000), "coordinator")


def names(actions):
    return [action[0] for action in actions]


def run_until(call, start, end):
    """Ticks at every due-field from `start` to `end` ms; list of (ms, action)."""
    done = []
    while True:
        due = call.next_due()
        if due is None or clock.diff(due, at(end)) > 0:
            return done
        ms = clock.diff(due, START)
        assert ms >= start
        actions = call.handle(c.TICK, due)
        assert actions, "a timer that does nothing would spin"
        done += [(ms, action) for action in actions]


def test_an_activation_is_journalled_before_the_light_and_before_the_first_send_p1():
    call, actions = raised()
    assert actions[0] == ("JOURNAL_TRIGGER", 12, 1, 1, 1, 0)
    assert names(actions) == ["JOURNAL_TRIGGER", "SHOW_LIGHT", "SOUND", "SEND_ALARM"]
    assert call.state == c.RAISED


def test_without_a_receipt_the_alarm_goes_out_after_2_4_8_and_then_every_15_s_for_ever_p1():
    call, _ = raised()
    sent = [ms for ms, action in run_until(call, 0, 3600000) if action[0] == "SEND_ALARM"]
    assert sent[:6] == [2000, 6000, 14000, 29000, 44000, 59000]
    assert len(sent) == 3 + (3600000 - 14000) // 15000
    assert call.state == c.RAISED


def test_the_alarm_is_still_sent_every_15_s_after_a_whole_day_p1():
    call, _ = raised()
    passed_ms, now = 0, START
    while passed_ms < 24 * 3600 * 1000:
        due = call.next_due()
        passed_ms, now = passed_ms + clock.diff(due, now), due
        call.handle(c.TICK, now)
    assert call.attempt == 1 + 3 + (24 * 3600 * 1000 - 14000) // 15000


def test_another_path_is_tried_from_15_s_and_the_tenant_hears_it_from_20_s():
    call, _ = raised()
    done = run_until(call, 0, 90000)
    assert [ms for ms, action in done if action[0] == "TRY_OTHER_PATH"][:2] == [15000, 30000]
    assert [ms for ms, action in done if action == ("SOUND", "STILL_TRYING")] == [20000, 50000, 80000]


def test_the_receipt_stops_the_repeats_and_says_so():
    call, actions = received()
    assert call.state == c.RECEIVED and not call.waiting()
    assert actions == [("CONFIRMED", 12), ("SHOW_LIGHT",), ("SOUND", "RECEIVED")]
    assert "SEND_ALARM" not in names([action for _, action in run_until(call, 100, 59000)])


def test_a_receipt_for_fewer_triggers_or_an_older_escalation_is_no_receipt_p2():
    call, _ = raised()
    call.handle(c.ACTIVATED, at(50), 2, 1, 0)
    assert call.handle(c.RECEIPT_ARRIVED, at(100), 1, 0) == []
    assert call.state == c.RAISED
    call.handle(c.RECEIPT_ARRIVED, at(200), 2, 0)
    assert call.state == c.RECEIVED


def test_nobody_answers_in_60_s_and_the_call_is_raised_again_escalated():
    call, _ = received()
    done = run_until(call, 100, 62000)
    assert (60100, ("SEND_ALARM", 12)) in done
    assert call.escalation == 1 and call.waiting() and call.state == c.RECEIVED
    assert call.handle(c.RECEIPT_ARRIVED, at(62100), 1, 0) == []
    assert call.waiting()
    assert names(call.handle(c.RECEIPT_ARRIVED, at(62200), 1, 1)) == ["CONFIRMED"]
    again = run_until(call, 62200, 123000)
    assert (122200, ("SEND_ALARM", 12)) in again and call.escalation == 2


def test_pulling_again_and_again_does_not_postpone_the_escalation_p4():
    call, _ = received()
    for ms in range(10000, 60000, 10000):
        call.handle(c.ACTIVATED, at(ms), *CORD)
        call.handle(c.RECEIPT_ARRIVED, at(ms + 50), len(call.triggers), 0)
        run_until(call, 0, ms + 60)
    run_until(call, 0, 60100)
    assert call.escalation == 1


def test_an_escalation_that_does_not_get_through_is_told_as_still_trying_p2():
    call, _ = received()
    sounds = [action[1] for _, action in run_until(call, 100, 200000) if action[0] == "SOUND"]
    assert sounds[0] == "RECEIVED" and sounds[-1] == "STILL_TRYING"


def test_a_second_trigger_is_added_journalled_and_sent_in_every_state_p4():
    for make in (raised, received, answered):
        call, _ = make()
        actions = call.handle(c.ACTIVATED, at(6000), 2, 1, 0)
        assert actions[0] == ("JOURNAL_TRIGGER", 12, 2, 2, 1, 0)
        assert "SEND_ALARM" in names(actions) and call.waiting(), make


def test_a_further_pull_is_not_shown_as_received_before_its_own_receipt_p2():
    for make in (received, answered):
        call, _ = make()
        assert call.heard()
        assert ("SHOW_LIGHT",) in call.handle(c.ACTIVATED, at(6000), 2, 1, 0)
        assert not call.heard()
        assert call.handle(c.RECEIPT_ARRIVED, at(6100), 1, 0) == [] and not call.heard()
        assert call.handle(c.RECEIPT_ARRIVED, at(6200), 2, 0) == [("CONFIRMED", 12), ("SHOW_LIGHT",), ("SOUND", "RECEIVED")]
        assert call.heard()


def test_a_receipt_for_all_triggers_shows_the_light_even_if_the_escalation_is_still_on_its_way_p2():
    call, _ = received()
    run_until(call, 100, 60100)
    call.handle(c.ACTIVATED, at(60200), 2, 1, 0)
    assert call.handle(c.RECEIPT_ARRIVED, at(60300), 2, 0) == [("SHOW_LIGHT",), ("SOUND", "RECEIVED")]
    assert call.heard() and call.waiting()


def test_a_clear_that_does_not_know_of_the_newest_trigger_is_refused_p4():
    call, _ = answered()
    call.handle(c.ACTIVATED, at(6000), 2, 1, 0)
    assert call.handle(c.CLEAR_ARRIVED, at(6100), 1, "mistake", "present", "A. Jones") == [("REFUSE", "newer_trigger")]
    assert call.state == c.ANSWERED


def test_clear_needs_an_answer_and_presence_or_speech_p6():
    clear = (c.CLEAR_ARRIVED, at(9000), 1, "mistake")
    for make, reason in ((raised, "not_received"), (received, "not_answered")):
        call, _ = make()
        assert call.handle(*(clear + ("present", "A. Jones"))) == [("REFUSE", reason)]
        assert call.handle(c.RELEASE_ARRIVED, at(9000)) == [("REFUSE", reason)]
    call, _ = answered()
    assert call.handle(*(clear + ("speech", "A. Jones"))) == [("REFUSE", "no_speech")]
    call.handle(c.SPEECH_HAPPENED, at(9100))
    actions = call.handle(*(clear + ("speech", "A. Jones")))
    assert names(actions)[:2] == ["JOURNAL_CLEARED", "ACCEPT"]
    assert ("REPORT_CLEARED", 12, "service", "mistake", "A. Jones") in actions
    assert call.state == c.CLEARED and call.next_due() is None and not call.waiting()


def test_the_clear_is_journalled_before_the_light_goes_off_and_before_it_is_reported_p1():
    call, _ = answered()
    order = names(call.handle(c.CLEAR_ARRIVED, at(9000), 1, "help_sent", "present", "A. Jones"))
    assert order.index("JOURNAL_CLEARED") < order.index("SHOW_LIGHT") < order.index("REPORT_CLEARED")


def test_an_answer_before_the_receipt_is_refused_p2():
    call, _ = raised()
    assert call.handle(c.ANSWER_ARRIVED, at(50), "coordinator") == [("REFUSE", "not_received")]
    assert call.state == c.RAISED


def test_an_answer_that_is_renewed_holds_and_one_that_is_not_raises_again_after_130_s_p6():
    call, _ = answered()
    for ms in range(35000, 600000, 30000):
        assert call.handle(c.ANSWER_ARRIVED, at(ms), "coordinator") == [("ACCEPT",)]
        assert run_until(call, 0, ms + 100) == []
    last = ms
    done = run_until(call, 0, last + 131000)
    assert done[0][0] == last + 130000 and call.state == c.RECEIVED and call.escalation == 1


def test_losing_speech_raises_again_and_never_clears_p6():
    call, _ = answered()
    assert "SEND_ALARM" in names(call.handle(c.SPEECH_LOST, at(9000)))
    assert call.state == c.RECEIVED and call.escalation == 1


def test_speech_that_did_not_happen_does_not_come_true_by_losing_it_p6():
    call, _ = answered()
    call.handle(c.SPEECH_LOST, at(6000))
    call.handle(c.RECEIPT_ARRIVED, at(6100), 1, 1)
    call.handle(c.ANSWER_ARRIVED, at(6200), "centre")
    call.handle(c.RELEASE_ARRIVED, at(6300))
    call.handle(c.ANSWER_ARRIVED, at(6400), "centre")
    assert call.handle(c.CLEAR_ARRIVED, at(6500), 1, "mistake", "speech", "centre") == [("REFUSE", "no_speech")]


def test_a_release_gives_the_next_one_60_s():
    call, _ = answered()
    assert names(call.handle(c.RELEASE_ARRIVED, at(9000))) == ["ACCEPT", "SHOW_LIGHT"]
    assert (69000, ("SEND_ALARM", 12)) in run_until(call, 0, 69100)


def test_the_reset_contact_clears_only_what_the_service_has_received_p1():
    call, _ = raised()
    assert call.handle(c.RESET_PRESSED, at(50)) == [] and call.state == c.RAISED
    for make in (received, answered):
        call, _ = make()
        assert ("REPORT_CLEARED", 12, "local", "present", "flat") in call.handle(c.RESET_PRESSED, at(9000))


def test_a_resumed_call_shows_calling_and_is_sent_at_once_without_a_new_record_p1():
    call = c.Call(12, Timers())
    actions = call.resume([(1, 1, 1, 0), (2, 0, 0, 0)], START)
    assert names(actions) == ["SHOW_LIGHT", "SEND_ALARM"]
    assert call.state == c.RAISED and call.resumed and call.raised_ms is None and len(call.triggers) == 2


def test_an_activation_that_flash_refused_leaves_its_number_unused_after_a_reset_p4():
    """Or a service that stored it would take the next activation for one it knows."""
    call = c.Call(12, Timers())
    call.resume([(1, 1, 1, 0), (3, 0, 0, 0)], START)
    assert call.handle(c.RECEIPT_ARRIVED, at(50), 2, 0) == [] and call.state == c.RAISED
    call.handle(c.RECEIPT_ARRIVED, at(60), 3, 0)
    assert call.handle(c.ACTIVATED, at(70), *CORD)[0][:3] == ("JOURNAL_TRIGGER", 12, 4)
    call.handle(c.RECEIPT_ARRIVED, at(80), 4, 0)
    call.handle(c.ANSWER_ARRIVED, at(90), "x")
    assert call.handle(c.CLEAR_ARRIVED, at(95), 3, "mistake", "present", "x") == [("REFUSE", "newer_trigger")]


def test_a_link_that_comes_up_sends_what_waits_and_only_that():
    for make in (raised, received, answered):
        call, _ = make()
        if make is not raised:
            call.handle(c.ACTIVATED, at(5500), 2, 1, 0)
        assert names(call.handle(c.LINK_CAME_UP, at(6000))) == ["SEND_ALARM"], make
    call, _ = received()
    assert call.handle(c.LINK_CAME_UP, at(3000)) == []


def test_the_age_is_that_of_the_first_activation_whatever_follows_p4():
    call, _ = raised()
    call.handle(c.ACTIVATED, at(5000), 2, 1, 0)
    assert call.raised_ms == START


def test_a_65th_activation_makes_no_record_but_is_sent():
    call, _ = raised()
    for i in range(2, 65):
        assert call.handle(c.ACTIVATED, at(i), *CORD)[0][:3] == ("JOURNAL_TRIGGER", 12, i)
    assert names(call.handle(c.ACTIVATED, at(100), *CORD)) == ["SOUND", "SEND_ALARM"]
    assert len(call.triggers) == 64


def test_the_age_is_given_up_before_the_ticks_can_mislead():
    call, _ = received()
    passed_ms, now = 0, at(100)
    while passed_ms < 4 * 24 * 3600 * 1000:
        due = call.next_due()
        passed_ms += clock.diff(due, now)
        now = due
        assert call.raised_ms is None or clock.diff(now, call.raised_ms) >= 0
        call.handle(c.TICK, now)
        call.handle(c.RECEIPT_ARRIVED, now, 1, call.escalation)
    assert call.raised_ms is None


def test_an_unknown_event_raises_and_an_unexpected_one_is_counted():
    call, _ = raised()
    try:
        call.handle("GONE_FISHING", START)
    except ValueError as problem:
        assert "GONE_FISHING" in str(problem)
    else:
        assert False
    assert call.handle(c.SPEECH_LOST, START) == [] and call.ignored == 1


MOVES = (
    (c.ACTIVATED, 2, 1, 0), (c.RECEIPT_ARRIVED, 1, 0), (c.RECEIPT_ARRIVED, 64, 1000), (c.ANSWER_ARRIVED, "x"),
    (c.RELEASE_ARRIVED,), (c.CLEAR_ARRIVED, 1, "mistake", "present", "x"), (c.CLEAR_ARRIVED, 64, "mistake", "speech", "x"),
    (c.CLEAR_ARRIVED, 64, "mistake", "present", "x"), (c.RESET_PRESSED,), (c.SPEECH_HAPPENED,), (c.SPEECH_LOST,),
    (c.LINK_CAME_UP,), ("NEXT_DUE",),
)


class Walk:
    """Follows one path of events and holds every promise against each step."""

    def __init__(self, path):
        self.call, actions = raised()
        self.receipted = 0  # triggers that a receipt has covered
        self.now = START
        self.spoke = False
        for move in path:
            before, heard = self.call.state, self.call.heard()
            if move[0] == "NEXT_DUE":
                if self.call.state == c.CLEARED:
                    return
                self.now = self.call.next_due()
                actions = self.call.handle(c.TICK, self.now)
            else:
                self.now = clock.add(self.now, 7)
                actions = self.call.handle(move[0], self.now, *move[1:])
            self.check(before, heard, move, actions)

    def check(self, before, heard, move, actions):
        call, order = self.call, names(actions)
        if move[0] == c.RECEIPT_ARRIVED and move[1] >= len(call.triggers):
            self.receipted = len(call.triggers)
        if move[0] == c.SPEECH_HAPPENED and before == c.ANSWERED:
            self.spoke = True
        if before == c.RAISED and call.state != c.RAISED:
            assert move[0] == c.RECEIPT_ARRIVED and move[1] >= len(call.triggers) and move[2] >= call.escalation, "P2"
        if call.state == c.CLEARED and before != c.CLEARED:
            if move[0] == c.CLEAR_ARRIVED:
                assert before == c.ANSWERED and move[1] >= len(call.triggers), "P4"
                assert move[3] == "present" or self.spoke, "P6"
            else:
                assert move[0] == c.RESET_PRESSED and before in (c.RECEIVED, c.ANSWERED), "P6"
        if "JOURNAL_TRIGGER" in order:
            assert order[0] == "JOURNAL_TRIGGER", "P1"
        if call.state != c.CLEARED:
            assert call.next_due() is not None, "P8"
            assert clock.diff(call.next_due(), self.now) >= 0, "P8: a timer in the past would spin"
        if call.waiting():
            assert call._send_ms is not None, "P1: what is not confirmed is sent again"
        assert ("SHOW_LIGHT",) in actions or (before, heard) == (call.state, call.heard()), "the light follows the state"
        assert not call.heard() or self.receipted == len(call.triggers), "P2: each trigger has its own receipt"


def test_every_path_of_four_events_keeps_every_promise():
    walked = 0
    for first in MOVES:
        for second in MOVES:
            for third in MOVES:
                for fourth in MOVES:
                    Walk((first, second, third, fourth))
                    walked += 1
    assert walked == len(MOVES) ** 4


# --- tests of the unit

TEST = c.CAUSES.index("test")
PULLED_IN_TEST = (1, 1, TEST)


def answered_test():
    call = c.Call(12, Timers())
    call.handle(c.ACTIVATED, START, *PULLED_IN_TEST)
    call.handle(c.RECEIPT_ARRIVED, at(100), 1, 0)
    assert call.handle(c.ANSWER_ARRIVED, at(200), c.TESTER)[0] == ("ACCEPT",)
    return call


def test_a_call_is_a_test_as_long_as_each_activation_is_one_p7():
    call = answered_test()
    assert call.is_test()
    call.handle(c.ACTIVATED, at(300), *PULLED_IN_TEST)
    assert call.is_test() and call.state == c.ANSWERED
    call.handle(c.ACTIVATED, at(400), *CORD)
    assert not call.is_test()
    call.handle(c.ACTIVATED, at(500), *PULLED_IN_TEST)
    assert not call.is_test(), "once real, always real"
    assert not raised()[0].is_test()


def test_a_real_activation_takes_away_the_answer_that_no_person_gave_and_is_raised_again_when_nobody_comes_p4():
    call = answered_test()
    actions = call.handle(c.ACTIVATED, at(400), *CORD)
    assert call.state == c.RECEIVED and "SEND_ALARM" in names(actions) and not call.heard()
    call.handle(c.RECEIPT_ARRIVED, at(500), 2, 0)
    done = run_until(call, 500, 60600)
    assert call.escalation == 1 and "SEND_ALARM" in [action[0] for _, action in done]


def test_an_answer_to_the_test_that_crosses_the_real_activation_is_refused_and_a_persons_is_taken():
    call = answered_test()
    call.handle(c.ACTIVATED, at(400), *CORD)
    call.handle(c.RECEIPT_ARRIVED, at(500), 2, 0)
    assert call.handle(c.ANSWER_ARRIVED, at(600), c.TESTER) == [("REFUSE", "newer_trigger")]
    assert call.state == c.RECEIVED
    assert call.handle(c.ANSWER_ARRIVED, at(700), "coordinator")[0] == ("ACCEPT",)
    assert call.handle(c.CLEAR_ARRIVED, at(800), 1, "test", "present", "E. Ngineer") == [("REFUSE", "newer_trigger")]


def test_a_persons_answer_to_a_test_stays_when_it_becomes_real():
    call = answered_test()
    call.handle(c.ANSWER_ARRIVED, at(250), "coordinator")
    call.handle(c.ACTIVATED, at(400), *CORD)
    assert call.state == c.ANSWERED


def test_from_the_33rd_activation_on_a_test_pull_counts_as_real_so_that_no_clear_passes_over_a_real_one():
    call = c.Call(12, Timers())
    for i in range(32):
        call.handle(c.ACTIVATED, at(i * 100), *PULLED_IN_TEST)
    assert call.is_test() and call.activations == 32
    call.handle(c.ACTIVATED, at(3300), *PULLED_IN_TEST)
    assert not call.is_test() and call.triggers[-1] == (33, 1, 1, 0)


def test_a_test_call_is_a_real_one_after_a_reset_as_a_record_that_flash_refused_may_be_missing_p1():
    for triggers in ([(1, 1, 1, TEST), (2, 1, 1, TEST)], [(2, 1, 1, TEST)]):
        call = c.Call(12, Timers())
        call.resume(triggers, START)
        assert not call.is_test()
        call.handle(c.ACTIVATED, at(100), *PULLED_IN_TEST)
        assert not call.is_test()
