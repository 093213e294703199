"""The tones of the speaker: blocks of whole waves, made when the unit starts. app.py lets go of this module then.

The wave is a square's first harmonics; a block of it is as loud as the volume says. Source: core/patterns.py (waking).
"""

import struct

from micropython import const

from firmware.drivers.speaker import BLOCK_FRAMES, RATE_HZ

_FULL = const(20000)  # peak of 32,767 at 100 %: leaves room for the harmonics

# Quarter of a sine in 1/1000, 16 steps of 90/16 degrees and the end. A table, because floats in a loop take 20 ms a tone.
_SINE = (0, 98, 195, 290, 383, 471, 556, 634, 707, 773, 831, 882, 924, 957, 981, 995, 1000)


def _sine(turn_256):
    """Sine in 1/1000 of an angle in 1/256 turns, linear between the table's points."""
    turn_256 &= 255
    if turn_256 >= 128:
        return -_sine(turn_256 - 128)
    if turn_256 > 64:
        turn_256 = 128 - turn_256
    low = _SINE[turn_256 >> 2]
    return low if turn_256 == 64 else low + (_SINE[(turn_256 >> 2) + 1] - low) * (turn_256 & 3) // 4


def wave(turn_256):
    """One sample in 1/1000: first, third and fifth harmonic of a square, which is what woke sleepers best (core/patterns.py)."""
    return _sine(turn_256) + _sine(3 * turn_256) // 3 + _sine(5 * turn_256) // 5


def tone_blocks(hz, volume_pct):
    """(swelling, steady, fading) block of one tone, 16-bit little-endian mono. `hz`: multiple of 125, given rounded."""
    waves = (hz * BLOCK_FRAMES + RATE_HZ // 2) // RATE_HZ  # whole ones in a block
    made = tuple(bytearray(2 * BLOCK_FRAMES) for _ in range(3))
    for i in range(BLOCK_FRAMES):
        sample = wave(i * waves * 256 // BLOCK_FRAMES) * (_FULL * volume_pct // 100) // 1000
        struct.pack_into("<h", made[0], 2 * i, sample * i // BLOCK_FRAMES)
        struct.pack_into("<h", made[1], 2 * i, sample)
        struct.pack_into("<h", made[2], 2 * i, sample * (BLOCK_FRAMES - i) // BLOCK_FRAMES)
    return made
