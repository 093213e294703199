"""G.711 A-law and mu-law: 16-bit samples to codes and back, 8 kHz.

Exactly the recommendation's decision values for every 16-bit input; a value on a decision value belongs above it, as in ITU's
own software. Buffers: `pcm16` signed 16 bits, little endian, at least 2 * n bytes; `codes` at least n bytes; n samples, an
even number, as two are worked on at a time. Nothing is checked, nothing allocated.
Source: ITU-T G.711; the test builds its tables of decision and quantised values from the segments.
"""

import micropython

# Number of bits of 0..127. By it the segment of a sample is found with one load instead of a loop.
_LENGTHS = b"\x00\x01\x02\x02\x03\x03\x03\x03" + b"\x04" * 8 + b"\x05" * 16 + b"\x06" * 32 + b"\x07" * 64


@micropython.viper
def _fill_alaw_codes(shifts: ptr8, marks: ptr8):
    """By the upper byte of a sample: how far its four bits of the code lie up, and what the code is besides them.

    What is not negative has the sign bit; every other bit is turned over, and the four bits of what is negative as well.
    """
    lengths = ptr8(_LENGTHS)
    for upper in range(128):
        segment = lengths[upper]
        shift = 4
        if segment:
            shift = segment + 3
        shifts[upper] = shift
        shifts[255 - upper] = shift
        marks[upper] = (segment << 4) ^ 0xD5
        marks[255 - upper] = (segment << 4) ^ 0x5A


_SHIFTS = bytearray(256)
_MARKS = bytearray(256)
_fill_alaw_codes(_SHIFTS, _MARKS)


@micropython.viper
def alaw_encode(pcm16: ptr16, codes: ptr8, n: int):
    shifts = ptr8(_SHIFTS)
    marks = ptr8(_MARKS)
    while n:
        v = pcm16[0]
        codes[0] = ((v >> shifts[v >> 8]) & 15) ^ marks[v >> 8]
        v = pcm16[1]
        codes[1] = ((v >> shifts[v >> 8]) & 15) ^ marks[v >> 8]
        pcm16 = ptr16(int(pcm16) + 4)
        codes = ptr8(int(codes) + 2)
        n -= 2


@micropython.viper
def ulaw_encode(pcm16: ptr16, codes: ptr8, n: int):
    lengths = ptr8(_LENGTHS)
    while n:
        n -= 1
        v = pcm16[n]
        mark = 0xFF + 16
        if v & 0x8000:
            v ^= 0xFFFF
            mark = 0x7F + 16
        v += 132  # the law's bias of 33 quarters
        if v > 0x7FFF:
            v = 0x7FFF
        segment = lengths[v >> 8]
        codes[n] = mark - (v >> (segment + 3)) - (segment << 4)


@micropython.viper
def _fill_alaw(table: ptr16):
    for code in range(256):
        bits = code ^ 0x55
        segment = (bits >> 4) & 7
        value = ((bits & 15) << 4) + 8
        if segment:
            value = (value + 256) << (segment - 1)
        if bits & 0x80:
            table[code] = value
        else:
            table[code] = -value


@micropython.viper
def _fill_ulaw(table: ptr16):
    for code in range(256):
        bits = code ^ 0xFF
        value = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132
        if bits & 0x80:
            table[code] = -value
        else:
            table[code] = value


_ALAW = bytearray(512)
_ULAW = bytearray(512)
_fill_alaw(_ALAW)
_fill_ulaw(_ULAW)


@micropython.viper
def _look_up(codes: ptr8, pcm16: ptr16, n: int, table: ptr16):
    while n:
        pcm16[0] = table[codes[0]]
        pcm16[1] = table[codes[1]]
        codes = ptr8(int(codes) + 2)
        pcm16 = ptr16(int(pcm16) + 4)
        n -= 2


def alaw_decode(codes, pcm16, n):
    _look_up(codes, pcm16, n, _ALAW)


def ulaw_decode(codes, pcm16, n):
    _look_up(codes, pcm16, n, _ULAW)
