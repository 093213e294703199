"""drivers/tones.py: whole waves in a block, no direct current, as loud as the volume says, ramps from and to nothing."""

import struct

from firmware.core.patterns import TONES_HZ
from firmware.drivers import tones
from firmware.drivers.speaker import BLOCK_FRAMES, RATE_HZ, shape


def samples(block):
    return struct.unpack("<%dh" % BLOCK_FRAMES, block)


def test_the_wave_is_whole_in_a_block_and_stays_in_range():
    for hz in TONES_HZ:
        assert hz * BLOCK_FRAMES % RATE_HZ == 0, hz
    for turn in range(-300, 1300):
        assert -1000 <= tones.wave(turn) <= 1000
        assert tones.wave(turn) == tones.wave(turn + 256)
        assert abs(tones.wave(turn) + tones.wave(turn + 128)) <= 4  # odd: no direct current through the speaker


def test_a_tone_swells_from_nothing_and_fades_to_nothing_without_a_step():
    """At every seam of the blocks the next sample is no further than two of the steady tone ever are."""
    for hz in TONES_HZ:
        block = tones.tone_block(hz, 100)
        swelling, fading = bytearray(len(block)), bytearray(len(block))
        shape(block, swelling, BLOCK_FRAMES, 0)
        shape(block, fading, BLOCK_FRAMES, 1)
        swelling, steady, fading = samples(swelling), samples(block), samples(fading)
        assert swelling == tuple(steady[i] * i // BLOCK_FRAMES for i in range(BLOCK_FRAMES))
        assert fading == tuple(steady[i] * (BLOCK_FRAMES - i) // BLOCK_FRAMES for i in range(BLOCK_FRAMES))
        largest = max(abs(steady[i] - steady[i - 1]) for i in range(BLOCK_FRAMES))
        played = (0,) + swelling + steady + steady + fading + (0,)
        for i in range(1, len(played)):
            assert abs(played[i] - played[i - 1]) <= largest, (hz, i)
        early, late = max(swelling[: BLOCK_FRAMES // 4]), max(swelling[-BLOCK_FRAMES // 4 :])
        assert 0 < early < late / 2 and max(fading[-BLOCK_FRAMES // 4 :]) < max(steady) / 2, hz


def test_a_tenth_of_the_volume_is_a_tenth_of_the_peak():
    loud, quiet = [max(samples(tones.tone_block(500, volume_pct))) for volume_pct in (100, 10)]
    assert 15000 < loud <= 32767 and 9 < loud / quiet < 11
