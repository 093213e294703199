"""HMAC-SHA1 that allocates nothing per message, for SRTP's 100 packets a second.

`hashlib` makes some 350 bytes of garbage a packet; here the two padded keys are hashed once and the rest runs in viper. The
words are 32 bit on the board and 64 bit on a PC, with equal results: sums are cut by a mask from a table (no constant above
2**30 - 1 is a small integer there), rotations shift unsigned values. Source: FIPS 180-4 6.1 and RFC 2104; RFC 3711 4.2.1.
"""

import micropython
from micropython import const

_BLOCK_BYTES = const(64)
_SCRATCH_BYTES = const(360)  # words 0-79 schedule, 80-84 state, 85-88 constants of FIPS 180-4 4.2.1, 89 the 32-bit mask
_CONSTANTS_AT = const(340)
_CONSTANTS = b"\x99\x79\x82\x5a\xa1\xeb\xd9\x6e\xdc\xbc\x1b\x8f\xd6\xc1\x62\xca\xff\xff\xff\xff"
_START = b"\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10\xf0\xe1\xd2\xc3"
DIGEST_BYTES = const(20)
ROOM_BYTES = const(72)  # what `mac` may overwrite behind the message: padding and length


@micropython.viper
def _schedule(p: ptr32, source: ptr32, x: int):
    """Words 0-79 of the block that starts `x` bytes into `source` (a multiple of 4; the ESP32 cannot load across words).

    The arguments are reused as variables: the first three locals live in registers.
    """
    source, words, n = ptr32(int(source) + x), p, 4
    while n:
        x = source[0]
        p[0] = x << 24 | (x & 0xFF00) << 8 | x >> 8 & 0xFF00 | uint(x) >> 24
        x = source[1]
        p[1] = x << 24 | (x & 0xFF00) << 8 | x >> 8 & 0xFF00 | uint(x) >> 24
        x = source[2]
        p[2] = x << 24 | (x & 0xFF00) << 8 | x >> 8 & 0xFF00 | uint(x) >> 24
        x = source[3]
        p[3] = x << 24 | (x & 0xFF00) << 8 | x >> 8 & 0xFF00 | uint(x) >> 24
        p, source, n = ptr32(int(p) + 16), ptr32(int(source) + 16), n - 1
    p, n = words, 8
    while n:
        x = p[13] ^ p[8] ^ p[2] ^ p[0]
        p[16] = x << 1 | uint(x) >> 31
        x = p[14] ^ p[9] ^ p[3] ^ p[1]
        p[17] = x << 1 | uint(x) >> 31
        x = p[15] ^ p[10] ^ p[4] ^ p[2]
        p[18] = x << 1 | uint(x) >> 31
        x = p[16] ^ p[11] ^ p[5] ^ p[3]
        p[19] = x << 1 | uint(x) >> 31
        x = p[17] ^ p[12] ^ p[6] ^ p[4]
        p[20] = x << 1 | uint(x) >> 31
        x = p[18] ^ p[13] ^ p[7] ^ p[5]
        p[21] = x << 1 | uint(x) >> 31
        x = p[19] ^ p[14] ^ p[8] ^ p[6]
        p[22] = x << 1 | uint(x) >> 31
        x = p[20] ^ p[15] ^ p[9] ^ p[7]
        p[23] = x << 1 | uint(x) >> 31
        p, n = ptr32(int(p) + 32), n - 1


@micropython.viper
def _rounds(a: int, b: int, c: int, p: ptr32):
    """The 80 rounds over the schedule at `p`, into the state behind it. `a b c`: any; they are arguments to be in registers.

    Five rounds a line group, the five variables changing places, so that no value is moved. The order within a sum is the
    one that spilled least of five that were counted.
    """
    s = ptr32(int(p) + 320)
    a, b, c = s[0], s[1], s[2]
    d, e, m = s[3], s[4], s[9]
    q, n = s[5], 4
    while n:
        b, e = b << 30 | uint(b) >> 2, ((c ^ d) & b ^ d) + p[0] + q + e + (a << 5 | uint(a) >> 27) & m
        a, d = a << 30 | uint(a) >> 2, ((b ^ c) & a ^ c) + p[1] + q + d + (e << 5 | uint(e) >> 27) & m
        e, c = e << 30 | uint(e) >> 2, ((a ^ b) & e ^ b) + p[2] + q + c + (d << 5 | uint(d) >> 27) & m
        d, b = d << 30 | uint(d) >> 2, ((e ^ a) & d ^ a) + p[3] + q + b + (c << 5 | uint(c) >> 27) & m
        c, a = c << 30 | uint(c) >> 2, ((d ^ e) & c ^ e) + p[4] + q + a + (b << 5 | uint(b) >> 27) & m
        p, n = ptr32(int(p) + 20), n - 1
    q, n = s[6], 4
    while n:
        b, e = b << 30 | uint(b) >> 2, (b ^ c ^ d) + p[0] + q + e + (a << 5 | uint(a) >> 27) & m
        a, d = a << 30 | uint(a) >> 2, (a ^ b ^ c) + p[1] + q + d + (e << 5 | uint(e) >> 27) & m
        e, c = e << 30 | uint(e) >> 2, (e ^ a ^ b) + p[2] + q + c + (d << 5 | uint(d) >> 27) & m
        d, b = d << 30 | uint(d) >> 2, (d ^ e ^ a) + p[3] + q + b + (c << 5 | uint(c) >> 27) & m
        c, a = c << 30 | uint(c) >> 2, (c ^ d ^ e) + p[4] + q + a + (b << 5 | uint(b) >> 27) & m
        p, n = ptr32(int(p) + 20), n - 1
    q, n = s[7], 4
    while n:
        b, e = b << 30 | uint(b) >> 2, ((b | c) & d | b & c) + p[0] + q + e + (a << 5 | uint(a) >> 27) & m
        a, d = a << 30 | uint(a) >> 2, ((a | b) & c | a & b) + p[1] + q + d + (e << 5 | uint(e) >> 27) & m
        e, c = e << 30 | uint(e) >> 2, ((e | a) & b | e & a) + p[2] + q + c + (d << 5 | uint(d) >> 27) & m
        d, b = d << 30 | uint(d) >> 2, ((d | e) & a | d & e) + p[3] + q + b + (c << 5 | uint(c) >> 27) & m
        c, a = c << 30 | uint(c) >> 2, ((c | d) & e | c & d) + p[4] + q + a + (b << 5 | uint(b) >> 27) & m
        p, n = ptr32(int(p) + 20), n - 1
    q, n = s[8], 4
    while n:
        b, e = b << 30 | uint(b) >> 2, (b ^ c ^ d) + p[0] + q + e + (a << 5 | uint(a) >> 27) & m
        a, d = a << 30 | uint(a) >> 2, (a ^ b ^ c) + p[1] + q + d + (e << 5 | uint(e) >> 27) & m
        e, c = e << 30 | uint(e) >> 2, (e ^ a ^ b) + p[2] + q + c + (d << 5 | uint(d) >> 27) & m
        d, b = d << 30 | uint(d) >> 2, (d ^ e ^ a) + p[3] + q + b + (c << 5 | uint(c) >> 27) & m
        c, a = c << 30 | uint(c) >> 2, (c ^ d ^ e) + p[4] + q + a + (b << 5 | uint(b) >> 27) & m
        p, n = ptr32(int(p) + 20), n - 1
    s[0] = s[0] + a
    s[1] = s[1] + b
    s[2] = s[2] + c
    s[3] = s[3] + d
    s[4] = s[4] + e


@micropython.viper
def _begin(scratch: ptr32, state: ptr32):
    """Takes a state of five words, as they lie in memory, for the next block."""
    to = ptr32(int(scratch) + 320)
    to[0] = state[0]
    to[1] = state[1]
    to[2] = state[2]
    to[3] = state[3]
    to[4] = state[4]


@micropython.viper
def _keep(scratch: ptr32, state: ptr32):
    """The state after the last block, as `_begin` takes it."""
    i = 0
    while i < 5:
        state[i] = scratch[80 + i]
        i += 1


@micropython.viper
def _put(scratch: ptr32, out: ptr8):
    """The state as 20 bytes, most significant first."""
    state, n = ptr32(int(scratch) + 320), 5
    while n:
        word = state[0]
        out[0] = word >> 24
        out[1] = word >> 16
        out[2] = word >> 8
        out[3] = word
        state, out, n = ptr32(int(state) + 4), ptr8(int(out) + 4), n - 1


@micropython.viper
def _pad(data: ptr8, size: int, before: int) -> int:
    """Pads `size` bytes to whole blocks and gives the padded size; `before` bytes were hashed already. FIPS 180-4 5.1.1."""
    end = (size + 72) & -64
    at, n = ptr8(int(data) + size), end - size - 4
    at[0] = 0x80
    while n:
        at[1] = 0
        at, n = ptr8(int(at) + 1), n - 1
    bits = (size + before) << 3
    at[1] = bits >> 16
    at[2] = bits >> 8
    at[3] = bits
    return end


def scratch():
    """Working memory of 360 bytes; all Hmac objects of a session may share one, as none is used inside another's call."""
    made = bytearray(_SCRATCH_BYTES)
    made[_CONSTANTS_AT:] = _CONSTANTS
    return made


class Hmac:
    """HMAC-SHA1 under one key of at most 64 bytes; raises ValueError for a longer one (SRTP's are 20).

    `mac(data, size)` leaves the 20 bytes in `digest`. `shared`: a `scratch()`. Kept: 144 bytes and the object.
    """

    def __init__(self, key, shared):
        if len(key) > _BLOCK_BYTES:
            raise ValueError("HMAC key: at most 64 bytes wanted, got %d" % len(key))
        self._scratch = shared
        self.digest = bytearray(DIGEST_BYTES)
        self._last = bytearray(_BLOCK_BYTES)
        self._inner = bytearray(DIGEST_BYTES)
        self._outer = bytearray(DIGEST_BYTES)
        self._absorb_key(key, 0x36, self._inner)
        self._absorb_key(key, 0x5C, self._outer)
        _pad(self._last, DIGEST_BYTES, _BLOCK_BYTES)

    def _absorb_key(self, key, mask, state):
        block = self._last
        for i in range(_BLOCK_BYTES):
            block[i] = (key[i] if i < len(key) else 0) ^ mask
        _begin(self._scratch, bytearray(_START))
        self._compress(block, _BLOCK_BYTES)
        _keep(self._scratch, state)

    def _compress(self, data, size):
        words = self._scratch
        at = 0
        while at < size:
            _schedule(words, data, at)
            _rounds(0, 0, 0, words)
            at += _BLOCK_BYTES

    def mac(self, data, size):
        """HMAC of the first `size` bytes (below 2**20) of `data`, which starts at a multiple of 4 bytes in memory.

        Overwrites up to 72 bytes behind them: `data` must be that long. Allocates nothing.
        """
        words = self._scratch
        _begin(words, self._inner)
        self._compress(data, _pad(data, size, _BLOCK_BYTES))
        _put(words, self._last)
        _begin(words, self._outer)
        self._compress(self._last, _BLOCK_BYTES)
        _put(words, self.digest)

    def wipe(self):
        """Forgets the key; `mac` gives nonsense from now on."""
        for buffer in (self._inner, self._outer, self.digest, self._last):
            for i in range(len(buffer)):
                buffer[i] = 0
        for i in range(_CONSTANTS_AT):
            self._scratch[i] = 0
