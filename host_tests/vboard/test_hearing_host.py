"""The ear measures pitch to 3 %, tells silence, and does not invent a pitch while the tone changes."""

import math
import random
import struct

from tools.vboard.hearing import Ear


def _block(hz, bits=16, channels=1, amplitude=0.3, frames=256, rate_hz=16000, start=0):
    full = (1 << (bits - 1)) * amplitude
    values = [int(full * math.sin(2 * math.pi * hz * n / rate_hz)) for n in range(start, start + frames)]
    return struct.pack("<%d%s" % (frames * channels, "h" if bits == 16 else "i"), *[v for v in values for _ in range(channels)])


def _last(answers):
    return [hz for hz in answers if hz is not None]


def test_pitches_of_the_unit_are_measured_within_three_percent():
    for bits, channels in ((16, 1), (16, 2), (32, 1), (32, 2)):
        for hz in (250, 375, 500, 520, 625, 750, 1000, 3100):
            ear = Ear(16000, bits, channels)
            answers = _last(ear.hear(_block(hz, bits, channels, start=256 * n)) for n in range(4))
            assert len(answers) == 1 and abs(answers[0] - hz) <= 0.03 * hz, (bits, channels, hz, answers)


def test_silence_and_whispers_are_silence():
    ear = Ear(16000, 16, 1)
    assert _last(ear.hear(block) for block in (bytes(512), _block(500, amplitude=0.005), b"", b"\x00")) == []


def test_a_change_is_told_once_it_has_lasted_two_blocks():
    ear = Ear(16000, 16, 1)
    heard = [ear.hear(_block(hz)) for hz in (500, 500, 500, 625, 625, 0, 0)]
    assert heard == [None, 500, None, None, 625, None, 0]


def test_noise_and_a_voice_are_no_tone():
    dice = random.Random(4)
    ear = Ear(16000, 16, 1)
    noise = [struct.pack("<256h", *[dice.randrange(-9000, 9000) for _ in range(256)]) for _ in range(50)]
    assert _last(ear.hear(block) for block in noise) == []
    turn = 2 * math.pi * 140 / 16000
    voice = [int(2000 * sum(math.sin(turn * k * n + k * k) for k in (1, 3, 5, 6, 7))) for n in range(12800)]
    heard = _last(ear.hear(struct.pack("<256h", *voice[n : n + 256])) for n in range(0, 12800, 256))
    assert [hz for hz in heard if hz] == [], heard
