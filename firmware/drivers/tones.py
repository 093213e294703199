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


def tone_block(hz, volume_pct):
    """A block of one tone, 16-bit little-endian mono. `hz`: multiple of 125, given rounded."""
    waves = (hz * BLOCK_FRAMES + RATE_HZ // 2) // RATE_HZ  # whole ones in a block
    made = bytearray(2 * BLOCK_FRAMES)
    for i in range(BLOCK_FRAMES):
        struct.pack_into("<h", made, 2 * i, wave(i * waves * 256 // BLOCK_FRAMES) * (_FULL * volume_pct // 100) // 1000)
    return made
