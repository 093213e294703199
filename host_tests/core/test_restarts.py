"""Restart storms: from both sides of every figure."""

from firmware.core.restarts import CALM, FULL_AGAIN, STORM, Restarts, quick_starts


def test_starts_that_were_not_calm_are_counted_by_journal_and_memory_and_the_higher_counts():
    for boot, calm_boot, counted, quick in (
        (1, 0, 0, 0), (2, 1, 0, 0), (7, 1, 0, 5), (6, 1, 0, 4), (6, 1, 5, 5), (7, 1, 2, 5), (6, 5, 0, 0), (6, 6, 3, 3),
        (6, 9, 0, 0), (1000, None, 0, 0), (1000, None, 6, 6), (0, 3, 4, 4), (0, None, 0, 0), (5, -1, 0, 0),
    ):
        assert quick_starts(boot, calm_boot, counted) == quick, (boot, calm_boot, counted)


def test_the_sixth_start_after_five_quick_ones_is_reduced_and_the_fifth_is_not():
    assert STORM == 5
    assert [Restarts(quick, 600000, 3600000).reduced for quick in (0, 4, 5, 6, 500)] == [False, False, True, True, True]


def test_a_start_is_calm_once_at_its_tenth_minute():
    for quick in (0, 5):
        one = Restarts(quick, 600000, 3600000)
        assert [one.tick(s, True) for s in (0, 599, 600, 601, 3599)] == [None, None, CALM, None, None]


def test_a_reduced_start_ends_after_an_hour_but_not_while_a_call_is_open():
    one = Restarts(5, 600000, 3600000)
    assert one.tick(600, True) == CALM
    assert [one.tick(s, True) for s in (3599, 3600)] == [None, FULL_AGAIN]
    assert [one.tick(s, False) for s in (3600, 9999)] == [None, None]
    assert one.tick(10000, True) == FULL_AGAIN


def test_a_start_in_full_never_ends_by_itself():
    one = Restarts(4, 600000, 3600000)
    assert [one.tick(s, True) for s in (600, 3600, 100000)] == [CALM, None, None]


def test_calm_is_told_also_where_the_clock_has_leapt_over_it():
    one = Restarts(5, 600000, 3600000)
    assert [one.tick(s, True) for s in (5000, 5001)] == [CALM, FULL_AGAIN]


def test_a_way_out_that_is_set_shorter_than_calm_waits_for_it():
    one = Restarts(5, 600000, 60000)
    assert [one.tick(s, True) for s in (60, 599, 600, 601)] == [None, None, CALM, FULL_AGAIN]
