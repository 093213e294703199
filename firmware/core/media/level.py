"""Loudness of a frame, gain with a ramp, and the microphone's 32-bit slots to samples.

Buffers hold n samples, signed 16 bits, little endian; n is even, as two are worked on at a time; results saturate. Nothing is
checked, nothing allocated. Gains are in 1/4096 (_q12): 4096 leaves a sample as it is, 0 is silence, 61440 is the most (23.5 dB).
"""

import micropython
from micropython import const

_ONE_Q12 = const(4096)


@micropython.viper
def mean_abs(pcm16: ptr16, n: int) -> int:
    """Mean size of the samples, 0..32767; 0 without samples. What is negative counts one less than its size."""
    total = 0
    i = n
    while i:
        v = pcm16[0]
        if v & 0x8000:
            v ^= 0xFFFF
        total += v
        v = pcm16[1]
        if v & 0x8000:
            v ^= 0xFFFF
        total += v
        pcm16 = ptr16(int(pcm16) + 4)
        i -= 2
    if n:
        return total // n
    return 0


@micropython.viper
def _fill(pcm16: ptr16, n: int, value: int):
    while n:
        n -= 1
        pcm16[n] = value


@micropython.viper
def _multiply(pcm16: ptr16, gain_q12: int, n: int):
    """By one gain. Samples with their sign bit turned over: beyond the range is then beyond 16 bits, one test for both ends."""
    bias = 0x8000 * (4096 - gain_q12)
    while n:
        v = ((pcm16[0] ^ 0x8000) * gain_q12 + bias) >> 12
        if v >> 16:
            v = ~(v >> 31)
        pcm16[0] = v ^ 0x8000
        v = ((pcm16[1] ^ 0x8000) * gain_q12 + bias) >> 12
        if v >> 16:
            v = ~(v >> 31)
        pcm16[1] = v ^ 0x8000
        pcm16 = ptr16(int(pcm16) + 4)
        n -= 2


@micropython.viper
def _ramp(pcm16: ptr16, gain: int, n: int, step: int):
    """gain in 1/32768, with three bits more than _q12 so that a ramp's steps are fine; `step` is added after each sample."""
    while n:
        n -= 1
        v = (((pcm16[0] ^ 0x8000) - 0x8000) * (gain >> 3)) >> 12
        if (v + 0x8000) >> 16:
            v = 0x7FFF ^ (v >> 31)
        pcm16[0] = v
        gain += step
        pcm16 = ptr16(int(pcm16) + 2)


def scale(pcm16, n, from_q12, to_q12):
    """Multiplies in place, from one gain to the other in equal steps. The next frame goes on at to_q12."""
    if from_q12 != to_q12:
        if n:
            _ramp(pcm16, from_q12 << 3, n, ((to_q12 - from_q12) << 3) // n)
    elif to_q12 == 0:
        _fill(pcm16, n, 0)
    elif to_q12 != _ONE_Q12:
        _multiply(pcm16, to_q12, n)


@micropython.viper
def _take(pcm16: ptr16, raw32: ptr32, n: int, shift: int):
    """The sign is made anew, as 64-bit processors load 32 bits without it."""
    half = 1 << (31 - shift)
    mask = half + (half - 1)
    bias = half - 0x8000
    while n:
        v = (((raw32[0] >> shift) + half) & mask) - bias
        if v >> 16:
            v = ~(v >> 31)
        pcm16[0] = v ^ 0x8000
        v = (((raw32[1] >> shift) + half) & mask) - bias
        if v >> 16:
            v = ~(v >> 31)
        pcm16[1] = v ^ 0x8000
        raw32 = ptr32(int(raw32) + 8)
        pcm16 = ptr16(int(pcm16) + 4)
        n -= 2


def take_microphone(raw32, pcm16, n, shift):
    """Slots of 32 bits, signed, to samples of 16: each is shifted right by `shift` (1..16) and saturates.

    16 takes the upper half as it is; every bit less is 6 dB more.
    """
    _take(pcm16, raw32, n, shift)
