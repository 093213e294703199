"""The ear measures pitch to 3 %, tells silence, and does not invent a pitch while the tone changes."""

import math
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
            ear = Ear(16000, bits, channels, 2048)
            answers = _last(ear.hear(_block(hz, bits, channels, start=256 * n)) for n in range(4))
            assert len(answers) == 1 and abs(answers[0] - hz) <= 0.03 * hz, (bits, channels, hz, answers)


def test_silence_and_whispers_are_silence():
    ear = Ear(16000, 16, 1, 2048)
    assert _last(ear.hear(block) for block in (bytes(512), _block(500, amplitude=0.005), b"", b"\x00")) == []
    assert ear.silence() is None


def test_a_change_is_told_once_it_has_lasted_two_blocks():
    ear = Ear(16000, 16, 1, 2048)
    heard = [ear.hear(_block(hz)) for hz in (500, 500, 500, 625, 625, 0, 0)]
    assert heard == [None, 500, None, None, 625, None, 0]


def test_running_dry_ends_the_tone_once():
    ear = Ear(16000, 16, 1, 2048)
    for _ in range(3):
        ear.hear(_block(500))
    assert ear.silence() == 0 and ear.silence() is None
