"""The longest that a session may last, and the beeps before its end. Pure.

Beeps 20 and 10 s before the end; whatever the operator does starts the length anew, so nobody who is still talking is cut off.
Source: DESIGN timers, "longest speech".
"""

from firmware.core import clock

BEEP = "beep"
END = "end"


class Length:
    """`timers`: core.timers.Timers. Stopped until `start`."""

    def __init__(self, timers):
        self._timers = timers
        self._length_ms = 0
        self._end_ms = None
        self._beeps = 0  # beeps that have been taken

    def start(self, now_ms, length_ms):
        self._length_ms = length_ms
        self.extend(now_ms)

    def extend(self, now_ms):
        """The whole length again, from now on."""
        self._end_ms = clock.add(now_ms, self._length_ms)
        self._beeps = 0
        while self._beeps < 2 and self._before_ms() >= self._length_ms:
            self._beeps += 1  # a length set shorter than a beep's distance has no such beep

    def stop(self):
        self._end_ms = None

    def next_due(self):
        """Tick of the next beep or of the end; None while stopped."""
        return None if self._end_ms is None else clock.add(self._end_ms, -self._before_ms())

    def take(self, now_ms):
        """BEEP, END or None: what is due now. A late tick gets one beep, or the end alone."""
        if clock.reached(now_ms, self._end_ms):
            self._end_ms = None
            return END
        due = None
        while self._beeps < 2 and clock.reached(now_ms, self.next_due()):
            self._beeps += 1
            due = BEEP
        return due

    def _before_ms(self):
        if self._beeps == 0:
            return max(self._timers.beep_1_ms, self._timers.beep_2_ms)
        return min(self._timers.beep_1_ms, self._timers.beep_2_ms) if self._beeps == 1 else 0
