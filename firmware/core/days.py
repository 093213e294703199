"""Days of the calendar: a date's number and back, and the EU's summer time. Pure.

Days are counted from 1970-01-01; years are 1970 and later. Source: Directive 2000/84/EC (the dates of summer time).
"""

from micropython import const

_DAY_S = const(86400)


def summer_time(utc_s):
    """True while the EU's summer time is on."""
    year, month, _ = _civil(utc_s // _DAY_S)
    if month != 3 and month != 10:
        return 3 < month < 10
    last = day_of(year, month, 31)
    sunday = last - (last + 4) % 7  # 1970-01-01 was a Thursday
    after = utc_s >= sunday * _DAY_S + 3600
    return after if month == 3 else not after


def date(day):
    """"YYYY-MM-DD" of a day since 1970-01-01."""
    return "%04d-%02d-%02d" % _civil(day)


def day_of(year, month, day):
    """Days since 1970-01-01 of a date of the Gregorian calendar, year >= 1970."""
    if month < 3:
        year, month = year - 1, month + 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469


def _civil(day):
    """(year, month, day) of a day since 1970-01-01, >= 0."""
    year = 1970 + day // 366
    while day_of(year + 1, 1, 1) <= day:
        year += 1
    month = 1
    while month < 12 and day_of(year, month + 1, 1) <= day:
        month += 1
    return year, month, day - day_of(year, month, 1) + 1
