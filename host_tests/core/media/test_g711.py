"""G.711 against the recommendation: decision values and quantised values built here from its segments, not from bits."""

import gc
import struct

from firmware.core.media import g711

# The recommendation's chords as (number of intervals, their width), in steps of 16-bit samples: A-law from 12 bits and a sign,
# mu-law from 13 bits and a sign.
A_CHORDS = ((32, 16), (16, 32), (16, 64), (16, 128), (16, 256), (16, 512), (16, 1024))
U_CHORDS = ((1, 4), (15, 8), (16, 16), (16, 32), (16, 64), (16, 128), (16, 256), (16, 512), (16, 1024))


def decisions(chords):
    """Decision values x0 .. x128, ascending, x0 = 0."""
    values = [0]
    for count, width in chords:
        for _ in range(count):
            values.append(values[-1] + width)
    return values


A_DECISIONS = decisions(A_CHORDS)
U_DECISIONS = decisions(U_CHORDS)


def intervals(values):
    """(numbers of the intervals of samples 0..32767, of -1..-32768), each 0..127."""
    positive, negative = bytearray(32768), bytearray(32768)
    number = 0
    for sample in range(32768):
        while number < 127 and sample >= values[number + 1]:
            number += 1
        positive[sample] = number
    number = 0
    for size in range(1, 32769):  # on a decision value: the interval above, which for what is negative is the smaller
        while number < 127 and size > values[number + 1]:
            number += 1
        negative[size - 1] = number
    return positive, negative


def a_code(number, below_zero):
    """Character signal: polarity bit, then the interval's number, even bits inverted."""
    return ((0 if below_zero else 128) + number) ^ 0x55


def u_code(number, below_zero):
    return (127 if below_zero else 255) - number


def encoded(encode, sample, count):
    """Codes of `count` samples from `sample` on."""
    pcm = bytearray(2 * count)
    for i in range(count):
        struct.pack_into("<h", pcm, 2 * i, sample + i)
    codes = bytearray(count)
    encode(pcm, codes, count)
    return codes


def wrong_codes(encode, code_of, values):
    positive, negative = intervals(values)
    wrong = 0
    for start in range(-32768, 32768, 256):
        codes = encoded(encode, start, 256)
        for i in range(256):
            sample = start + i
            number = positive[sample] if sample >= 0 else negative[-sample - 1]
            wrong += codes[i] != code_of(number, sample < 0)
    return wrong


def decoded(decode, codes):
    pcm = bytearray(2 * len(codes))
    decode(codes, pcm, len(codes))
    return struct.unpack("<%dh" % len(codes), pcm)


def test_every_16_bit_sample_gets_the_recommendations_alaw_code():
    assert A_DECISIONS[127:] == [31744, 32768]
    assert wrong_codes(g711.alaw_encode, a_code, A_DECISIONS) == 0


def test_every_16_bit_sample_gets_the_recommendations_mulaw_code():
    assert U_DECISIONS[1] == 4 and U_DECISIONS[128] == 8159 * 4
    assert wrong_codes(g711.ulaw_encode, u_code, U_DECISIONS) == 0


def test_every_alaw_code_gives_the_middle_of_its_interval():
    values = decoded(g711.alaw_decode, bytes(range(256)))
    for number in range(128):
        middle = (A_DECISIONS[number] + A_DECISIONS[number + 1]) // 2
        assert values[a_code(number, False)] == middle
        assert values[a_code(number, True)] == -middle


def test_every_mulaw_code_gives_the_middle_of_its_interval_and_the_first_gives_zero():
    values = decoded(g711.ulaw_decode, bytes(range(256)))
    for number in range(128):
        middle = (U_DECISIONS[number] + U_DECISIONS[number + 1]) // 2 if number else 0
        assert values[u_code(number, False)] == middle
        assert values[u_code(number, True)] == -middle


def test_every_code_survives_a_round_trip_but_mulaws_negative_zero():
    for encode, decode, lost in ((g711.alaw_encode, g711.alaw_decode, []), (g711.ulaw_encode, g711.ulaw_decode, [0x7F])):
        codes = bytes(range(256))
        pcm = bytearray(512)
        decode(codes, pcm, 256)
        again = bytearray(256)
        encode(pcm, again, 256)
        assert [code for code in range(256) if again[code] != code] == lost


def test_only_so_many_samples_as_asked_for_are_touched():
    codes = bytearray(b"\x01\x02\x03\x04")
    g711.alaw_encode(bytes(8), codes, 2)
    assert codes == b"\xd5\xd5\x03\x04"
    pcm = bytearray(8)
    g711.ulaw_decode(b"\x00\x00\x00\x00", pcm, 0)
    assert pcm == bytearray(8)


def test_nothing_is_allocated_per_frame():
    if not hasattr(gc, "mem_alloc"):
        return
    pcm, codes = bytearray(320), bytearray(160)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    g711.alaw_encode(pcm, codes, 160)
    g711.ulaw_encode(pcm, codes, 160)
    g711.alaw_decode(codes, pcm, 160)
    g711.ulaw_decode(codes, pcm, 160)
    grown = gc.mem_alloc() - before
    gc.enable()
    assert grown == 0, grown
