"""The microphone's gain: whoever talks from across the room arrives as loud as who talks close by, and silence stays silent.

Per frame of 8 kHz samples: the lowest frequencies and the microphone's constant offset are taken out (below about 80 Hz), the
loudness is measured, the gain found and laid on in a ramp. The gain
- rises slowly and falls fast, and only while somebody talks: louder than three times the room's noise, which is followed;
- never lifts that noise above _NOISE_OUT, and falls by 12 dB in pauses;
- is cut within 2 ms where the frame's peak would pass _PEAK_OUT: the frame is known before it goes out, the limiter looks ahead;
- stands still while `hold` is true: the talk engine sets it while the far end is heard, as its echo is not the tenant.
Nothing is allocated per frame. All loudness is the mean size of samples, 0..32767.
Source: G4 (no need to shout). An INMP441 gives -26 dBFS at 94 dB SPL (datasheet): talk of 50 dB SPL is at -70 dBFS, so the
driver's shift lifts it by 24 dB and this class by up to 23.5 dB more, to about -22 dBFS.
"""

import struct

import micropython
from micropython import const

from firmware.core.media import level

_TARGET = const(2000)  # loudness of talk that goes out, about -22 dBFS
_PEAK_OUT = const(29000)  # 1 dB below full scale: what G.711 and the far end's own filters may add
_NOISE_OUT = const(250)  # the room's noise is lifted to at most this, 18 dB below talk
_QUIETEST = const(6)  # what is not louder is never talk: the converter's own noise
_LEAST_Q12 = const(1024)  # -12 dB
_MOST_Q12 = const(61440)  # 23.5 dB, what level.scale takes
_START_Q12 = const(16384)  # 12 dB, half of what it may become: the first word is heard at once
_PAUSE_FRAMES = const(15)  # 300 ms without talk: the gaps between words are shorter
_FLOOR_START = const(16384)  # 1/16 of 1024: falls to the room's noise within half a second
_OFFSET_BIAS = const(0x100000)  # keeps the filter's state positive
_FALL_SAMPLES = const(16)  # 2 ms
# Places in the state, 32 bits each, all >= 0: 64-bit processors load it without a sign.
_MEAN = const(0)  # what the filter takes out, in 1/16, with _OFFSET_BIAS
_TALK_Q12 = const(1)  # the gain for talk; in pauses gain_q12 is below it
_LOUDNESS = const(2)  # of talk, quickly up and slowly down
_FLOOR = const(3)  # the room's noise, in 1/16: falls by a quarter of the distance, rises slowly
_PAUSE = const(4)  # frames left until a pause is one


@micropython.viper
def _prepare(pcm16: ptr16, n: int, state: ptr32) -> int:
    """Takes out what lies below 80 Hz, in place; returns mean size * 32768 + peak. n >= 1."""
    total = 0
    peak = 0
    mean = state[_MEAN] - _OFFSET_BIAS
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
    state[_MEAN] = mean + _OFFSET_BIAS
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


@micropython.viper
def _follow(state: ptr32, loudness: int):
    """Learns from a frame what the room's noise and the talk are, and moves the gain for talk."""
    floor = state[_FLOOR]
    distance = (loudness << 4) - floor
    if distance < 0:
        floor -= (3 - distance) >> 2
    else:
        floor += (floor >> 9) + 1  # about 1 dB a second
    state[_FLOOR] = floor
    if loudness <= _QUIETEST or (loudness << 4) < 3 * floor:
        if state[_PAUSE]:
            state[_PAUSE] -= 1
        return
    state[_PAUSE] = _PAUSE_FRAMES
    distance = loudness - state[_LOUDNESS]
    state[_LOUDNESS] += (distance + 1) >> 1 if distance > 0 else 0 - (-distance >> 5)
    wanted_q12 = (_TARGET << 12) // state[_LOUDNESS]
    most_q12 = (_NOISE_OUT << 16) // floor
    if wanted_q12 > most_q12:
        wanted_q12 = most_q12
    gain_q12 = state[_TALK_Q12]
    if wanted_q12 > gain_q12:
        gain_q12 += gain_q12 >> 5
        if gain_q12 > wanted_q12:
            gain_q12 = wanted_q12
        if gain_q12 > _MOST_Q12:
            gain_q12 = _MOST_Q12
    else:
        if wanted_q12 < _LEAST_Q12:
            wanted_q12 = _LEAST_Q12
        gain_q12 -= (gain_q12 - wanted_q12) >> 2
    state[_TALK_Q12] = gain_q12


@micropython.viper
def _wanted(state: ptr32, gain_q12: int, peak: int, hold: int) -> int:
    """The gain at the end of this frame: for talk at once, in a pause on the way to a quarter of that, never beyond the limit."""
    to_q12 = state[_TALK_Q12]
    if not hold and not state[_PAUSE]:
        to_q12 = gain_q12 - ((gain_q12 - (to_q12 >> 2)) >> 3)
    if peak:
        most_q12 = (_PEAK_OUT << 12) // peak
        if to_q12 > most_q12:
            return most_q12
    return to_q12


class Leveller:
    """.gain_q12: what was laid on last. .level: loudness of the last frame before any gain. .hold: set from outside."""

    def __init__(self):
        self.gain_q12 = _START_Q12
        self.level = 0
        self.hold = False
        self._state = bytearray(struct.pack("<5i", _OFFSET_BIAS, _START_Q12, 0, _FLOOR_START, 0))

    def process(self, pcm16, n):
        """One frame, in place. n >= 1."""
        state, gain_q12, hold = self._state, self.gain_q12, self.hold
        measured = _prepare(pcm16, n, state)
        loudness, peak = measured >> 15, measured & 0x7FFF
        if not hold:
            _follow(state, loudness)
        to_q12 = _wanted(state, gain_q12, peak, hold)
        if to_q12 < gain_q12 and peak * (gain_q12 >> 8) > _PEAK_OUT << 4:
            _fall(pcm16, n, gain_q12, to_q12)
        else:
            level.scale(pcm16, n, gain_q12, to_q12)
        self.gain_q12 = to_q12
        self.level = loudness
