"""Loudness, ramps that end where the next frame begins, saturation, and the microphone's slots."""

import gc
import struct

from firmware.core.media import level


def pcm(values):
    return bytearray(struct.pack("<%dh" % len(values), *values))


def values_of(buffer):
    return list(struct.unpack("<%dh" % (len(buffer) // 2), buffer))


def test_loudness_is_the_mean_size_of_the_samples():
    assert level.mean_abs(pcm([100, -101, 40, -41]), 4) == 70
    assert level.mean_abs(pcm([100, -101, 40, -41]), 2) == 100
    assert level.mean_abs(pcm([-32768] * 160), 160) == 32767
    assert level.mean_abs(pcm([5]), 0) == 0


def test_a_constant_gain_multiplies_and_saturates():
    for gain_q12, given, expected in (
        (4096, [1, -1, 32767, -32768], [1, -1, 32767, -32768]),
        (0, [1, -1, 32767, 3], [0, 0, 0, 0]),
        (2048, [1000, -1000, -32768, 3], [500, -500, -16384, 1]),
        (65, [32767, -32768], [519, -520]),
        (61440, [2000, -2000, 2200, -2200, 32767, -32768], [30000, -30000, 32767, -32768, 32767, -32768]),
    ):
        buffer = pcm(given)
        level.scale(buffer, len(given), gain_q12, gain_q12)
        assert values_of(buffer) == expected, gain_q12


def test_a_ramp_begins_at_one_gain_and_comes_within_a_step_of_the_other():
    for start_q12, end_q12 in ((4096, 65), (65, 4096), (0, 4096), (4096, 0), (61440, 4096), (4096, 61440)):
        buffer = pcm([1000] * 160)
        level.scale(buffer, 160, start_q12, end_q12)
        made = values_of(buffer)
        step = abs(end_q12 - start_q12) / 160 * 1000 / 4096 + 2
        assert abs(made[0] - min(start_q12 * 1000 // 4096, 32767)) <= 1
        assert abs(made[-1] - end_q12 * 1000 / 4096) <= step + 5  # a step is cut to 1/32768
        assert max(abs(made[i + 1] - made[i]) for i in range(159)) <= step, "a ramp has no jump that is heard"


def test_an_empty_frame_is_left_alone():
    buffer = pcm([7, 8])
    level.scale(buffer, 0, 0, 4096)
    assert values_of(buffer) == [7, 8]


def test_a_slot_of_the_microphone_is_shifted_and_saturates():
    slots = [0, 1 << 16, -1 << 16, 0x7FFFFFFF, -0x80000000, -1, 0x00123400, -0x00123400]
    raw = struct.pack("<%di" % len(slots), *slots)
    for shift in (16, 12, 8, 1):
        made = bytearray(2 * len(slots))
        level.take_microphone(raw, made, len(slots), shift)
        assert values_of(made) == [max(-32768, min(32767, slot >> shift)) for slot in slots], shift


def test_nothing_is_allocated_per_frame():
    if not hasattr(gc, "mem_alloc"):
        return
    raw, frame = bytearray(640), pcm([3000, -3000] * 80)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    level.take_microphone(raw, frame, 160, 12)
    level.mean_abs(frame, 160)
    level.scale(frame, 160, 4096, 65)
    level.scale(frame, 160, 65, 65)
    level.scale(frame, 160, 0, 0)
    grown = gc.mem_alloc() - before
    gc.enable()
    assert grown == 0, grown
