"""Digits of a telephone: RFC 4733 events 0-9, *, #, A-D, each once, whatever is lost, repeated or overtaken on the way.

Rules. An event is known by its timestamp: its first packet that arrives gives the digit, be it the start, an update or the
last of three ends. One that began before the last one is a straggler. A key held for longer than the duration field can say
(8 s) goes on as a new segment, which begins where the last one ended: no new digit. Source: RFC 4733 2.3, 2.5.1.
"""

from micropython import const

_WAITING = const(8)  # digits nobody asked for; one more is dropped: each is asked for within 20 ms
_FAR = const(1 << 29)
_NAMES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "A", "B", "C", "D")


class Digits:
    """`packet` takes a payload, `next` gives the digits in order. `refused`: payloads that are no event."""

    def __init__(self):
        self._queue = bytearray(_WAITING)
        self._count = 0
        self.refused = 0
        self.restart()

    def restart(self):
        """Another source: its timestamps have nothing to do with the old ones."""
        self._known = False
        self._high = self._low = self._event = self._end = 0

    def packet(self, high, low, data, at, size):
        """A payload of `size` bytes at `data[at]` with the event's timestamp in two halves. True if it was a new digit.

        More than one event in a payload (RFC 4733 2.5.1.5) is not sent by anybody who is not asked to: the first counts.
        """
        if size < 4 or data[at] >= len(_NAMES):
            self.refused += 1
            return False
        event, duration = data[at], data[at + 2] << 8 | data[at + 3]
        later = self._later(high, low) if self._known else 1
        if later <= 0:
            if later == 0 and duration > self._end:
                self._end = duration
            return False
        goes_on = self._known and event == self._event and self._end == 0xFFFF and later <= 0xFFFF
        self._known = True
        self._high, self._low, self._event, self._end = high, low, event, duration
        if goes_on or self._count == _WAITING:
            return False
        self._queue[self._count] = event
        self._count += 1
        return True

    def _later(self, high, low):
        """Timestamp units after the present event's start."""
        steps = ((high - self._high + 0x8000) & 0xFFFF) - 0x8000
        if not -1000 < steps < 1000:
            return _FAR if steps > 0 else -_FAR
        return steps * 65536 + low - self._low

    def next(self):
        """The oldest digit, or None."""
        if not self._count:
            return None
        name = _NAMES[self._queue[0]]
        self._count -= 1
        for i in range(self._count):
            self._queue[i] = self._queue[i + 1]
        return name
