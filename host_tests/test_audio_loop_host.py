"""Constants of audio_loop.py that depend on others."""

import math

from firmware import audio_loop
from firmware.core.patterns import SHOTS


def test_the_coefficient_is_that_of_the_measuring_tone():
    (hz, ms) = SHOTS["MEASURE"]
    assert round(2 * math.cos(2 * math.pi * hz / 16000) * 4096) == audio_loop._COEFFICIENT_Q12
    assert ms >= audio_loop._DELAY_MS + audio_loop._COUNT * 20 + 200, "it sounds for as long as it is measured, and then some"
