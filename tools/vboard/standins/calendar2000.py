"""Civil dates from seconds since 2000-01-01 and back: the ESP32's epoch. Pure, both runtimes.

Named so that it shadows nothing. Years 2000 to 2099, where every fourth year is a leap year without exception.
"""

_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def _day_of_year(year, month, day):
    return _DAYS_BEFORE[month - 1] + day + (1 if month > 2 and year % 4 == 0 else 0)


def seconds(year, month, day, hour, minute, second):
    """Seconds since 2000-01-01 00:00:00."""
    years = year - 2000
    days = years * 365 + (years + 3) // 4 + _day_of_year(year, month, day) - 1
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def fields(total_s):
    """(year, month, day, hour, minute, second, weekday 0-6 from Monday, day of year from 1)."""
    days, rest = divmod(total_s, 86400)
    fours, left = divmod(days, 1461)
    years = 4 * fours + (0 if left < 366 else (left - 1) // 365)  # the first of four is the leap year
    year = 2000 + years
    day_of_year = days - (years * 365 + (years + 3) // 4) + 1
    month = 12
    while _day_of_year(year, month, 1) > day_of_year:
        month -= 1
    day = day_of_year - _day_of_year(year, month, 1) + 1
    return year, month, day, rest // 3600, rest // 60 % 60, rest % 60, (days + 5) % 7, day_of_year
