"""The microphone's gain: whoever talks from across the room arrives as loud as who talks close by, and silence stays silent.

Per frame of 8 kHz samples: the lowest frequencies and the microphone's constant offset are taken out (below about 80 Hz), the
loudness is measured, the gain found and laid on in a ramp. The gain
- rises slowly and falls fast, and only while somebody talks: louder than three times the room's noise, which is followed;
- never lifts that noise above _NOISE_OUT, and falls by 12 dB in pauses;
- is cut within 2 ms where the frame's peak would pass _PEAK_OUT: the frame is known before it goes out, the limiter looks ahead;
- stands still while `hold` is true: the talk engine sets it while the far end is heard, as its echo is not the tenant.
Nothing is allocated per frame. All loudness is the mean size of samples, 0..32767.
Source: G4 (no need to shout). An INMP441 gives -26 dBFS at 94 dB SPL (datasheet): talk of 50 dB SPL is at -70 dBFS, so the
driver's shift lifts it by 24 dB and this class by up to 24 dB more, to about -22 dBFS.
"""

import micropython
from micropython import const

from firmware.core.media import level

_TARGET = const(2000)  # loudness of talk that goes out, about -22 dBFS
_PEAK_OUT = const(29000)  # 1 dB below full scale: what G.711 and the far end's own filters may add
_NOISE_OUT = const(250)  # the room's noise is lifted to at most this, 18 dB below talk
_QUIETEST = const(6)  # what is not louder is never talk: the converter's own noise
_LEAST_Q12 = const(1024)  # -12 dB
_MOST_Q12 = const(65535)  # 24 dB, what level.scale takes
_START_Q12 = const(16384)  # 12 dB, half of what it may become: the first word is heard at once
_PAUSE_FRAMES = const(15)  # 300 ms without talk: the gaps between words are shorter
_FLOOR_START = const(16384)  # 1/16 of 1024: falls to the room's noise within half a second
_OFFSET_BIAS = const(0x100000)  # keeps the filter's state positive, as 64-bit processors load it without a sign
_FALL_SAMPLES = const(16)  # 2 ms


@micropython.viper
def _prepare(pcm16: ptr16, n: int, state: ptr32) -> int:
    """Takes out what lies below 80 Hz, in place; returns mean size * 32768 + peak. n >= 1."""
    total = 0
    peak = 0
    mean = state[0] - _OFFSET_BIAS
    count = n
    while n:
        n -= 1
        v = (pcm16[0] ^ 0x8000) - 0x8000 - (mean >> 4)
        mean += v
        if (v + 0x8000) >> 16:
            v = 0x7FFF ^ (v >> 31)
        pcm16[0] = v
        pcm16 = ptr16(int(pcm16) + 2)
        if v < 0:
            v = ~v  # one less than its size, so that -32768 fits
        total += v
        if v > peak:
            peak = v
    state[0] = mean + _OFFSET_BIAS
    return ((total // count) << 15) | peak


@micropython.viper
def _fall(pcm16: ptr16, n: int, gain: int, to_q12: int):
    """Multiplies in place; from `gain` down to to_q12 within _FALL_SAMPLES, then there. Saturates."""
    step = (gain - to_q12) // _FALL_SAMPLES + 1
    while n:
        n -= 1
        gain -= step
        if gain < to_q12:
            gain = to_q12
        v = (((pcm16[0] ^ 0x8000) - 0x8000) * gain) >> 12
        if (v + 0x8000) >> 16:
            v = 0x7FFF ^ (v >> 31)
        pcm16[0] = v
        pcm16 = ptr16(int(pcm16) + 2)


def tracked(floor, loudness):
    """The noise floor after one more frame, both in 1/16: falls by a quarter of the distance, rises by about 1 dB a second."""
    if loudness < floor:
        return floor - ((floor - loudness + 3) >> 2)
    return floor + (floor >> 9) + 1


class Leveller:
    """.gain_q12: what was laid on last. .level: loudness of the last frame as it went out. .hold: set from outside."""

    def __init__(self):
        self.gain_q12 = _START_Q12
        self.level = 0
        self.hold = False
        self._talk_q12 = _START_Q12  # the gain for talk; in pauses gain_q12 is below it
        self._loudness = 0  # of talk, quickly up and slowly down
        self._floor = _FLOOR_START
        self._pause = 0  # frames left until a pause is one
        self._state = bytearray(b"\x00\x00\x10\x00")  # _OFFSET_BIAS

    def process(self, pcm16, n):
        """One frame, in place. n >= 1."""
        measured = _prepare(pcm16, n, self._state)
        loudness, peak = measured >> 15, measured & 0x7FFF
        if not self.hold:
            self._follow(loudness)
        to_q12 = self._wanted()
        if peak and to_q12 > (_PEAK_OUT << 12) // peak:
            to_q12 = (_PEAK_OUT << 12) // peak
            _fall(pcm16, n, max(self.gain_q12, to_q12), to_q12)
        else:
            level.scale(pcm16, n, self.gain_q12, to_q12)
        self.gain_q12 = to_q12
        self.level = min((loudness * (to_q12 >> 4)) >> 8, 32767)

    def _follow(self, loudness):
        """Learns from a frame what the room's noise and the talk are, and moves the gain for talk."""
        self._floor = tracked(self._floor, loudness << 4)
        if loudness <= _QUIETEST or (loudness << 4) < 3 * self._floor:
            self._pause -= self._pause > 0
            return
        self._pause = _PAUSE_FRAMES
        if loudness > self._loudness:
            self._loudness += (loudness - self._loudness + 1) >> 1
        else:
            self._loudness -= (self._loudness - loudness) >> 5
        wanted_q12 = min((_TARGET << 12) // self._loudness, (_NOISE_OUT << 16) // self._floor, _MOST_Q12)
        if wanted_q12 > self._talk_q12:
            self._talk_q12 = min(self._talk_q12 + (self._talk_q12 >> 5), wanted_q12)
        else:
            self._talk_q12 -= (self._talk_q12 - max(wanted_q12, _LEAST_Q12)) >> 2

    def _wanted(self):
        """The gain at the end of this frame: for talk at once, in a pause on the way to a quarter of that."""
        if self._pause or self.hold:
            return self._talk_q12
        return self.gain_q12 - ((self.gain_q12 - (self._talk_q12 >> 2)) >> 3)
