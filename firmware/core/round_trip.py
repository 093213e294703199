"""How long to wait for the broker's answer before something is wrong: the estimator of RFC 6298, in whole milliseconds.

An alarm that is not confirmed within `timeout_ms()` races a second connection. Too short, and a slow network makes every
alarm knock over a good link; too long, and a dead link costs seconds. So it follows what this network really takes.
"""

from micropython import const

_BACK_OFF_MAX = const(4)  # doublings: 500 ms becomes at most 8 s, so that a broker which answers slowly is not raced to death


class RoundTrip:
    """Smoothed round-trip time of one unit's link, kept over connections.

    `floor_ms`, `ceiling_ms`: bounds of the timeout. `initial_ms`: the timeout before the first sample.
    Source: RFC 6298 section 2 (gains 1/8 and 1/4, timeout = mean + 4 x deviation) and section 5.5 (doubling).
    """

    def __init__(self, floor_ms, ceiling_ms, initial_ms):
        if not 0 < floor_ms <= ceiling_ms:
            raise ValueError("round trip: floor_ms %d must be above 0 and at most ceiling_ms %d" % (floor_ms, ceiling_ms))
        self._floor_ms = floor_ms
        self._ceiling_ms = ceiling_ms
        self._initial_ms = initial_ms
        self._mean_x8 = None  # eighths and quarters of a millisecond keep the precision that whole ones would lose
        self._deviation_x4 = 0
        self._doublings = 0

    def sample(self, rtt_ms):
        """A message sent once was answered after `rtt_ms` (>= 0). Ends a back-off. Never give it a re-sent message (Karn)."""
        self._doublings = 0
        if self._mean_x8 is None:
            self._mean_x8 = rtt_ms << 3
            self._deviation_x4 = rtt_ms << 1
            return
        error_ms = rtt_ms - (self._mean_x8 >> 3)
        self._mean_x8 += error_ms
        self._deviation_x4 += abs(error_ms) - (self._deviation_x4 >> 2)

    def back_off(self):
        """A race was started: wait twice as long before the next one."""
        self._doublings = min(self._doublings + 1, _BACK_OFF_MAX)

    def settle(self):
        """An answer came, though to a re-sent message: no sample, but the link works, so the back-off ends."""
        self._doublings = 0

    def mean_ms(self):
        """Smoothed round-trip time, ms; None before the first sample."""
        return None if self._mean_x8 is None else self._mean_x8 >> 3

    def timeout_ms(self):
        """How long to wait for an answer, ms: floor <= timeout <= ceiling, then doubled by each back-off."""
        if self._mean_x8 is None:
            base_ms = self._initial_ms
        else:
            base_ms = (self._mean_x8 >> 3) + self._deviation_x4
        return min(max(base_ms, self._floor_ms), self._ceiling_ms) << self._doublings
