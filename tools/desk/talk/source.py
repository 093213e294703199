"""What the flat is to hear: frames that were pushed, or pulled from a function; silence when there are none. Pure."""

from collections import deque

from .rtp import FRAME

_WAITING_MAX = 10  # frames, 200 ms: more is delay that nobody gets rid of again
_PRIMED = 2  # frames waiting before the first is taken: one late push does not tear a word


class FrameSource:
    """`underruns`: how often pushed speech ran dry. `pull`: function that gives 160 bytes or None at its end, or None."""

    def __init__(self):
        self._waiting, self._flows = deque(), False
        self.silence, self.hushed, self.pull, self.underruns = b"\xd5", False, None, 0

    def push(self, codes):
        """True if the oldest frame had to go for it."""
        if self.hushed:
            return False
        self._waiting.append(bytes(codes))
        if len(self._waiting) <= _WAITING_MAX:
            return False
        self._waiting.popleft()
        return True

    def next(self):
        """(160 bytes, whether speech starts with them)."""
        codes = self._taken()
        if self.hushed:
            self._waiting.clear()
            codes = None
        starts, self._flows = codes is not None and not self._flows, codes is not None
        return codes or self.silence * FRAME, starts

    def _taken(self):
        if self.pull is not None:
            codes = self.pull()
            if codes is not None:
                return codes
            self.pull = None
        if self._waiting and (self._flows or len(self._waiting) >= _PRIMED):
            return self._waiting.popleft()
        self.underruns += self._flows
        return None
