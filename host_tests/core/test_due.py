"""When a test is due, from both sides of every border: days, months, leap years, summer time, 32 bits."""

from firmware.core import days, due
from firmware.core.due import Due

DAY = 86400


def utc(year, month, day, hour=12, minute=0, second=0):
    return days.day_of(year, month, day) * DAY + hour * 3600 + minute * 60 + second


def calendar(offset_min=0, summer=False, hour=11, spread=0):
    return Due(offset_min, summer, hour, spread)


def test_before_the_date_is_known_nothing_is_due_and_nothing_is_overdue():
    one = calendar()
    assert (one.dates(), one.overdue, one.first_day) == ((None, None), False, None)


def test_a_unit_that_never_passed_is_due_90_days_after_the_first_day_it_knew():
    one = calendar()
    assert one.look(utc(2026, 11, 22)) and not one.look(utc(2026, 11, 23))
    assert one.dates() == (None, "2027-02-20")
    one.look(utc(2027, 2, 20, 23, 59, 59))
    assert not one.overdue
    one.look(utc(2027, 2, 21, 0))
    assert one.overdue


def test_a_test_that_is_passed_counts_from_its_own_day_and_ends_overdue():
    one = calendar()
    one.look(utc(2026, 1, 1))
    one.look(utc(2026, 6, 1))
    assert one.overdue
    one.passed(utc(2026, 6, 1, 23, 59))
    one.look(utc(2026, 6, 1, 23, 59, 30))
    assert not one.overdue and one.dates() == ("2026-06-01", "2026-08-30")
    one.look(utc(2026, 8, 30, 23))
    assert not one.overdue
    one.look(utc(2026, 8, 31, 0))
    assert one.overdue


def test_90_days_go_over_month_ends_and_leap_days():
    for passed, wanted in (((2026, 11, 30), "2027-02-28"), ((2027, 12, 1), "2028-02-29"), ((2027, 12, 2), "2028-03-01"),
                           ((2028, 2, 29), "2028-05-29"), ((2028, 12, 31), "2029-03-31"), ((2099, 12, 2), "2100-03-02"),
                           ((2399, 12, 2), "2400-03-01"), ((2026, 1, 31), "2026-05-01")):
        one = calendar()
        one.passed(utc(*passed))
        assert one.dates()[1] == wanted == one.after(utc(*passed)), passed


def test_the_day_is_the_local_one_in_winter_and_in_summer():
    for offset_min, summer, when, wanted in (
        (0, False, utc(2026, 6, 1, 23, 59, 59), "2026-06-01"), (0, True, utc(2026, 6, 1, 22, 59, 59), "2026-06-01"),
        (0, True, utc(2026, 6, 1, 23), "2026-06-02"), (60, True, utc(2026, 1, 1, 22, 59), "2026-01-01"),
        (60, True, utc(2026, 1, 1, 23), "2026-01-02"), (60, True, utc(2026, 6, 1, 22), "2026-06-02"),
        (-720, False, utc(2026, 1, 1, 11, 59), "2025-12-31"), (840, False, utc(2026, 1, 1, 10), "2026-01-02")):
        one = calendar(offset_min, summer)
        one.passed(when)
        assert one.dates()[0] == wanted, (offset_min, summer, when)


def test_times_around_31_and_32_bits_are_days_like_any_other():
    for when, wanted in (((1 << 30) - 1, "2004-01-10"), (1 << 30, "2004-01-10"), ((1 << 31) - 1, "2038-01-19"),
                         (1 << 31, "2038-01-19"), ((1 << 32) - 1, "2106-02-07"), (1 << 32, "2106-02-07")):
        one = calendar()
        one.passed(when)
        one.look(when)
        assert one.dates()[0] == wanted and not one.overdue
        one.look(when + 91 * DAY)
        assert one.overdue


def test_a_test_without_a_day_or_with_one_in_the_future_moves_nothing():
    one = calendar()
    one.look(utc(2026, 1, 1))
    one.passed(None)
    assert one.dates() == (None, "2026-04-01") and one.after(None) is None
    one.passed(utc(2026, 1, 3))
    one.look(utc(2026, 1, 2, 23, 59))
    assert one.dates() == (None, "2026-04-01")
    one.passed(utc(2026, 1, 3))
    one.look(utc(2026, 1, 3, 0))
    assert one.dates() == ("2026-01-03", "2026-04-03")


def test_a_first_day_in_the_future_is_nonsense_and_begins_anew():
    one = calendar()
    one.first_day = days.day_of(2030, 1, 1)
    assert one.look(utc(2026, 1, 1)) and one.first_day == days.day_of(2026, 1, 1)


def test_the_reminder_comes_on_the_units_day_of_the_month_from_its_hour_until_20():
    one = calendar(spread=9)
    one.look(utc(2026, 11, 30))
    for when, wanted in ((utc(2026, 11, 30), False), (utc(2026, 12, 9, 19, 59), False), (utc(2026, 12, 10, 10, 59, 59), False),
                         (utc(2026, 12, 10, 11), True), (utc(2026, 12, 10, 19, 59, 59), True), (utc(2026, 12, 10, 20), False),
                         (utc(2026, 12, 31, 11), True), (utc(2027, 1, 9, 12), False), (utc(2027, 1, 10, 11), True)):
        assert one.reminder_is_due(when) is wanted, when


def test_a_reminder_is_given_once_a_month_also_over_the_year_and_after_a_start():
    one = calendar(spread=27)
    one.look(utc(2026, 11, 1))
    for year, month in ((2026, 12), (2027, 1), (2027, 2), (2027, 3)):
        assert one.reminder_is_due(utc(year, month, 28, 11)), month
        one.reminded(utc(year, month, 28, 11))
        assert not one.reminder_is_due(utc(year, month, 28, 12))
        again = calendar(spread=27)
        again.first_day, again.month = one.first_day, one.month
        again.look(utc(year, month, 28, 12))
        assert not again.reminder_is_due(utc(year, month, 28, 12))


def test_the_month_of_the_first_day_has_no_reminder():
    one = calendar()
    one.look(utc(2026, 11, 1, 0))
    assert not one.reminder_is_due(utc(2026, 11, 30, 12)) and one.reminder_is_due(utc(2026, 12, 1, 11))


def test_every_unit_has_a_day_that_every_month_has_and_they_are_spread():
    days = set()
    for spread in list(range(56)) + [0xFFFFFFFF]:
        one = calendar(spread=spread)
        one.first_day = 0
        for day in range(1, 29):
            if one.reminder_is_due(utc(2027, 2, day)):
                days.add(day)
                break
        else:
            raise AssertionError(spread)
    assert sorted(days) == list(range(1, 29)) and due.PERIOD_DAYS == 90


def test_the_reminders_hour_is_local_time():
    one = calendar(60, True)
    one.look(utc(2026, 5, 1))
    assert not one.reminder_is_due(utc(2026, 7, 1, 8, 59)) and one.reminder_is_due(utc(2026, 7, 1, 9))
    assert one.reminder_is_due(utc(2026, 7, 1, 17, 59)) and not one.reminder_is_due(utc(2026, 7, 1, 18))
