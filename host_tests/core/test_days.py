"""Dates and their numbers, both ways, at every border; summer time to the second."""

from firmware.core import days


def test_every_day_of_150_years_has_its_own_date_and_number():
    day = 0
    for year in range(1970, 2120):
        for month in range(1, 13):
            leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
            length = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
            assert days.day_of(year, month, 1) == day
            assert days.date(day) == "%04d-%02d-01" % (year, month)
            day += length
            assert days.date(day - 1) == "%04d-%02d-%02d" % (year, month, length)


def test_summer_time_is_from_the_last_sunday_of_march_to_that_of_october_at_one_utc():
    for year, march, october in ((2026, 29, 25), (2027, 28, 31), (2028, 26, 29), (2030, 31, 27), (2037, 29, 25)):
        begin_s = days.day_of(year, 3, march) * 86400 + 3600
        end_s = days.day_of(year, 10, october) * 86400 + 3600
        assert not days.summer_time(begin_s - 1) and days.summer_time(begin_s), year
        assert days.summer_time(end_s - 1) and not days.summer_time(end_s), year
