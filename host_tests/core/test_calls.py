"""All open calls of a flat (P1, P2, P4)."""

from firmware.core import call as c
from firmware.core import calls
from firmware.core.timers import Timers

CORD = (1, 1, 0)


def flat(last_number=11):
    return calls.Calls(Timers(), last_number)


def test_a_first_activation_raises_a_new_call_and_a_second_joins_it_p4():
    board = flat()
    assert board.activate(0, *CORD)[0] == ("JOURNAL_TRIGGER", 12, 1, 1, 1, 0)
    assert board.activate(30, 2, 1, 0)[0] == ("JOURNAL_TRIGGER", 12, 2, 2, 1, 0)
    assert len(board.open) == 1


def test_a_second_activation_makes_the_light_steady_until_it_is_received_too_p2():
    board = flat()
    board.activate(0, *CORD)
    board.told(c.RECEIPT_ARRIVED, 12, 50, 1, 0)
    assert board.light() == calls.RECEIVED
    board.activate(60, 2, 1, 0)
    assert board.light() == calls.CALLING
    board.told(c.RECEIPT_ARRIVED, 12, 90, 2, 0)
    assert board.light() == calls.RECEIVED


def test_after_a_clear_the_next_activation_has_a_new_number():
    board = flat()
    board.activate(0, *CORD)
    board.told(c.RECEIPT_ARRIVED, 12, 50, 1, 0)
    board.told(c.ANSWER_ARRIVED, 12, 60, "x")
    board.told(c.CLEAR_ARRIVED, 12, 70, 1, "mistake", "present", "x")
    assert board.open == [] and board.light() == calls.STANDBY and board.next_due() is None
    assert board.activate(100, *CORD)[0][1] == 13


def test_calls_of_the_journal_are_resumed_each_under_its_own_number_p1():
    board = flat(0)
    board.resume(3, [(1, 1, 1, 0)], 0)
    board.resume(5, [(1, 0, 0, 0)], 0)
    assert [call.number for call in board.open] == [3, 5]
    assert board.activate(10, *CORD)[0][:3] == ("JOURNAL_TRIGGER", 5, 2)


def test_the_light_does_not_flash_while_one_of_two_calls_is_not_received_p2():
    board = flat(0)
    board.resume(3, [(1, 1, 1, 0)], 0)
    board.resume(5, [(1, 0, 0, 0)], 0)
    assert board.light() == calls.CALLING
    board.told(c.RECEIPT_ARRIVED, 3, 10, 1, 0)
    assert board.light() == calls.CALLING
    board.told(c.RECEIPT_ARRIVED, 5, 20, 1, 0)
    assert board.light() == calls.RECEIVED
    board.told(c.ANSWER_ARRIVED, 3, 30, "x")
    assert board.light() == calls.RECEIVED
    board.told(c.ANSWER_ARRIVED, 5, 30, "x")
    assert board.light() == calls.ANSWERED
    board.told(c.RELEASE_ARRIVED, 3, 40)
    assert board.light() == calls.RECEIVED, "whichever of the two is older"


def test_a_message_for_a_call_that_is_not_open_changes_nothing_and_says_why():
    board = flat()
    board.activate(0, *CORD)
    for number, reason in ((None, "no_such_call"), (13, "no_such_call"), (0, "no_such_call"), (11, "already_cleared"),
                           (1, "already_cleared")):
        assert board.told(c.RECEIPT_ARRIVED, number, 10, 1, 0) == [("REFUSE", reason)]
    assert board.light() == calls.CALLING and board.ignored == 5


def test_a_call_that_cannot_be_written_is_raised_under_a_volatile_number_p1():
    board = flat()
    board.activate(0, *CORD)
    assert ("SEND_ALARM", 12 + calls.VOLATILE) in board.journal_failed(12)
    board.told(c.RECEIPT_ARRIVED, 12 + calls.VOLATILE, 10, 1, 0)
    assert board.light() == calls.RECEIVED


def test_a_further_trigger_that_cannot_be_written_leaves_the_call_its_durable_number():
    board = flat()
    board.activate(0, *CORD)
    board.activate(9, 2, 1, 0)
    assert ("SEND_ALARM", 12) in board.journal_failed(12)


def test_the_soonest_timer_of_all_calls_leads():
    board = flat(0)
    board.resume(3, [(1, 1, 1, 0)], 500)
    board.resume(5, [(1, 0, 0, 0)], 100)
    assert board.next_due() == 2100
    assert board.waiting()


def two_received():
    board = flat(0)
    for number in (3, 5):
        board.resume(number, [(1, 1, 1, 0)], 0)
        board.told(c.RECEIPT_ARRIVED, number, 10, 1, 0)
    return board


def test_after_a_resumed_call_the_next_one_has_a_number_that_was_never_used_p1():
    board = two_received()
    assert board.all(c.RESET_PRESSED, 20) and board.open == []
    assert board.activate(30, *CORD)[0][1] == 6


def test_an_activation_joins_the_call_that_somebody_has_answered_p4():
    board = two_received()
    board.told(c.ANSWER_ARRIVED, 5, 20, "x")
    assert board.activate(30, *CORD)[0][:3] == ("JOURNAL_TRIGGER", 5, 2)


def test_what_happens_to_all_calls_happens_to_each_of_them_p8():
    board = two_received()
    due = board.next_due()
    while [call.escalation for call in board.open] != [1, 1]:
        assert due < 70000, "nobody answers: each is raised again"
        board.all(c.TICK, due)
        due = board.next_due()


def test_the_flat_waits_as_long_as_one_call_is_not_confirmed_p1():
    board = two_received()
    assert not board.waiting()
    board.activate(30, *CORD)
    assert board.waiting()


def test_a_call_that_a_reset_would_lose_is_known_as_such_until_it_is_over_p1():
    board = flat()
    board.activate(0, *CORD)
    assert not board.volatile()
    board.journal_failed(12)
    assert board.volatile()
    board.told(c.RECEIPT_ARRIVED, 12 + calls.VOLATILE, 10, 1, 0)
    board.all(c.RESET_PRESSED, 20)
    assert not board.volatile()
