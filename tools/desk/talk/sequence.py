"""Brings received frames into order and counts what is missing. Pure.

Rules:
- Frames are given on at once while they come in order: the listener has the jitter buffer, here nothing is delayed for it.
- After a hole up to three frames wait for the missing one; then it is lost. What comes later still is late and dropped.
- Numbers a minute ahead, or three in a row more than a second behind, are of a sender that has started anew: it is followed.

Source: RFC 3550 appendix A.1 (extended numbers) and A.8 (jitter).
"""

_HELD_MAX = 3  # frames, 60 ms: what a network reorders by, seldom more
_AHEAD_MAX = 3000  # frames, 1 min
_BEHIND_MAX = 50  # frames, 1 s
_FAR_MAX = 3


class Sequence:
    """`received`, `late`, `lost` (frames), `jitter` (timestamp units), `highest` (extended sequence number or None)."""

    def __init__(self):
        self.received = self.late = self.lost = 0
        self.jitter = 0.0
        self.highest = None
        self._base = self._next = None
        self._held, self._far, self._transit = {}, 0, None

    def put(self, seq, frame):
        """List of (frame, frames lost just before it) that can be given on now."""
        self.received += 1
        seq = self._extended(seq)
        if self._next is None or seq - self._next > _AHEAD_MAX:
            return self._anchor(seq, frame)
        if seq < self._next:
            return self._take_late(seq, frame)
        if seq in self._held:
            return []  # plain RTP only: SRTP refuses a copy before
        self._far = 0
        self.highest = max(self.highest, seq)
        self._held[seq] = frame
        return self._ready()

    def see(self, arrival, timestamp):
        """For the jitter: `arrival` and `timestamp` in units of 1/8,000 s."""
        transit = (arrival - timestamp) & 0xFFFFFFFF
        if self._transit is not None:
            step = (transit - self._transit) & 0xFFFFFFFF
            self.jitter += (min(step, 2**32 - step) - self.jitter) / 16
        self._transit = transit

    def expected(self):
        """Frames sent since the last anchor, as far as the numbers tell."""
        return 0 if self.highest is None else self.highest - self._base + 1

    def _extended(self, seq):
        if self.highest is None:
            return seq
        return self.highest + ((seq - self.highest + 0x8000) & 0xFFFF) - 0x8000

    def _anchor(self, seq, frame):
        ready = [(frame, 0)] if not self._held else self._flush() + [(frame, 0)]
        self._base = self.highest = seq
        self._next, self._far, self._transit = seq + 1, 0, None
        return ready

    def _take_late(self, seq, frame):
        self._far = self._far + 1 if self._next - seq > _BEHIND_MAX else 0
        if self._far >= _FAR_MAX:
            return self._anchor(seq, frame)
        self.late += 1
        return []

    def _ready(self):
        ready = []
        while self._held:
            gap = 0
            if self._next not in self._held:
                if len(self._held) <= _HELD_MAX:
                    return ready
                gap = min(self._held) - self._next
                self.lost += gap
                self._next += gap
            ready.append((self._held.pop(self._next), gap))
            self._next += 1
        return ready

    def _flush(self):
        ready = [(self._held[seq], 0) for seq in sorted(self._held)]
        self._held = {}
        return ready
