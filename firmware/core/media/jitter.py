"""The jitter buffer: puts frames back into their places in time and decides when each is played.

Rules. A packet's place is its RTP timestamp, in units of 10 ms from where play-out was anchored; a ring of units holds what
waits. Each `frame()` plays the next 20 ms, whatever came. How long a packet waits is the delay:
- it starts at 3 frames. A late packet that fits in with at most 6 frames of delay moves play-out back to it: it is played
  (unless a newer one was) and its like will be in time. Later ones are dropped and counted.
- each 2 s the waits are looked at. If the shortest was longer than a frame five times running, or the longest says that the
  delay exceeds 6 frames, one frame is left out, in a gap if one comes soon.
- the peer's timestamps may jump (it held the line, it restarted): three late packets in a row, or three too far ahead, anchor
  anew, so does the first packet after play-out froze. More than 10 frames waiting (a burst after a hold) are cut to the
  delay, in the first 200 ms already what exceeds it by two.
- nothing there for 200 ms: frozen, until a packet comes.
All storage is made once. Timestamps come in two halves: a 32-bit number is no small integer on the board. There is no property:
with one in a class, MicroPython searches the class at each store of any attribute (a third of all instructions here).
Source: FACTS (Speech); RFC 3550 A.8 for `jitter_ms()`.
"""

from micropython import const

from firmware.core.media.octets import copy

FRAME = const(160)  # bytes, 20 ms at 8 kHz
UNIT = const(80)  # bytes, 10 ms: the shortest packet that is taken
LONGEST = const(320)  # bytes, 40 ms
_UNITS = const(64)  # ring, a power of two: 640 ms, twice what the cut below leaves and a 40 ms packet
_START = const(6)  # units of delay at first: 3 frames
_LEAST = const(4)
_MOST = const(12)
_CUT = const(20)  # units waiting: more than jitter leaves, with the longest delay that we choose
_SETTLE_FRAMES = const(10)  # after anchoring, on a packet that may itself have been late, the cut is near the delay: for 200 ms
_SETTLE = const(5)  # units
_EMPTY_FRAMES = const(10)  # 200 ms
_IN_A_ROW = const(3)
_LOOK_FRAMES = const(100)  # 2 s
_CALM_LOOKS = const(5)  # 10 s without need of the longest wait, before it is shortened
_SOON_FRAMES = const(50)  # a gap to shorten in is waited for 1 s
_FAR = const(1 << 20)  # units no packet is from the anchor
_NONE = const(1 << 28)

GOOD = const(1)
CONCEAL = const(0)
NOTHING = const(-1)


class JitterBuffer:
    """Counters: packets that came too `late` or too `early` and were dropped, frames left out or cut, times that play-out moved
    back (`stretched`) and that it was `anchored`, frames `concealed`.

    `delay_ms()`: what a packet without delay on the way waits at present. `jitter_ms()`: RFC 3550's estimate.
    """

    def __init__(self):
        self._ring = bytearray(_UNITS * UNIT)
        self._there = bytearray(_UNITS)
        self.late = self.early = self.dropped_frames = self.stretched = self.anchored = self.concealed = 0
        self._jitter_16 = 0
        self.restart()

    def restart(self):
        """Another source: nothing of the old one is played, the next packet anchors. Counters stay."""
        self._clear()
        self._running = False
        self._delay = _START

    def jitter_ms(self):
        return self._jitter_16 >> 4

    def delay_ms(self):
        return self._delay * 10

    def _clear(self):
        for i in range(_UNITS):
            self._there[i] = 0

    def _begin_look(self):
        self._shortest = _NONE
        self._longest = -_NONE
        self._frames_looked = 0
        self._calm = 0
        self._shorten_in = 0

    # In: a packet came.

    def put(self, high, low, data, at, size, now_ms):
        """Payload `data[at:at + size]` (a multiple of 80, at most 320) with timestamp `high` * 65536 + `low`, at tick `now_ms`.

        True if it waits to be played now.
        """
        if not self._running:
            self._anchor(high, low)
        place = self._place(high, low)
        self._estimate(place, now_ms)
        wait = place - self._play
        if wait < 0 or place < self._heard:
            return self._take_late(place, high, low, data, at, size)
        if wait + (size // UNIT) > _UNITS:
            return self._take_early(high, low, data, at, size)
        self._late_in_a_row = self._early_in_a_row = 0
        if wait < self._shortest:
            self._shortest = wait
        if wait > self._longest:
            self._longest = wait
        self._store(place, data, at, size)
        return True

    def _anchor(self, high, low):
        """Play-out begins `_delay` before this packet."""
        if self._running:
            self._clear()
        self._high, self._low = high, low
        self._play = -self._delay
        self._newest = 0
        self._heard = -_FAR
        self._settling = _SETTLE_FRAMES
        self._running = True
        self._empty = 0
        self._late_in_a_row = self._early_in_a_row = 0
        self._transit_known = False
        self._begin_look()
        self.anchored += 1

    def _place(self, high, low):
        """Units after the anchor, rounded down; +-_FAR if it is farther than some hours."""
        steps = ((high - self._high + 0x8000) & 0xFFFF) - 0x8000
        if not -1000 < steps < 1000:
            return _FAR if steps > 0 else -_FAR
        return (steps * 65536 + low - self._low) // UNIT

    def _estimate(self, place, now_ms):
        """RFC 3550's interarrival jitter in 1/16 ms. Ticks may wrap: a difference that cannot be is left out."""
        transit = now_ms - place * 10
        if self._transit_known:
            off = transit - self._transit
            if off < 0:
                off = -off
            if off < 10000:
                self._jitter_16 += off - ((self._jitter_16 + 8) >> 4)
        self._transit = transit
        self._transit_known = True

    def _store(self, place, data, at, size):
        if place > self._newest:
            self._newest = place
        slot = place & (_UNITS - 1)
        if size == FRAME and slot != _UNITS - 1:  # the usual case, in one go
            copy(data, at, self._ring, slot * UNIT, FRAME)
            self._there[slot] = self._there[slot + 1] = 1
            return
        while size >= UNIT:
            slot = place & (_UNITS - 1)
            copy(data, at, self._ring, slot * UNIT, UNIT)
            self._there[slot] = 1
            place += 1
            at += UNIT
            size -= UNIT

    def _take_late(self, place, high, low, data, at, size):
        wait = place - self._play
        self._shortest = min(self._shortest, wait)
        back = (1 - wait) & -2
        if back > 0 and self._delay + back <= _MOST and self._newest - self._play + back < _UNITS:
            self._play -= back
            self._delay += back
            self.stretched += 1
            self._late_in_a_row = 0
            if place >= self._heard:  # nothing newer was played yet: it is not late any more
                self._store(place, data, at, size)
                return True
            self.late += 1
            return False
        self._late_in_a_row += 1
        if self._late_in_a_row < _IN_A_ROW:
            self.late += 1
            return False
        self._anchor(high, low)
        self._store(0, data, at, size)
        return True

    def _take_early(self, high, low, data, at, size):
        self._early_in_a_row += 1
        if self._early_in_a_row < _IN_A_ROW and self._newest >= self._play:
            self.early += 1
            return False
        self._anchor(high, low)
        self._store(0, data, at, size)
        return True

    # Out: 20 ms are to be played.

    def frame(self, codes):
        """Fills `codes` (160 bytes): GOOD; CONCEAL: a frame is missing, nothing written; NOTHING: no speech at present."""
        if not self._running:
            return NOTHING
        self._frames_looked += 1
        if self._frames_looked >= _LOOK_FRAMES:
            self._look()
        waiting = self._newest - self._play
        limit = _CUT
        if self._settling:
            self._settling -= 1
            limit = self._delay + _SETTLE
        if waiting >= limit:
            self._drop((waiting - self._delay) // 2)
            self._begin_look()  # waits were measured against the old place
        if self._shorten_in:
            self._shorten_in -= 1
            if not self._shorten_in or not self._is_whole():
                self._drop(1)
                self._shorten_in = 0
                if self._delay > _LEAST:
                    self._delay -= 2
        if self._is_whole():
            slot = self._play & (_UNITS - 1)
            if slot != _UNITS - 1:
                copy(self._ring, slot * UNIT, codes, 0, FRAME)
            else:
                copy(self._ring, slot * UNIT, codes, 0, UNIT)
                copy(self._ring, 0, codes, UNIT, UNIT)
            self._step()
            self._heard = self._play
            self._empty = 0
            return GOOD
        return self._miss()

    def _is_whole(self):
        there, play = self._there, self._play
        return there[play & (_UNITS - 1)] and there[play + 1 & (_UNITS - 1)]

    def _step(self):
        self._there[self._play & (_UNITS - 1)] = 0
        self._there[self._play + 1 & (_UNITS - 1)] = 0
        self._play += 2

    def _drop(self, frames):
        """Goes on by so many frames; those that were there are lost."""
        while frames > 0:
            frames -= 1
            if self._is_whole():
                self.dropped_frames += 1
            self._step()

    def _miss(self):
        before = self._play < 0
        if self._newest < self._play:
            self._empty += 1
        self._step()
        if before:
            return NOTHING  # the delay of the start
        if self._empty >= _EMPTY_FRAMES:
            self._clear()
            self._running = False
            return NOTHING
        self.concealed += 1
        return CONCEAL

    def _look(self):
        """Each 2 s: is the delay still what it must be?"""
        self._frames_looked = 0
        if self._longest >= 0:
            self._delay = min(max(self._longest & -2, _LEAST), _MOST)
            if self._shortest < 2:
                self._calm = 0
            else:
                self._calm += 1
            if self._longest > _MOST + 1 or (self._calm >= _CALM_LOOKS and self._longest > _LEAST + 1):
                self._calm = 0
                self._shorten_in = _SOON_FRAMES
        self._shortest = _NONE
        self._longest = -_NONE
