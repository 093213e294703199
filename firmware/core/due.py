"""When the next test is due, and when the tenant is reminded to try the unit. Pure.

Rules:
- Due on the 90th calendar day after the day of the last test that was passed, with or without defects; without one, after the
  first day on which this unit knew the date. Overdue from the day after.
- A test with another verdict moves nothing; nor does one whose day is not known, or lies in the future: nobody can count from it.
- The reminder comes once a month, from the unit's own day of the month (1 to 28, spread over the units, so that a street does not
  try all at once) and the given hour on, not after 20:00; a day that was missed is made up for on the next. The month of the
  first day has none.
- Days are those of local time: the zone's standard time, with an hour more in summer by the EU's rule (core/days.py).
- Whoever asks gives a time that is known. Before, there is no word: neither due nor overdue.

Days are counted from 1970-01-01, months from year 0: small numbers also where integers have 31 bits. Source: DESIGN (timers), G9,
G11.
"""

from micropython import const

from firmware.core.days import date, summer_time

PERIOD_DAYS = const(90)
_DAY_S = const(86400)
_LATEST_HOUR = const(20)  # a decent hour ends here
_REMINDER_DAYS = const(28)  # every month has them


class Due:
    """`offset_min`: of standard time against UTC; `summer`: the EU's summer time applies; `hour`: the reminder's first, 0-19,
    local time; `spread`: any whole number >= 0 that differs from unit to unit.

    `first_day`, `month`: what is to be kept (firmware/calendar.py); `first_day` None: not yet known. `overdue`: as of the last
    `look`. Times given are whole seconds since 1970-01-01 UTC.
    """

    def __init__(self, offset_min, summer, hour, spread):
        self.first_day = None
        self.month = 0
        self.overdue = False
        self._passed_day = None
        self._offset_min = offset_min
        self._summer = summer
        self._hour = hour
        self._day_of_month = 1 + spread % _REMINDER_DAYS

    def passed(self, utc_s):
        """A test was passed then; None: nobody knows when, and nothing changes."""
        if utc_s is not None:
            self._passed_day = self._local(utc_s)[0]

    def is_proven(self):
        """True if a test was passed, and not 90 days ago: what closes the fault `overdue` (P5)."""
        return self._passed_day is not None and not self.overdue

    def look(self, utc_s):
        """Brings `overdue` up to date. True if `first_day` has changed and is to be kept."""
        day = self._local(utc_s)[0]
        new = self.first_day is None or self.first_day > day
        if new:
            self.first_day = day
            self.month = max(self.month, _month(day))
        if self._passed_day is not None and self._passed_day > day:
            self._passed_day = None
        self.overdue = day > self._due_day()
        return new

    def dates(self):
        """(day of the last test that was passed, day on which the next is due), each "YYYY-MM-DD", or None if not known."""
        due_day = self._due_day()
        return self._passed_day and date(self._passed_day), due_day and date(due_day)

    def after(self, utc_s):
        """The due date that a record carries if its test was passed at `utc_s`; None without a time."""
        return None if utc_s is None else date(self._local(utc_s)[0] + PERIOD_DAYS)

    def reminder_is_due(self, utc_s):
        """True until `reminded`. To be asked after `look`."""
        day, hour = self._local(utc_s)
        if not self._hour <= hour < _LATEST_HOUR or _month(day) <= self.month:
            return False
        return int(date(day)[8:]) >= self._day_of_month

    def reminded(self, utc_s):
        """The reminder of this month was given, or is no longer wanted; `month` is to be kept."""
        self.month = _month(self._local(utc_s)[0])

    def _due_day(self):
        since = self.first_day if self._passed_day is None else self._passed_day
        return None if since is None else since + PERIOD_DAYS

    def _local(self, utc_s):
        """(days since 1970, hour) of local time."""
        local_s = utc_s + self._offset_min * 60
        if self._summer and summer_time(utc_s):
            local_s += 3600
        return local_s // _DAY_S, local_s % _DAY_S // 3600


def _month(day):
    """Months since the year 0 of a day."""
    text = date(day)
    return int(text[:4]) * 12 + int(text[5:7]) - 1
