"""The microphone's gain: quiet talk is lifted, a shout is not clipped, silence is not pumped up, an echo teaches nothing."""

import gc
import math
import struct

from firmware.core.media import level
from firmware.core.media.gain import Leveller

N = 160
_seed = [1]


def noise(size):
    """A frame of even noise up to +-size."""
    out = bytearray(2 * N)
    for i in range(N):
        _seed[0] = (_seed[0] * 1103515245 + 12345) & 0x3FFFFFFF
        struct.pack_into("<h", out, 2 * i, (_seed[0] >> 12) % (2 * size + 1) - size if size else 0)
    return out


def tone(size, number, hz=400, offset=0):
    out = bytearray(2 * N)
    for i in range(N):
        value = size * math.sin(2 * math.pi * hz * (number * N + i) / 8000) + offset
        struct.pack_into("<h", out, 2 * i, max(-32768, min(32767, round(value))))
    return out


def talk(one, size, frames, pause=0):
    """Loudness that goes out in the last frame of tones in a rhythm of speech (10 frames on, 5 off), with noise."""
    loud = 0
    for number in range(frames):
        frame = tone(size, number) if number % 15 < 10 else noise(pause)
        one.process(frame, N)
        if number % 15 < 10:
            loud = level.mean_abs(frame, N)
    return loud


def settled(room=10):
    one = Leveller()
    for _ in range(60):
        one.process(noise(room), N)
    return one


def test_talk_from_across_the_room_reaches_the_loudness_of_talk_close_by():
    """50 dB SPL at an INMP441 shifted up by 24 dB is a sine of 164; at 70 dB SPL it is 1640."""
    for size in (164, 500, 1640, 8000):
        assert 1400 <= talk(settled(), size, 150, pause=5) <= 2600, size


def test_the_room_s_noise_is_not_pumped_up_however_long_it_is_quiet():
    for room in (0, 3, 10, 40, 120):
        one = settled(room)
        talk(one, 600 + 20 * room, 90, pause=room)
        loudest = 0
        for number in range(1000):
            frame = noise(room)
            one.process(frame, N)
            if number > 40:
                loudest = max(loudest, level.mean_abs(frame, N))
        assert loudest <= 260, (room, loudest)


def test_a_word_after_a_long_pause_is_heard_from_its_first_frame():
    one = settled()
    talk(one, 300, 150, pause=5)
    for _ in range(500):
        one.process(noise(10), N)
    first = tone(300, 0)
    one.process(first, N)
    assert level.mean_abs(first, N) > 600
    second = tone(300, 1)
    one.process(second, N)
    assert level.mean_abs(second, N) > 1000


def test_a_shout_is_held_below_full_scale_and_does_not_stay_loud():
    one = settled()
    talk(one, 164, 300)
    peaks = []
    for number in range(30):
        frame = tone(12000, number)
        one.process(frame, N)
        values = struct.unpack("<160h", frame)
        peaks.append(max(abs(value) for value in values[16:]))
    assert max(peaks) <= 29100, "after the 2 ms of the fall nothing reaches full scale"
    assert level.mean_abs(frame, N) <= 2600, "and the gain follows"


def test_the_microphone_s_offset_and_rumble_are_taken_out():
    one = settled()
    for number in range(100):
        frame = tone(0, number, offset=900)
        one.process(frame, N)
    assert level.mean_abs(frame, N) <= 16
    hum = settled()
    for number in range(200):
        frame = tone(100, number, hz=25)
        hum.process(frame, N)
        assert hum.gain_q12 <= 61440
    assert level.mean_abs(frame, N) < 63 * hum.gain_q12 / 4096 / 2


def test_while_held_the_gain_does_not_learn():
    one = settled()
    talk(one, 300, 150, pause=5)
    one.hold = True
    before = one.gain_q12
    talk(one, 3000, 150, pause=5)
    assert one.gain_q12 == before
    one.hold = False
    talk(one, 3000, 150, pause=5)
    assert one.gain_q12 < before


def test_the_gain_changes_without_a_jump_between_frames():
    one = settled()
    last = None
    for number in range(200):
        frame = tone(200 if number < 60 else 4000 if number < 90 else 400, number, hz=100)
        one.process(frame, N)
        values = struct.unpack("<160h", frame)
        if last is not None and number not in (60, 90):  # there the given sound itself jumps
            assert abs(values[0] - last) < 3500, number
        last = values[-1]


def test_its_account_of_loudness_is_that_of_the_frame_before_any_gain():
    one = settled()
    for number in range(30):
        frame = tone(500, number)
        before = level.mean_abs(frame, N)
        one.process(frame, N)
        assert abs(one.level - before) < 0.1 * before


def test_nothing_is_allocated_per_frame():
    if not hasattr(gc, "mem_alloc"):
        return
    one = settled()
    frames = [tone(size, 3) for size in (0, 100, 1000, 30000)]
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for frame in frames:
        one.process(frame, N)
    grown = gc.mem_alloc() - before
    gc.enable()
    assert grown <= 64, grown  # the loop over the list itself
