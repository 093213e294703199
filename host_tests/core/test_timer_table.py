"""The table of timers, and what it says to changes of it."""

from firmware.core import timer_table


def test_every_default_lies_in_its_own_range():
    for name, (value, least, most) in timer_table.TABLE.items():
        assert least <= value <= most and name.endswith("_ms"), name


def test_a_wrong_change_is_named_with_its_range():
    assert timer_table.problems({"repeat_ms": 15000}) == []
    for wrong, word in (({"repeat_ms": 49}, "50"), ({"repeat_ms": 60001}, "60000"), ({"repeat_ms": "15 s"}, "15 s"),
                        ({"repeat_ms": True}, "True"), ({"repeats": 1}, "no such timer"), ([1], "object")):
        found = timer_table.problems(wrong)
        assert len(found) == 1 and word in found[0], wrong
