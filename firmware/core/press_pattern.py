"""The presses that begin a test at the unit: short, short, long, short. Pure.

A stuck contact makes one press; one that chatters makes many, of lengths that chance gives. So all of these are wanted:
- 3 s of rest before the first press and after the last one;
- short: 80 to 800 ms; long: 1.5 to 4 s; 0.1 to 2 s between two presses; all within 12 s;
- at most 12 presses since the contact last rested for 10 min: who presses wrongly has three tries, a contact that chatters is not
  listened to until it has rested.

A press is told after its debounce, and so is its end: lengths are true within some ms. Times are ticks of core.clock.
Source: docs/testing.md; host_tests/core/test_press_pattern.py plays chattering contacts against it.
"""

from micropython import const

from firmware.core import clock

_REST_MS = const(3000)
_SHORT_MS = const(80)  # a glitch that outlasts the debounce is shorter
_SHORTEST_GAP_MS = const(100)
_LONGEST_GAP_MS = const(2000)
_SHORT = ((_SHORT_MS, 800), (1500, 4000))  # ms of a short press, of a long one
_WANTED = (0, 0, 1, 0)
_WHOLE_MS = const(12000)
_CALM_MS = const(600000)
_MOST = const(12)


class PressPattern:
    """`pressed`, `released` with the contact; `tick` is True once the pattern is complete; it is due at `next_due()`."""

    def __init__(self):
        self._fits = 0  # presses that fit so far
        self._began_ms = None  # of the first of them
        self._down_ms = None  # the contact is pressed since then
        self._up_ms = None  # it rests since then; None: for longer than 10 min
        self._presses = 0  # since it last rested for 10 min

    def pressed(self, now_ms):
        rest_ms = _CALM_MS if self._up_ms is None else clock.diff(now_ms, self._up_ms)
        self._presses = 1 if rest_ms >= _CALM_MS else self._presses + 1
        if self._fits and not _SHORTEST_GAP_MS <= rest_ms <= _LONGEST_GAP_MS:
            self._fits = 0
        if self._fits == len(_WANTED):  # one too many
            self._fits = 0
            self._began_ms = None
        elif self._fits == 0:
            self._began_ms = now_ms if rest_ms >= _REST_MS else None
        self._down_ms = now_ms

    def released(self, now_ms):
        if self._down_ms is None:
            return
        least_ms, most_ms = _SHORT[_WANTED[self._fits % len(_WANTED)]]
        fits = self._began_ms is not None and least_ms <= clock.diff(now_ms, self._down_ms) <= most_ms
        in_time = fits and clock.diff(now_ms, self._began_ms) <= _WHOLE_MS
        self._fits = self._fits + 1 if in_time else 0
        if not in_time:
            self._began_ms = None
        self._down_ms = None
        self._up_ms = now_ms

    def tick(self, now_ms):
        """True once for each complete pattern."""
        if self._down_ms is not None or self._up_ms is None:
            return False
        rest_ms = clock.diff(now_ms, self._up_ms)
        if rest_ms >= _CALM_MS:
            self._up_ms = None  # and no age of it is asked for any more: ticks can tell six days at most
            self._fits = 0
        if self._fits < len(_WANTED) or rest_ms < _REST_MS:
            return False
        self._fits = 0
        self._began_ms = None
        return self._presses <= _MOST

    def next_due(self):
        """Tick at which a complete pattern has rested for long enough; None while none is complete."""
        if self._down_ms is not None or self._up_ms is None or self._fits < len(_WANTED):
            return None
        return clock.add(self._up_ms, _REST_MS)
