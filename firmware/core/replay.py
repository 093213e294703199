"""Replay window: takes each number once, in any order, up to 32 late (the way of RFC 4303, 3.4.3)."""

from micropython import const

_WINDOW = const(32)  # numbers; NATS redelivers within a handful, and 32 fits a small integer on the board's 31 bits + carry


class ReplayWindow:
    """Numbers start at 1. Nothing is allocated per number while they stay below 2**30."""

    def __init__(self):
        self._newest = 0
        self._seen = 0

    def take(self, number):
        """True, once, for a number that is new; False for a repeat or one more than 32 behind."""
        ahead = number - self._newest
        if ahead > 0:
            self._seen = 1 if ahead >= _WINDOW else ((self._seen << ahead) | 1) & 0xFFFFFFFF
            self._newest = number
            return True
        if number < 1 or -ahead >= _WINDOW or self._seen >> -ahead & 1:
            return False
        self._seen |= 1 << -ahead
        return True
