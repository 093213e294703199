"""core/battery_watch.py: each fault from both sides, closed only by what works (P5)."""

from firmware.core import clock
from firmware.core.battery_watch import BatteryWatch
from firmware.core.timers import Timers

HOURS_4_MS = 4 * 3600 * 1000


def watch():
    return BatteryWatch(3600, Timers())


def feed(one, mvs, on_mains, at_ms=0):
    """[(part, open)] of readings of one moment."""
    found = []
    for mv in mvs:
        found += [action[2:] for action in one.read(mv, on_mains, at_ms)]
    return found


def test_three_readings_without_a_value_are_a_fault_and_three_with_one_end_it():
    one = watch()
    assert feed(one, [None, None], True) == [] and not one.blind
    assert feed(one, [None], True) == [("no_value", True)] and one.blind
    assert ("no_value", False) not in feed(one, [None] * 9 + [4100, 4100, None, 4100, 4100], True) and not one.blind
    assert ("no_value", False) in feed(one, [4100], True)


def test_a_fault_of_before_the_start_ends_with_the_third_value_as_well_p5():
    one = watch()
    assert feed(one, [3900, 3900], False) == [] and feed(one, [3900], False) == [("no_value", False)]


def test_two_of_three_without_a_value_are_no_fault():
    assert ("no_value", True) not in feed(watch(), [None, None, 3700, None, None, 3700], False)


def test_low_opens_below_the_limit_with_the_third_reading_on_battery_only():
    assert ("low", True) not in feed(watch(), [3600] * 9, False)
    assert ("low", True) not in feed(watch(), [3599, 3599, 3600, 3599, 3599], False)
    assert ("low", True) in feed(watch(), [3599] * 3, False)
    assert ("low", True) not in feed(watch(), [3599] * 9, True), "on mains a charger is at work"


def test_low_closes_on_mains_200_mv_above_the_limit_and_not_below():
    one = watch()
    feed(one, [3500] * 3, False)
    assert ("low", False) not in feed(one, [3900] * 9, False), "a load that went away has charged nothing"
    one.mains(True, 0)
    assert ("low", False) not in feed(one, [3799] * 9 + [3800, 3800, 3799], True)
    assert feed(one, [3800] * 3, True)[-1] == ("low", False)


def test_where_the_board_cannot_tell_low_closes_200_mV_above_the_limit_and_nothing_is_watched_to_rise():
    one = watch()
    assert ("low", True) in feed(one, [3599] * 3, None)
    assert feed(one, [3799] * 9 + [3800, 3800, 3799], None) == []
    assert feed(one, [3800] * 3, None) == [("low", False)]
    assert feed(one, [3799], None, HOURS_4_MS) == feed(one, [3799], None, 2 * HOURS_4_MS) == []


def test_a_battery_that_does_not_rise_in_4_hours_below_full_is_not_charging():
    for start_ms in (0, clock.PERIOD_MS - 7200000):
        one = watch()
        feed(one, [3700] * 3, True, start_ms)
        assert feed(one, [3729], True, clock.add(start_ms, HOURS_4_MS - 1)) == []
        assert feed(one, [3729], True, clock.add(start_ms, HOURS_4_MS)) == [("not_charging", True)]
        assert feed(one, [3758], True, clock.add(start_ms, HOURS_4_MS + 60000)) == []
        assert feed(one, [3759], True, clock.add(start_ms, HOURS_4_MS + 120000)) == [("not_charging", False)]


def test_a_full_battery_need_not_rise_and_4_hours_without_mains_count_for_nothing():
    one = watch()
    feed(one, [4000] * 3, True)
    assert ("not_charging", True) not in feed(one, [4000], True, HOURS_4_MS + 1)
    one = watch()
    feed(one, [3999] * 3, True)
    assert ("not_charging", True) in feed(one, [3999], True, HOURS_4_MS)
    one = watch()
    feed(one, [3700] * 3, True)
    one.mains(False, 1000)
    one.mains(True, HOURS_4_MS - 1000)
    assert ("not_charging", True) not in feed(one, [3700], True, HOURS_4_MS)


def test_60_s_on_battery_with_a_value_prove_a_cell():
    one = watch()
    one.tell("missing", True)
    assert ("missing", False) not in feed(one, [4200] * 9, True, 600000), "on mains a charger without a cell reads the same"
    one.mains(False, 700000)
    assert ("missing", False) not in feed(one, [4000] * 3, False, 759999)
    assert ("missing", False) not in feed(one, [None], False, 760000)
    assert ("missing", False) in feed(one, [4000], False, 760000)


def test_each_change_is_told_once():
    one = watch()
    assert one.tell("worn", True) == [("FAULT", "battery", "worn", True)]
    assert one.tell("worn", True) == [] and one.tell("worn", False) == [("FAULT", "battery", "worn", False)]
