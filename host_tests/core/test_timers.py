"""A unit's timers: the table with the changes by settings."""

from firmware.core import timers


def test_the_defaults_are_the_design_s():
    default = timers.Timers()
    assert default.repeats_ms == (2000, 4000, 8000, 15000)
    assert (default.unanswered_ms, default.answer_dead_ms, default.still_trying_first_ms) == (60000, 130000, 20000)


def test_a_change_by_name_is_taken_and_reaches_the_schedule():
    changed = timers.Timers({"repeat_1_ms": 120, "unanswered_ms": 3500})
    assert changed.repeats_ms == (120, 4000, 8000, 15000)
    assert changed.unanswered_ms == 3500
