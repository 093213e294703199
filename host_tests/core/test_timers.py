"""The table of timers and its changes by settings."""

from firmware.core import timers


def test_the_defaults_are_the_design_s():
    default = timers.Timers()
    assert default.repeats_ms == (2000, 4000, 8000, 15000)
    assert (default.unanswered_ms, default.answer_dead_ms, default.still_trying_first_ms) == (60000, 130000, 20000)


def test_every_default_lies_in_its_own_range():
    for name, (value, least, most) in timers.TABLE.items():
        assert least <= value <= most and name.endswith("_ms"), name


def test_a_change_by_name_is_taken_and_reaches_the_schedule():
    changed = timers.Timers({"repeat_1_ms": 120, "unanswered_ms": 3500})
    assert changed.repeats_ms == (120, 4000, 8000, 15000)
    assert changed.unanswered_ms == 3500


def test_a_wrong_change_is_named_with_its_range():
    assert timers.problems({"repeat_ms": 15000}) == []
    for wrong, word in (({"repeat_ms": 49}, "50"), ({"repeat_ms": 60001}, "60000"), ({"repeat_ms": "15 s"}, "15 s"),
                        ({"repeat_ms": True}, "True"), ({"repeats": 1}, "no such timer"), ([1], "object")):
        found = timers.problems(wrong)
        assert len(found) == 1 and word in found[0], wrong
