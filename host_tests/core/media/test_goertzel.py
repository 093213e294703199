"""The recurrence in native code, beside the same in Python."""

import struct

from firmware.core.media.goertzel import recur


def reckoned(samples, coefficient_q12, shift):
    s1 = s2 = 0
    for sample in samples:
        s1, s2 = (sample >> shift) + ((coefficient_q12 * s1) >> 12) - s2, s1
    return s1, s2


def test_it_gives_what_the_same_in_python_gives_for_any_sign_shift_and_length():
    dice = 7
    for n, shift, coefficient_q12 in ((1, 0, 7839), (2, 3, 7839), (320, 0, 7839), (320, 8, 7839), (160, 5, -4096), (320, 1, 0)):
        samples = []
        for _ in range(n):
            dice = (dice * 75 + 74) % 65537
            samples.append((dice - 32768) // 256 if shift == 0 else min(dice - 32768, 32767))
        samples[0] = -32768 >> 8 if shift == 0 else -32768
        last2 = bytearray(8)
        recur(bytearray(struct.pack("<%dh" % n, *samples)), n, coefficient_q12, shift, last2)
        assert struct.unpack("<2i", last2) == reckoned(samples, coefficient_q12, shift), (n, shift)
