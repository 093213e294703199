"""The tone that the unit sounds and hears: measured beside a reckoning with floats, and every verdict from both sides."""

import math
import struct

from firmware.core.media.goertzel import recur
from firmware.core.media.level import mean_abs
from firmware.core.media.tone_meter import LEAST, NOISE, RISE, ToneMeter, judge

RATE, N, HZ = 16000, 320, 750
COEFFICIENT_Q12 = round(2 * math.cos(2 * math.pi * HZ / RATE) * 4096)


def frame(*tones, noise=0, dc=0, phase=0.3, dice=12345):
    """`tones`: (Hz, amplitude). `dice`: where the noise begins."""
    samples = []
    for i in range(N):
        value = dc + sum(amplitude * math.sin(2 * math.pi * hz * i / RATE + phase) for hz, amplitude in tones)
        dice = (dice * 75 + 74) % 65537
        value += (dice / 32768 - 1) * noise
        samples.append(min(max(int(value), -32768), 32767))
    return bytearray(struct.pack("<%dh" % N, *samples))


def measured(*frames):
    meter = ToneMeter(COEFFICIENT_Q12, N, mean_abs, recur)
    for one in frames:
        meter.take(one)
    return meter


def test_a_tone_is_measured_within_3_percent_from_60_to_full_scale_at_any_phase():
    for amplitude in (60, 200, 1000, 5000, 20000, 32767):
        for phase in (0, 0.7, 1.6, 3):
            found = measured(frame((HZ, amplitude), phase=phase)).tone
            assert abs(found - amplitude) <= amplitude * 0.03 + 3, (amplitude, phase, found)


def test_other_tones_voices_and_a_constant_do_not_count_as_the_tone():
    """Tones of whole waves in 20 ms leak nothing; half a wave more does, 12 % at most from 625 Hz on."""
    for other, most in ((frame((500, 20000)), 60), (frame((1500, 20000)), 60), (frame((150, 20000)), 60), (frame(dc=9000), 60),
                        (frame(), 0), (frame((625, 20000)), 2500), (frame((375, 20000)), 1200)):
        found = measured(other).tone
        assert found <= most, (found, most)


def test_full_scale_squares_do_not_overflow():
    square = bytearray(struct.pack("<%dh" % N, *[32767 if i * 2 * HZ // RATE % 2 == 0 else -32768 for i in range(N)]))
    found = measured(square).tone
    assert 40000 < found < 43500, "4 / pi of full scale"


def test_noise_spreads_over_everything():
    meter = measured(*[frame(noise=8000, dice=n) for n in range(5)])
    assert meter.sound > 3500 and meter.tone < 1500


def test_the_mean_over_frames_the_count_and_whether_all_were_alike():
    meter = measured(frame((HZ, 1000)), frame((HZ, 3000)))
    assert meter.count == 2 and abs(meter.tone - 2000) < 60 and abs(meter.sound - 1273) < 40 and not meter.steady
    meter.clear()
    assert meter.count == 0 and meter.sound == 0 and meter.tone == 0
    meter.take(frame(dc=77))
    meter.take(frame(dc=77))
    assert meter.steady and meter.sound == 77


def test_each_verdict_from_both_sides():
    for before_sound, before_tone, sound, tone, steady, verdict in (
        (20, 2, 500, LEAST, False, ""), (20, 2, 500, LEAST - 1, False, "speaker"),
        (20, 100, 500, 100 * RISE, False, ""), (20, 100, 500, 100 * RISE - 1, False, "speaker"),
        (NOISE, 100, 500, 100, False, "speaker"), (NOISE + 1, 100, 500, 100, False, "noise"),
        (NOISE + 1, 100, 5000, 100 * RISE, False, ""),
        (0, 0, 0, 0, True, "microphone"), (0, 0, 1, 0, False, "microphone"), (0, 0, 2, 0, False, "speaker"),
        (9000, 0, 9000, 0, True, "microphone"), (9000, 0, 9000, 0, False, "noise"),
        (0, 0, 3000, 4000, True, ""),
    ):
        assert judge(before_sound, before_tone, sound, tone, steady) == verdict, (before_sound, before_tone, sound, tone, steady)


def test_a_whole_loop_of_a_quiet_room_a_noisy_one_and_dead_parts():
    quiet = [frame(noise=60, dice=n * 999) for n in range(5)]
    tone = [frame((HZ, 800), noise=60, dice=n * 777) for n in range(5)]
    loud = [frame((200, 9000), noise=3000, dice=n * 999) for n in range(5)]
    cases = ((quiet, tone, ""), (quiet, quiet, "speaker"), ([frame()] * 5, [frame()] * 5, "microphone"),
             ([frame(dc=-1)] * 5, [frame(dc=-1)] * 5, "microphone"), (loud, loud, "noise"),
             ([frame(dc=20000)] * 5, [frame(dc=20000)] * 5, "microphone"))
    for before, during, verdict in cases:
        first, then = measured(*before), measured(*during)
        assert judge(first.sound, first.tone, then.sound, then.tone, then.steady) == verdict, verdict
