"""Sends RFC 4733 digits: one packet each 20 ms in place of a frame of speech. Pure."""

from collections import deque

from .rtp import DIGITS, FRAME, digit_payload

_TONE_FRAMES = 5  # 100 ms: twice the shortest that any receiver must take
_END_FRAMES = 3  # the last packet goes out three times, as it alone says that the digit is over
_PAUSE_FRAMES = 3  # 60 ms between two digits
_QUEUE_MAX = 16


class DigitSender:
    def __init__(self):
        self._queue = deque()
        self._digit, self._frame, self._began, self._pause = None, 0, 0, 0

    def add(self, digit):
        """False if too many are waiting. Raises ValueError for what is no digit."""
        if len(digit) != 1 or digit not in DIGITS:
            raise ValueError(f"{digit!r} is none of {DIGITS}")
        if len(self._queue) >= _QUEUE_MAX:
            return False
        self._queue.append(digit)
        return True

    def next(self, timestamp):
        """(payload, timestamp of its packet, marker) for this frame's time, or None: send speech."""
        if self._pause:
            self._pause -= 1
            return None
        if self._digit is None:
            if not self._queue:
                return None
            self._digit, self._frame, self._began = self._queue.popleft(), 0, timestamp
        self._frame += 1
        is_end = self._frame > _TONE_FRAMES
        packet = digit_payload(self._digit, is_end, FRAME * min(self._frame, _TONE_FRAMES)), self._began, self._frame == 1
        if self._frame == _TONE_FRAMES + _END_FRAMES:
            self._digit, self._pause = None, _PAUSE_FRAMES
        return packet
