"""What is played where a frame is missing: the last sound goes on at its own pitch, fades, and ends in silence.

A frame is 160 samples of 8 kHz, signed 16 bits, little endian, and begins at a multiple of 4 bytes. The period of the voice is
sought once per loss. Nothing is allocated after the start.
"""

import micropython
from micropython import const

from firmware.core.media import level

_FRAME = const(160)
_HISTORY = const(320)  # 40 ms: the longest period, and as much again to compare with
_SHORTEST = const(40)  # periods of 200 Hz ..
_LONGEST = const(120)  # .. 67 Hz; of a higher voice two or three periods are repeated
_COMPARED = const(80)  # samples by which a period is judged, every other one
_JOIN = const(32)  # 4 ms in which the true sound comes back
_FADE_Q12 = (4096, 3277, 2048, 1024, 0)  # gain at the edges of four lost frames: after 80 ms a voice is another sound


@micropython.viper
def _remember(half: ptr32, frame: ptr32, at: int):
    """Copies a frame to the half of the history that begins at this byte, two samples at a time."""
    half = ptr32(int(half) + at)
    n = _FRAME // 2
    while n:
        n -= 4
        half[0] = frame[0]
        half[1] = frame[1]
        half[2] = frame[2]
        half[3] = frame[3]
        half = ptr32(int(half) + 16)
        frame = ptr32(int(frame) + 16)


@micropython.viper
def _change_halves(history: ptr32):
    i = _FRAME // 2
    while i:
        i -= 1
        older = history[i + _FRAME // 2]
        history[i + _FRAME // 2] = history[i]
        history[i] = older


@micropython.viper
def _period(history: ptr16) -> int:
    """By how many samples the newest sound looks most like what was before it."""
    best = 0x7FFFFF
    found = _LONGEST
    lag = _SHORTEST
    while lag <= _LONGEST:
        total = 0
        i = _HISTORY - _COMPARED
        while i < _HISTORY:
            v = (history[i] ^ 0x8000) - (history[i - lag] ^ 0x8000)
            if v < 0:
                v = 0 - v
            total += v
            i += 2
        if total < best:
            best = total
            found = lag
        lag += 1
    return found


@micropython.viper
def _repeat(history: ptr16, out: ptr16, period: int, phase: int):
    """A frame of the last period over and over, from sample `phase` of it on."""
    i = 0
    while i < _FRAME:
        out[i] = history[_HISTORY - period + phase]
        phase += 1
        if phase == period:
            phase = 0
        i += 1


@micropython.viper
def _join(history: ptr16, frame: ptr16, period: int, phase: int, gain_q12: int):
    """The frame's first samples go over from the repeated period to their own."""
    i = 0
    while i < _JOIN:
        old = (((history[_HISTORY - period + phase] ^ 0x8000) - 0x8000) * gain_q12) >> 12
        new = (frame[i] ^ 0x8000) - 0x8000
        frame[i] = (old * (_JOIN - i) + new * i) >> 5
        phase += 1
        if phase == period:
            phase = 0
        i += 1


class Concealer:
    """.good(frame) for each frame that came, .lost(frame) for each that did not. .run: frames lost in a row."""

    def __init__(self):
        self.run = 0
        self._history = bytearray(2 * _HISTORY)
        self._at = 0  # where in the history the next frame goes: its halves take turns
        self._period = _LONGEST
        self._phase = 0

    def good(self, pcm16):
        """Keeps the frame; after a loss its first 4 ms are changed in place, so that no click is heard."""
        if self.run:
            _join(self._history, pcm16, self._period, self._phase, _FADE_Q12[min(self.run, 4)])
            self.run = 0
        _remember(self._history, pcm16, self._at)
        self._at ^= 2 * _FRAME

    def lost(self, pcm16_out):
        """Fills the frame."""
        if not self.run:
            if self._at:
                _change_halves(self._history)  # the newer one is the second now
                self._at = 0
            self._period = _period(self._history)
            self._phase = 0
        step = min(self.run, 3)
        _repeat(self._history, pcm16_out, self._period, self._phase)
        level.scale(pcm16_out, _FRAME, _FADE_Q12[step] if self.run < 4 else 0, _FADE_Q12[step + 1])
        self._phase = (self._phase + _FRAME) % self._period
        self.run = min(self.run + 1, 4)
