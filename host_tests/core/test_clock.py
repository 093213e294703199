"""Ticks that wrap at 2**30 ms."""

from firmware.core import clock

LAST = clock.PERIOD_MS - 1


def test_a_tick_after_the_wrap_is_later_than_one_before_it():
    for earlier, delta in ((LAST, 1), (LAST - 4999, 15000), (0, 15000), (1 << 29, 60000)):
        later = clock.add(earlier, delta)
        assert 0 <= later <= LAST
        assert clock.diff(later, earlier) == delta
        assert clock.diff(earlier, later) == -delta


def test_a_timer_is_reached_at_its_tick_and_not_one_ms_before():
    for start in (0, 7, LAST - 100):
        due = clock.add(start, 2000)
        assert not clock.reached(clock.add(due, -1), due)
        assert clock.reached(due, due)
        assert clock.reached(clock.add(due, 500000000), due)


def test_a_timer_that_is_not_set_is_never_reached():
    assert not clock.reached(12345, None)


def test_the_sooner_of_two_timers_is_found_across_the_wrap():
    assert clock.soonest(None, None) is None
    assert clock.soonest(None, 5) == 5
    assert clock.soonest(5, None) == 5
    assert clock.soonest(LAST, 3) == LAST
    assert clock.soonest(3, LAST) == LAST
