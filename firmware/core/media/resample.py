"""Between the 16 kHz of the sound hardware and the 8 kHz of the line: a half-band filter of 31 taps.

Pass band to 3.4 kHz within 0.06 dB, stop band from 4.6 kHz at 45 dB below; delay 15 and 18 samples of 16 kHz. Blocks of up to
160 samples at 8 kHz follow each other without a seam; results saturate. Buffers hold signed 16 bits, little endian, and begin at
a multiple of 4 bytes. Nothing is checked, nothing allocated after the start.
Coefficients: equal ripple, made by a weighted least-squares fit whose weights follow the error; rounded to 1/16384.
Inside, samples have their sign bit turned over (0..65535), so that a load needs no sign extension.
"""

import micropython
from micropython import const

_OLD_HALVER = const(30)  # samples of before that a filter of 31 taps needs, with two new ones for each result
_OLD_DOUBLER = const(16)  # 15 are needed; 16 are whole words


@micropython.viper
def _append(line: ptr32, block: ptr32, n: int, old: int):
    """The line's last `old` words move to its front; `n` words of the block follow, their samples' sign bits turned over."""
    new = ptr32(int(line) + n * 4)
    while old:
        old -= 1
        line[0] = new[0]
        line = ptr32(int(line) + 4)
        new = ptr32(int(new) + 4)
    signs = 0x8000
    signs |= signs << 16
    while n:
        line[0] = block[0] ^ signs
        line[1] = block[1] ^ signs
        line[2] = block[2] ^ signs
        line[3] = block[3] ^ signs
        line = ptr32(int(line) + 16)
        block = ptr32(int(block) + 16)
        n -= 4


@micropython.viper
def _halve(line: ptr16, out: ptr16, n: int):
    """Coefficients in 1/16384, the middle one 8192. The sum: sign bits back to their place (90 * 32768) and rounding (8192)."""
    while n:
        n -= 1
        t = (
            (line[15] << 13)
            + (line[14] + line[16]) * 5185
            - (line[12] + line[18]) * 1649
            + (line[10] + line[20]) * 899
            - (line[8] + line[22]) * 554
            + (line[6] + line[24]) * 350
            - (line[4] + line[26]) * 218
            + (line[2] + line[28]) * 128
            - (line[0] + line[30]) * 90
            + 2957312
        ) >> 14
        if t >> 16:
            t = ~(t >> 31)  # beyond the range: 0 or all ones
        out[0] = t ^ 0x8000
        line = ptr16(uint(line) + 4)
        out = ptr16(uint(out) + 2)


@micropython.viper
def _double(line: ptr16, out: ptr16, n: int):
    """The samples themselves, and between each two the same filter's other half, at twice its gain."""
    while n:
        n -= 1
        out[0] = line[7] ^ 0x8000
        t = (
            (line[7] + line[8]) * 5185
            - (line[6] + line[9]) * 1649
            + (line[5] + line[10]) * 899
            - (line[4] + line[11]) * 554
            + (line[3] + line[12]) * 350
            - (line[2] + line[13]) * 218
            + (line[1] + line[14]) * 128
            - (line[0] + line[15]) * 90
            + 2953216
        ) >> 13
        if t >> 16:
            t = ~(t >> 31)
        out[1] = t ^ 0x8000
        line = ptr16(uint(line) + 2)
        out = ptr16(uint(out) + 4)


def _quiet(samples):
    """A line of `samples` at rest."""
    return bytearray(b"\x00\x80" * samples)


class Halver:
    """16 kHz to 8 kHz. longest: most samples of one block at 8 kHz, a multiple of 8."""

    def __init__(self, longest=160):
        self._line = _quiet(_OLD_HALVER + 2 * longest)

    def process(self, pcm16k, pcm8k, n_out):
        """2 * n_out samples in, n_out out. n_out, a multiple of 8, must be the same in every call."""
        _append(self._line, pcm16k, n_out, _OLD_HALVER // 2)
        _halve(self._line, pcm8k, n_out)


class Doubler:
    """8 kHz to 16 kHz. longest: most samples of one block at 8 kHz, a multiple of 8."""

    def __init__(self, longest=160):
        self._line = _quiet(_OLD_DOUBLER + longest)

    def process(self, pcm8k, pcm16k, n_in):
        """n_in samples in, a multiple of 8, 2 * n_in out. n_in must be the same in every call."""
        _append(self._line, pcm8k, n_in // 2, _OLD_DOUBLER // 2)
        _double(self._line, pcm16k, n_in)
