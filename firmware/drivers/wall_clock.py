"""Calendar time that never falls behind what was once known. Source: D10.

After a total power loss the chip stands at the year 2000, every certificate is "not yet valid", and the unit would be shut
out. So the clock starts no earlier than the build date or the last time noted in a file, whichever is later. One write a day.
"""

import os
import time

from micropython import const

_UNIX_2000 = const(946684800)  # s: MicroPython counts from 2000 on the ESP32, from 1970 elsewhere
_LATEST = const(2145830400)  # s: end of 2037; beyond it 32-bit ports overflow, and no unit of this make hangs there then
_NOTE_EVERY_S = const(86400)  # one littlefs write a day
_AHEAD_S = const(2)  # below that the difference is the message's way


class WallClock:
    """`rtc`: a machine.RTC; `path`: the file that keeps the time; `built_s`: the build date, s since
    1970-01-01 UTC. `known`: the service has told the time since the start."""

    def __init__(self, rtc, path, built_s):
        self._rtc = rtc
        self._path = path
        self._built_s = built_s
        self._noted_s = 0
        self.known = False
        self._offset_s = _UNIX_2000 if time.gmtime(0)[0] == 2000 else 0

    def now_s(self):
        """Seconds since 1970-01-01 UTC by the chip's clock."""
        return int(time.time()) + self._offset_s

    def start(self):
        """Lifts the clock to its floor."""
        self._noted_s = self._read()
        floor_s = max(self._built_s, self._noted_s)
        if self.now_s() < floor_s:
            self._set(floor_s)

    def take(self, unix_s):
        """A time from the service, s since 1970. Only forwards: nobody can turn a unit back into a lapsed certificate's time."""
        self.known = self.known or self._built_s <= unix_s < _LATEST
        if not self.now_s() + _AHEAD_S < unix_s < _LATEST:
            return
        self._set(unix_s)

    def note(self, at_once=False):
        """Notes the time if the last note is a day old, or `at_once`. True if it was written; a full disk changes nothing."""
        now_s = self.now_s()
        if now_s - self._noted_s < _NOTE_EVERY_S and not at_once:
            return False
        self._noted_s = now_s
        try:
            with open(self._path + ".new", "w") as file:
                file.write("%d" % now_s)
            os.rename(self._path + ".new", self._path)
        except OSError:
            return False
        return True

    def _read(self):
        try:
            with open(self._path) as file:
                noted_s = int(file.read(16))
        except (OSError, ValueError):
            return 0
        return noted_s if 0 < noted_s < _LATEST else 0

    def _set(self, unix_s):
        year, month, day, hour, minute, second, weekday, _ = time.gmtime(unix_s - self._offset_s)[:8]
        self._rtc.datetime((year, month, day, weekday, hour, minute, second, 0))
