"""The calendar of the daily window against Python's own."""

import calendar
import datetime

from firmware.core.speech import wellbeing as w

UTC = datetime.timezone.utc


def last_sunday(year, month):
    """The moment of change, s since 1970."""
    day = max(week[calendar.SUNDAY] for week in calendar.monthcalendar(year, month))
    return int(datetime.datetime(year, month, day, 1, tzinfo=UTC).timestamp())


def test_every_date_until_2100_is_python_s():
    first = datetime.date(1970, 1, 1)
    assert all(w.date(day) == (first + datetime.timedelta(day)).isoformat() for day in range(47500))


def test_summer_time_is_on_between_its_two_sundays_in_every_year_until_2037():
    for year in range(2024, 2038):
        begin, end = last_sunday(year, 3), last_sunday(year, 10)
        new_year = int(datetime.datetime(year, 1, 1, tzinfo=UTC).timestamp())
        for moment in (begin - 1, begin, end - 1, end, *range(new_year, new_year + 365 * 86400, 21600)):
            assert w.summer_time(moment) == (begin <= moment < end), moment
