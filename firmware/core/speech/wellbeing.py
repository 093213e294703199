""""I'm OK": the tenant presses the answer button once within a daily window, or the service is told that nobody did. Pure.

Rules:
- Any press of the answer button within the window counts, also one that answers a call. The first of a day is told as `pressed`.
- The window ends without one: `missed`, once for that day. So it is also after a start later that day: the unit cannot know what
  was before. For the service a `pressed` of the same day stands against it.
- Local time is the zone's standard time, with an hour more in summer by the EU's rule: from the last Sunday of March to that of
  October, 01:00 UTC. A clock that is set backwards takes nothing back.

Source: G11; docs/settings.md, `speech`; Directive 2000/84/EC (the dates, as every time zone table has them).
"""

from micropython import const

from firmware.core.days import date, summer_time

_DAY_S = const(86400)
_NEVER = const(-1)


class Wellbeing:
    """`from_min`, `until_min`: minutes of local time since midnight, the same day; `offset_min`: of standard time against UTC;
    `summer`: the EU's summer time applies. Times given are whole seconds since 1970-01-01 UTC."""

    def __init__(self, from_min, until_min, offset_min=0, summer=False):
        self._from_min = from_min
        self._until_min = until_min
        self._offset_min = offset_min
        self._summer = summer
        self._done = _NEVER  # local day whose window was told, days since 1970

    def pressed(self, utc_s):
        """The answer button was pressed. Fields of the event `ok`, or None."""
        day, minute = self._local(utc_s)
        if day <= self._done or not self._from_min <= minute < self._until_min:
            return None
        self._done = day
        return {"state": "pressed", "day": date(day)}

    def tick(self, utc_s):
        """To be asked about once a minute. Fields of the event `ok`, or None."""
        day, minute = self._local(utc_s)
        if day <= self._done or minute < self._until_min:
            return None
        self._done = day
        return {"state": "missed", "day": date(day)}

    def _local(self, utc_s):
        """(days since 1970, minutes since midnight) of local time."""
        local_s = utc_s + self._offset_min * 60
        if self._summer and summer_time(utc_s):
            local_s += 3600
        return local_s // _DAY_S, local_s % _DAY_S // 60
