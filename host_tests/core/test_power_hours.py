"""core/power_hours.py: hours by the model, then by this discharge; none where nobody can know."""

from firmware.core import clock
from firmware.core.battery_model import charge_pct, open_mv
from firmware.core.power_hours import Hours

DROP_MV = 41 * 0.15
END_PCT = charge_pct(3350 + DROP_MV)
PCT_HOURS = 2000 * 0.8 / 100 / 41


def at(charge_pct):
    """mV that a cell of that charge shows under the load of stand-by."""
    return open_mv(charge_pct) - DROP_MV


def near(value, want, within):
    return value is not None and abs(value - want) <= within


def test_at_first_the_hours_are_the_models():
    hours = Hours(DROP_MV, END_PCT, PCT_HOURS)
    hours.read(at(100), 1000)
    assert hours.by == "model" and near(hours.value, 38.1, 0.11), hours.value
    hours.read(at(50), 2000)
    assert near(hours.value, 18.7, 0.11), hours.value


def test_after_5_pct_and_half_an_hour_they_are_this_discharges():
    for start_ms in (0, clock.PERIOD_MS - 600000):
        for minutes, used, by in ((29, 6, "model"), (30, 4.9, "model"), (30, 5.1, "measured"), (30, 6, "measured")):
            hours = Hours(DROP_MV, END_PCT, PCT_HOURS)
            for minute in range(minutes):
                hours.read(at(80), clock.add(start_ms, minute * 60000))
            hours.read(at(80 - used), clock.add(start_ms, minutes * 60000))
            assert hours.by == by, (minutes, used)
        # 6 % in half an hour: 12 % an hour; the end is at 2.1 %
        assert near(hours.value, (74 - 2.14) / 12, 0.11), hours.value


def test_a_discharge_that_outlasts_the_ticks_is_still_measured():
    hours = Hours(DROP_MV, END_PCT, PCT_HOURS)
    at_ms = 0
    for minute in range(14 * 24 * 60):
        hours.read(at(90 - minute / 500), at_ms)
        at_ms = clock.add(at_ms, 60000)
    left_pct = 90 - 14 * 24 * 60 / 500
    assert hours.by == "measured" and near(hours.value, (left_pct - 2.14) / 0.12, 0.4), hours.value


def test_without_a_reading_and_on_mains_nothing_is_told():
    hours = Hours(DROP_MV, END_PCT, PCT_HOURS)
    hours.read(at(60), 0)
    hours.read(None, 1000)
    assert (hours.value, hours.by) == (None, "")
    hours.read(at(60), 2000)
    hours.over()
    assert (hours.value, hours.by) == (None, "")


def test_at_the_end_there_is_nothing_left():
    hours = Hours(DROP_MV, END_PCT, PCT_HOURS)
    hours.read(3300, 0)
    assert hours.value == 0


def test_the_next_discharge_is_measured_for_itself():
    hours = Hours(DROP_MV, END_PCT, PCT_HOURS)
    for minute in range(41):
        hours.read(at(80 - minute / 4), minute * 60000)
    assert hours.by == "measured"
    hours.over()
    hours.read(at(95), 5000000)
    assert hours.by == "model"
