"""The four steps of a silence."""

import sys

from firmware.core import clock
from firmware.core.speech import loss
from firmware.core.timers import Timers

START = clock.PERIOD_MS - 9000  # so that a silence crosses the wrap of the ticks


def at(ms):
    return clock.add(START, ms)


def waiting(**changes):
    one = loss.MediaLoss(Timers(changes))
    one.start(START)
    return one


def test_each_step_comes_once_and_at_its_time():
    one, steps = waiting(), []
    while one.next_due() is not None:
        due = one.next_due()
        assert one.take(clock.add(due, -1)) is None
        steps.append((clock.diff(due, START), one.take(due)))
        assert one.take(due) is None
    assert steps == [(2000, "report"), (5000, "tone"), (15000, "reoffer"), (30000, "end")]


def test_media_that_is_heard_starts_the_count_anew_and_ends_only_a_reported_silence():
    one = waiting()
    assert one.heard(at(1900)) is None
    assert clock.diff(one.next_due(), START) == 3900
    assert one.take(at(3900)) == "report"
    assert one.heard(at(4100)) == 2200 and one.heard(at(4200)) is None


def test_a_late_tick_finds_the_steps_one_after_the_other():
    one = waiting()
    assert [one.take(at(16000)) for _ in range(4)] == ["report", "tone", "reoffer", None]


def test_while_stopped_nothing_is_due_and_nothing_counts():
    one = waiting()
    one.stop()
    assert one.next_due() is None and one.end_due() is None and one.take(at(99000)) is None
    assert one.heard(at(99000)) is None and one.silent_ms(at(99000)) == 0
    one.start(at(99000))
    assert clock.diff(one.next_due(), START) == 101000 and clock.diff(one.end_due(), START) == 129000


def test_a_step_that_settings_put_behind_the_end_comes_with_it():
    one = waiting(loss_reoffer_ms=20000, loss_end_ms=9000)
    assert [one.take(at(9000)) for _ in range(5)] == ["report", "tone", "reoffer", "end", None]


if sys.implementation.name == "micropython":  # only it counts what is allocated

    def test_asking_what_is_due_allocates_nothing():
        import gc

        one = waiting()
        one.start(1000)  # away from the wrap of ticks, where the sum is no small integer on a 32-bit board
        gc.collect()
        gc.disable()
        try:
            before, i = gc.mem_alloc(), 0
            while i < 100:
                one.next_due()
                one.end_due()
                i += 1
            assert gc.mem_alloc() == before
        finally:
            gc.enable()
