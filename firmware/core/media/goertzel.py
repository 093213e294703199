"""Goertzel's recurrence, which core/media/tone_meter.py measures by. Apart from it, as native code is copied to executable memory
for good: this is always there, the meter is loaded when the unit listens to itself."""

import micropython


@micropython.viper
def recur(pcm16: ptr16, n: int, coefficient_q12: int, shift: int, last2: ptr32):
    """Puts the last two values of the recurrence over `n` samples, each shifted right by `shift`, into `last2`."""
    s1 = 0
    s2 = 0
    while n:
        n -= 1
        s0 = (((pcm16[0] ^ 0x8000) - 0x8000) >> shift) + ((coefficient_q12 * s1) >> 12) - s2
        s2 = s1
        s1 = s0
        pcm16 = ptr16(int(pcm16) + 2)
    last2[0] = s1
    last2[1] = s2
