"""Each number once (P2, P6: an old receipt or clear cannot be played back)."""

from firmware.core.replay import ReplayWindow


def test_each_number_is_taken_exactly_once():
    window = ReplayWindow()
    for number in (1, 2, 3, 50, 1000, 2147483647):
        assert window.take(number), number
        assert not window.take(number), number


def test_late_numbers_are_taken_up_to_31_behind_and_no_further():
    for late in range(1, 80):
        window = ReplayWindow()
        assert window.take(1000)
        assert window.take(1000 - late) == (late < 32), late
        assert not window.take(1000 - late), late


def test_any_order_within_the_window_takes_each_number_once():
    for step in (1, 3, 5, 7, 11, 13):
        window = ReplayWindow()
        order = [100 + (i * step) % 32 for i in range(32)]
        assert all(window.take(number) for number in order)
        assert not any(window.take(number) for number in order)


def test_zero_and_negative_numbers_are_refused():
    window = ReplayWindow()
    assert not window.take(0)
    assert not window.take(-1)
    assert window.take(1)
