"""The highest turn, and what became of the last sessions."""

from firmware.core.speech import turns
from host_tests.core.speech.descriptions import SID_A, SID_B


def test_the_newest_turn_only_grows():
    one = turns.Turns()
    for turn, newest in ((3, 3), (2, 3), (2000000000, 2000000000), (5, 2000000000)):
        one.see(turn)
        assert one.newest == newest


def test_after_the_last_turn_of_the_range_the_count_begins_again_p8():
    one = turns.Turns()
    one.see(2147483646)
    assert one.newest == 2147483646
    one.see(2147483647)
    assert one.newest == 0


def test_the_last_four_sessions_are_remembered_each_with_its_newest_fate():
    one = turns.Turns()
    one.note(SID_A, 1, turns.DECLINED, "busy")
    one.note(SID_A, 2, turns.ENDED, "flat")
    assert one.fate(SID_A) == (SID_A, 2, "ended", "flat") and one.fate(SID_B) is None
    for digit in "1234":
        one.note(digit * 16, 3, turns.ENDED, "dead")
    assert one.fate(SID_A) is None and one.fate("1" * 16) is not None
