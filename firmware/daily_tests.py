"""What the unit proves each day at a decent hour: every path to the service, then loudspeaker and microphone. Source: P5, G9.

- The hour is that of the settings, in local time, at a minute by chance, so that a street does not test at once; and for two
  hours from then on, as a call, speech or noise puts it off. Not before the start has been calm for its time.
- While nobody has told the time there is no decent hour: the paths are proven once a day all the same, silently; the sound is
  not.
- Noise puts the sound off by ten minutes, three times; then until tomorrow.
"""

from micropython import const

from firmware.core.days import summer_time

_DAY_S = const(86400)
_WINDOW_MIN = const(120)
_MORNING_MIN = const(420)
_EVENING_MIN = const(1320)
_AGAIN_S = const(600)
_TRIES = const(3)
HOUR = const(11)


class DailyTests:
    """`at_min`: minutes of local time since midnight; `zone`: (minutes of standard time, summer time by the EU's rule);
    `wall_clock`: drivers.wall_clock; `proofs`: proofs.Proofs; `loop`: audio_loop.AudioLoop, or None; `calm_s`: least uptime."""

    def __init__(self, at_min, zone, wall_clock, proofs, loop, calm_s):
        self._at_min = at_min
        self._zone = zone
        self._wall_clock = wall_clock
        self._proofs = proofs
        self._loop = loop
        self._calm_s = calm_s
        self._day = 0  # of the last tests, local
        self._paths_left = False
        self._proved_s = 0  # uptime then
        self._tries = 0  # of the sound today
        self._loop_s = 0  # no sooner than that

    def tick(self, uptime_s):
        """Once a second."""
        self._proofs.poll()
        loop = self._loop
        if loop is not None:
            loop.poll()
        if uptime_s < self._calm_s or self._proofs.state != "IDLE":
            return
        if not self._wall_clock.known:
            if uptime_s - self._proved_s >= _DAY_S and self._proofs.prove():
                self._proved_s = uptime_s
            return
        day, minute = self._local(self._wall_clock.now_s())
        if not 0 <= minute - self._at_min < _WINDOW_MIN:
            return
        if day != self._day:
            self._day = day
            self._paths_left = True
            self._tries = _TRIES
            self._loop_s = uptime_s
        if self._paths_left and self._proofs.prove():
            self._paths_left = False
            self._proved_s = uptime_s
        elif loop is not None and self._tries and uptime_s >= self._loop_s:
            self._sound(uptime_s)

    def is_night(self):
        """True from 22 to 7 o'clock, local time, as far as anybody knows."""
        return self._wall_clock.known and not _MORNING_MIN <= self._local(self._wall_clock.now_s())[1] < _EVENING_MIN

    def _sound(self, uptime_s):
        loop = self._loop
        if loop.state != "OFF":
            return
        if loop.result is not None and self._tries < _TRIES and not loop.result[1].startswith("noise"):
            self._tries = 0  # judged
        elif loop.start():
            self._tries -= 1
            self._loop_s = uptime_s + _AGAIN_S
        else:
            self._loop_s = uptime_s + 60

    def _local(self, utc_s):
        local_s = utc_s + self._zone[0] * 60 + (3600 if self._zone[1] and summer_time(utc_s) else 0)
        return local_s // _DAY_S, local_s % _DAY_S // 60
