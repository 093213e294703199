"""Sessions: what is new, a repeat, or old."""

from hypothesis import given
from hypothesis import strategies as st

from tools.desk.session import NEW, NEW_SESSION, OLD, REPEATED, Sessions


def message(session="a", seq=1, boot=5, epoch="e"):
    return {"session": session, "seq": seq, "boot": boot, "epoch": epoch}


def test_the_first_message_begins_a_session_and_its_number_is_taken():
    sessions = Sessions()
    assert [sessions.judge(message()) for _ in range(2)] == [NEW_SESSION, REPEATED]


def test_an_older_boot_a_past_session_and_a_past_epoch_are_old():
    sessions = Sessions()
    sessions.judge(message("a", boot=5))
    sessions.judge(message("b", boot=6))
    assert sessions.judge(message("c", boot=5)) == OLD
    assert sessions.judge(message("a", boot=9)) == OLD
    assert sessions.judge(message("d", boot=0, epoch="f")) == NEW_SESSION
    assert sessions.judge(message("e", boot=99, epoch="e")) == OLD


def test_a_unit_without_a_journal_starts_the_same_boot_again():
    sessions = Sessions()
    assert [sessions.judge(message(session, boot=0)) for session in "abc"] == [NEW_SESSION] * 3
    assert sessions.judge(message("a", boot=0)) == OLD


def test_a_session_does_not_change_its_boot_or_epoch():
    sessions = Sessions()
    sessions.judge(message())
    assert sessions.judge(message(seq=2, boot=6)) == OLD
    assert sessions.judge(message(seq=2, epoch="f")) == OLD
    assert sessions.judge(message(seq=2)) == NEW


def test_what_is_saved_judges_as_before():
    sessions = Sessions()
    for item in (message(seq=3), message("b", 7, 6), message("b", 9, 6)):
        sessions.judge(item)
    again = Sessions(sessions.save())
    assert [again.judge(message("b", seq, 6)) for seq in (7, 9, 8)] == [REPEATED, REPEATED, NEW]
    assert again.judge(message("a", 50, 5)) == OLD


@given(st.lists(st.integers(1, 3000), max_size=200))
def test_each_number_is_new_once_and_none_within_1024_is_lost(numbers):
    sessions, taken, newest = Sessions(), set(), 0
    sessions.judge(message(seq=1))
    taken.add(1)
    newest = 1
    for number in numbers:
        wanted = NEW if number not in taken and number > newest - 1024 else REPEATED
        assert sessions.judge(message(seq=number)) == wanted
        taken.add(number)
        newest = max(newest, number)
