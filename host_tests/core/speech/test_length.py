"""The longest session, and the beeps before its end."""

from firmware.core import clock
from firmware.core.speech import length
from firmware.core.timers import Timers

START = clock.PERIOD_MS - 5000


def at(ms):
    return clock.add(START, ms)


def started(length_ms=300000, **changes):
    one = length.Length(Timers(changes))
    one.start(START, length_ms)
    return one


def course(one):
    """[(ms, what)] of all that is due."""
    done = []
    while one.next_due() is not None:
        due = one.next_due()
        assert one.take(clock.add(due, -1)) is None
        done.append((clock.diff(due, START), one.take(due)))
    return done


def test_it_beeps_20_and_10_s_before_the_end():
    assert course(started()) == [(280000, "beep"), (290000, "beep"), (300000, "end")]


def test_to_extend_gives_the_whole_length_and_its_beeps_again():
    one = started()
    one.take(at(280000))
    one.extend(at(285000))
    assert course(one) == [(565000, "beep"), (575000, "beep"), (585000, "end")]


def test_a_length_shorter_than_the_beeps_distance_has_only_the_beeps_that_fit():
    assert course(started(15000)) == [(5000, "beep"), (15000, "end")]
    assert course(started(9000)) == [(9000, "end")]


def test_a_late_tick_gets_one_beep_or_the_end_alone():
    one = started()
    assert one.take(at(295000)) == "beep" and one.take(at(295000)) is None
    assert started().take(at(400000)) == "end"


def test_stopped_it_is_never_due():
    one = started()
    one.stop()
    assert one.next_due() is None and one.take(at(999999)) is None
