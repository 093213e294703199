"""How loud one tone is in a frame of sound, by Goertzel's algorithm, and what loudspeaker and microphone are worth by it. Pure.

The unit sounds a tone of its own and listens to it (P5: a fault is closed by a test that works). First it listens without: what
is loud there already is no proof of anything.

| without the tone | with it | verdict |
|---|---|---|
| | no sound at all, or the same in every frame | `microphone`: it is dead, or its wire hangs |
| | the tone has at least LEAST, and is at least RISE times as loud as before | `""`: both work |
| louder than NOISE | the tone does not stand out | `noise`: nothing can be said |
| | the tone does not stand out | `speaker`: it is dead, or covered |

Source: G. Goertzel, "An algorithm for the evaluation of finite trigonometric series", 1958 (the recurrence).
"""

from micropython import const

RISE = const(4)  # 12 dB: a voice that begins just then does not put its strength into 50 Hz round 750
LEAST = const(60)  # amplitude, of 32,767: -55 dB; the unit's tone comes back some 30 dB above that in a furnished room
NOISE = const(2000)  # mean size without the tone, -24 dB: a vacuum cleaner, a loud television
_STRONG = const(128)  # mean size up to which the recurrence stays within 31 bits for a frame of 320 samples and 750 Hz of 16 kHz
_ONE_Q12 = const(4096)


class ToneMeter:
    """`coefficient_q12`: 2 x cos(2 pi f / rate) x 4096; `frames`: samples of a frame, 320 at most; `mean_abs`: of
    core/media/level.py; `recur`: of core/media/goertzel.py.

    `sound`: mean size and `tone`: amplitude of the tone, each the mean of the frames since `clear()`; `count`: how many;
    `steady`: all of them were of the same mean size."""

    def __init__(self, coefficient_q12, frames, mean_abs, recur):
        self._coefficient_q12 = coefficient_q12
        self._frames = frames
        self._mean_abs = mean_abs
        self._recur = recur
        self._last2 = bytearray(8)
        self.clear()

    def clear(self):
        self.count = 0
        self._sound = self._tone = 0
        self._lowest = self._highest = 0

    def take(self, pcm16):
        """One frame, 16 bits signed, little-endian."""
        mean = self._mean_abs(pcm16, self._frames)
        amplitude = self._amplitude(pcm16, mean)
        if not self.count or mean < self._lowest:
            self._lowest = mean
        if not self.count or mean > self._highest:
            self._highest = mean
        self.count += 1
        self._sound += mean
        self._tone += amplitude

    def _amplitude(self, pcm16, mean):
        shift = 0
        while mean >> shift >= _STRONG:
            shift += 1
        last2 = self._last2
        self._recur(pcm16, self._frames, self._coefficient_q12, shift, last2)
        s1, s2 = _signed(last2, 0), _signed(last2, 4)
        power = s1 * s1 + s2 * s2 - (s1 * s2 // _ONE_Q12) * self._coefficient_q12
        return int(2 * max(power, 0) ** 0.5) // self._frames << shift

    @property
    def sound(self):
        return self._sound // self.count if self.count else 0

    @property
    def tone(self):
        return self._tone // self.count if self.count else 0

    @property
    def steady(self):
        return self._lowest == self._highest


def judge(before_sound, before_tone, sound, tone, steady):
    """The verdict of the table above, "" for a loop that works. `steady`: every frame with the tone had the same size."""
    if sound <= 1 or (steady and tone < LEAST):
        return "microphone"
    if tone >= LEAST and tone >= RISE * before_tone:
        return ""
    return "noise" if before_sound > NOISE else "speaker"


def _signed(buf, at):
    value = buf[at] | buf[at + 1] << 8 | buf[at + 2] << 16 | buf[at + 3] << 24
    return value - (1 << 32) if value & 0x80000000 else value
