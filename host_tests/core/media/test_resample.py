"""The half-band filters: what passes, what does not, no seams between blocks, full scale without wrap-around."""

import gc
import math
import struct

from firmware.core.media.resample import Doubler, Halver

BLOCK = 160
_DELAY = 15 + 18  # of 16 kHz: halving and doubling


def samples(hz, rate_hz, count, size=16000.0, start=0):
    """A sine as bytes of signed 16 bits."""
    turn = 2 * math.pi * hz / rate_hz
    pcm = bytearray(2 * count)
    for i in range(count):
        struct.pack_into("<h", pcm, 2 * i, round(size * math.sin(turn * (start + i))))
    return pcm


def through(one, hz, in_hz, blocks, process):
    """The last results of so many blocks of a sine, with what the filter needed to settle left out."""
    out = []
    for number in range(blocks):
        count = BLOCK if in_hz == 8000 else 2 * BLOCK
        made = process(one, samples(hz, in_hz, count, start=number * count))
        if number:
            out += struct.unpack("<%dh" % (len(made) // 2), made)
    return out


def halve(one, pcm):
    out = bytearray(2 * BLOCK)
    one.process(pcm, out, BLOCK)
    return out


def double(one, pcm):
    out = bytearray(4 * BLOCK)
    one.process(pcm, out, BLOCK)
    return out


def part(values, hz, rate_hz):
    """Size of the sine of this frequency in values."""
    turn = 2 * math.pi * hz / rate_hz
    real = sum(value * math.cos(turn * i) for i, value in enumerate(values))
    imaginary = sum(value * math.sin(turn * i) for i, value in enumerate(values))
    return 2 * math.sqrt(real * real + imaginary * imaginary) / len(values)


def db(value):
    return 20 * math.log(max(value, 1e-9) / 16000.0) / math.log(10)


def test_halving_passes_speech_within_a_twentieth_of_a_db():
    for hz in (100, 300, 1000, 2000, 3000, 3400):
        assert abs(db(part(through(Halver(), hz, 16000, 4, halve), hz, 8000))) < 0.06, hz


def test_halving_lets_less_than_a_half_percent_of_what_would_fold_through():
    for hz in (4600, 5000, 5700, 6500, 7900):
        assert db(part(through(Halver(), hz, 16000, 4, halve), 8000 - hz, 8000)) < -45, hz


def test_doubling_passes_speech_and_leaves_no_image():
    for hz in (100, 1000, 2500, 3400):
        made = through(Doubler(), hz, 8000, 4, double)
        assert abs(db(part(made, hz, 16000))) < 0.06, hz
        assert db(part(made, 8000 - hz, 16000)) < -45, hz


def test_down_and_up_again_gives_the_same_two_ms_later():
    halver, doubler = Halver(), Doubler()
    made = []
    given = []
    for number in range(4):
        pcm = samples(700, 16000, 2 * BLOCK, 12000.0, number * 2 * BLOCK)
        given += struct.unpack("<%dh" % (2 * BLOCK), pcm)
        made += struct.unpack("<%dh" % (2 * BLOCK), double(doubler, halve(halver, pcm)))
    differences = [max(abs(made[i + by] - given[i]) for i in range(100, 600)) for by in range(30, 37)]
    assert differences.index(min(differences)) + 30 == _DELAY
    assert min(differences) < 200


def test_blocks_join_without_a_seam():
    whole, parts = Halver(320), Halver()
    pcm = samples(1234, 16000, 4 * BLOCK)
    at_once = bytearray(4 * BLOCK)
    whole.process(pcm, at_once, 2 * BLOCK)
    assert at_once == halve(parts, pcm[: 4 * BLOCK]) + halve(parts, pcm[4 * BLOCK :])


def test_full_scale_saturates_and_never_turns_its_sign():
    for value in (32767, -32768):
        for one, process, count in ((Halver(), halve, 2 * BLOCK), (Doubler(), double, BLOCK)):
            steps = [value if (i // 40) % 2 else -value - 1 for i in range(count)]
            out = process(one, bytearray(struct.pack("<%dh" % count, *steps)))
            made = struct.unpack("<%dh" % (len(out) // 2), out)
            assert max(made) == 32767 and min(made) == -32768
            half = 40 * len(made) // count  # samples of the result between two changes of sign
            middles = [made[i] for i in range(half // 2, len(made), half)]
            assert all(abs(size) > 25000 for size in middles[1:]), (value, count)
            signs = [size > 0 for size in middles[1:]]
            assert all(signs[i] != signs[i + 1] for i in range(len(signs) - 1))


def test_silence_stays_silence():
    assert halve(Halver(), bytearray(4 * BLOCK)) == bytearray(2 * BLOCK)
    assert double(Doubler(), bytearray(2 * BLOCK)) == bytearray(4 * BLOCK)


def test_nothing_is_allocated_per_frame():
    if not hasattr(gc, "mem_alloc"):
        return
    halver, doubler = Halver(), Doubler()
    low, high = bytearray(2 * BLOCK), bytearray(4 * BLOCK)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    halver.process(high, low, BLOCK)
    doubler.process(low, high, BLOCK)
    grown = gc.mem_alloc() - before
    gc.enable()
    assert grown == 0, grown
