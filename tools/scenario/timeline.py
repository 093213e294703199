"""The live timeline: one line per event with its time, who it concerns, and the light as it is then."""

import time

_COLOURS = {"unit": "36", "desk": "33", "you": "1", "broker": "35", "fault": "31", "ok": "32", "FAILED": "1;31"}


class Timeline:
    """`view` gives the light; `write` takes a finished line. `colour`: for a terminal."""

    def __init__(self, view, write, colour=False):
        self._view, self._write, self._colour = view, write, colour
        self._start_s = time.monotonic()

    def now_s(self):
        """Seconds since the start."""
        return time.monotonic() - self._start_s

    def restart(self):
        """From now on times count from here."""
        self._start_s = time.monotonic()

    def say(self, who, text):
        light, lit = self._view.light, self._view.lit
        who_shown = f"\033[{_COLOURS.get(who, '0')}m{who:7}\033[0m" if self._colour else f"{who:7}"
        sign = "●" if lit else "○"
        if self._colour and lit:
            sign = f"\033[31m{sign}\033[0m"
        self._write(f"{self.now_s():8.2f} s  {sign} {light:9} {who_shown} {text}")
