"""Lost frames: the voice goes on at its pitch, fades to silence, and comes back without a click."""

import array
import gc
import math
import struct

from firmware.core.media.conceal import Concealer

N = 160


def frame(number, hz=150, size=8000):
    out = bytearray(2 * N)
    for i in range(N):
        struct.pack_into("<h", out, 2 * i, round(size * math.sin(2 * math.pi * hz * (number * N + i) / 8000)))
    return out


def values(pcm):
    return struct.unpack("<160h", pcm)


def heard(one, given, lost=()):
    """All samples of so many frames, those in `lost` filled in."""
    out = array.array("h")
    for number, pcm in enumerate(given):
        if number in lost:
            pcm = bytearray(2 * N)
            one.lost(pcm)
        else:
            one.good(pcm)
        out.extend(array.array("h", pcm))
    return out


def steepest(samples):
    return max(abs(samples[i + 1] - samples[i]) for i in range(len(samples) - 1))


def test_frames_that_came_stay_as_they_are():
    given = [frame(number) for number in range(5)]
    kept = [bytes(pcm) for pcm in given]
    heard(Concealer(), given)
    assert [bytes(pcm) for pcm in given] == kept


def test_a_lost_frame_continues_the_voice_at_its_pitch():
    for hz in (80, 110, 150, 190, 250, 400):
        out = heard(Concealer(), [frame(number, hz) for number in range(5)], {4})
        true = values(frame(4, hz))
        wrong = sum((out[4 * N + i] - true[i]) ** 2 for i in range(60)) / sum(true[i] ** 2 for i in range(60))
        assert wrong < 0.1, hz


def test_there_is_no_click_where_sound_is_lost_and_where_it_comes_back():
    for hz in (90, 150, 210, 330):
        given = [frame(number, hz) for number in range(9)]
        smooth = steepest(heard(Concealer(), given))
        for lost in ({4}, {4, 5}, {4, 5, 6}, {4, 6}):
            out = heard(Concealer(), [frame(number, hz) for number in range(9)], lost)
            assert steepest(out) < 2.2 * smooth, (hz, lost)


def test_after_four_lost_frames_there_is_silence():
    one = Concealer()
    out = heard(one, [frame(number) for number in range(14)], set(range(4, 13)))
    loud = [max(abs(sample) for sample in out[number * N : number * N + N]) for number in range(14)]
    assert loud[4] > loud[5] > loud[6] > loud[7] > 0
    assert loud[8:13] == [0] * 5
    assert loud[13] > 7000 and one.run == 0


def test_losing_the_very_first_frames_gives_silence():
    assert set(heard(Concealer(), [frame(0)] * 3, {0, 1, 2})) == {0}


def test_nothing_is_allocated_per_frame():
    if not hasattr(gc, "mem_alloc"):
        return
    one, pcm = Concealer(), frame(3)
    one.good(pcm)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    one.lost(pcm)
    one.lost(pcm)
    one.good(pcm)
    one.good(pcm)
    grown = gc.mem_alloc() - before
    gc.enable()
    assert grown == 0, grown
