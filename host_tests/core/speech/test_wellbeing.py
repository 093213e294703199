""""I'm OK" within a daily window, over summer time and the turn of days."""

from firmware.core.speech import wellbeing as w

DAY_S = 86400
JUNE_1 = 1780272000  # 2026-06-01 00:00 UTC
JANUARY_1 = 1767225600  # 2026-01-01 00:00 UTC


def window(**more):
    return w.Wellbeing(7 * 60, 9 * 60 + 30, **more)


def at(day_s, hour, minute=0):
    return day_s + hour * 3600 + minute * 60


def test_a_press_within_the_window_is_told_once_a_day():
    one = window()
    assert one.pressed(at(JUNE_1, 6, 59)) is None
    assert one.pressed(at(JUNE_1, 7)) == {"state": "pressed", "day": "2026-06-01"}
    assert one.pressed(at(JUNE_1, 8)) is None and one.tick(at(JUNE_1, 9, 30)) is None
    assert one.pressed(at(JUNE_1 + DAY_S, 9, 29)) == {"state": "pressed", "day": "2026-06-02"}


def test_a_window_that_ends_without_a_press_is_missed_once():
    one = window()
    assert one.tick(at(JUNE_1, 9, 29)) is None
    assert one.tick(at(JUNE_1, 9, 30)) == {"state": "missed", "day": "2026-06-01"}
    assert one.tick(at(JUNE_1, 9, 31)) is None and one.pressed(at(JUNE_1, 10)) is None
    assert one.tick(at(JUNE_1 + DAY_S, 9, 30)) == {"state": "missed", "day": "2026-06-02"}


def test_a_start_after_the_window_is_told_as_missed_because_nobody_can_know():
    assert window().tick(at(JUNE_1, 15)) == {"state": "missed", "day": "2026-06-01"}


def test_a_clock_that_is_set_backwards_takes_nothing_back():
    one = window()
    one.pressed(at(JUNE_1, 8))
    assert one.tick(at(JUNE_1 - DAY_S, 10)) is None and one.pressed(at(JUNE_1 - DAY_S, 8)) is None


def test_local_time_is_the_zone_s_with_an_hour_more_in_summer():
    berlin = {"offset_min": 60, "summer": True}
    assert window(**berlin).pressed(at(JUNE_1, 5)) == {"state": "pressed", "day": "2026-06-01"}
    assert window(**berlin).pressed(at(JUNE_1, 4, 59)) is None
    assert window(**berlin).pressed(at(JANUARY_1, 5)) is None
    assert window(**berlin).pressed(at(JANUARY_1, 6)) == {"state": "pressed", "day": "2026-01-01"}
    assert window(offset_min=-480).pressed(at(JANUARY_1, 16)) == {"state": "pressed", "day": "2026-01-01"}


def test_summer_time_changes_on_the_last_sundays_at_1_utc():
    for change_s, begins in ((1774746000, True), (1792890000, False),  # 2026-03-29, 2026-10-25
                             (1806195600, True), (1824944400, False),  # 2027-03-28, 2027-10-31
                             (1711846800, True)):  # 2024-03-31, a leap year
        assert w.summer_time(change_s) is begins and w.summer_time(change_s - 1) is not begins, change_s


def test_dates_are_the_calendar_s():
    for day, text in ((0, "1970-01-01"), (58, "1970-02-28"), (59, "1970-03-01"), (19782, "2024-02-29"), (19783, "2024-03-01"),
                      (20088, "2024-12-31"), (20089, "2025-01-01"), (24836, "2037-12-31")):
        assert w.date(day) == text
