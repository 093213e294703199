"""AES in counter mode with SRTP's vectors, SRTP's key derivation, and the keys of one direction.

Stock MicroPython has AES without counter mode, so AES-CM is ECB over counter blocks, ten in one call: that is one frame of
speech. The AES comes from outside: `aes_ecb(key)` gives an object with `.encrypt(source, target)`, buffers of equal size.
Source: RFC 3711 4.1.1, 4.3.1, 4.3.2.
"""

import micropython
from micropython import const

from firmware.core.media import sha1
from firmware.core.media.octets import copy, differ

TAG_BYTES = const(10)
_CHUNK_BYTES = const(160)  # ten blocks: 20 ms of G.711 in one call of the AES


@micropython.viper
def _count_up(blocks: ptr32, first: int):
    """Ten counter blocks: the first one's 14 bytes, then counters first, first + 1, ... below 128 (a packet has 32 blocks)."""
    one, two, three = blocks[0], blocks[1], blocks[2]
    four, n = blocks[3] & 0xFFFF, 10
    while n:
        blocks[0] = one
        blocks[1] = two
        blocks[2] = three
        blocks[3] = four | first << 24
        blocks, first, n = ptr32(int(blocks) + 16), first + 1, n - 1


@micropython.viper
def _mix(data: ptr32, stream: ptr32, at: int, size: int):
    """XORs `size` bytes of `data` from `at` on (a multiple of 4), rounded up to words, with the key stream."""
    data = ptr32(int(data) + at)
    n = (size + 3) >> 2
    while n:
        data[0] = data[0] ^ stream[0]
        data, stream, n = ptr32(int(data) + 4), ptr32(int(stream) + 4), n - 1


@micropython.viper
def _set_vector(blocks: ptr8, salt: ptr8, source: ptr8, at: int, high: int, low: int):
    """The first counter block: salt XOR SSRC (4 bytes of `source` from `at`) XOR index `high` * 65536 + `low`. 4.1.1."""
    i = 0
    while i < 14:
        blocks[i] = salt[i]
        i += 1
    i = 4
    while i < 8:
        blocks[i] = salt[i] ^ source[at + i - 4]
        i += 1
    blocks[8] = salt[8] ^ high >> 24
    blocks[9] = salt[9] ^ high >> 16
    blocks[10] = salt[10] ^ high >> 8
    blocks[11] = salt[11] ^ high
    blocks[12] = salt[12] ^ low >> 8
    blocks[13] = salt[13] ^ low


def wipe(buffer):
    for i in range(len(buffer)):
        buffer[i] = 0


def derive(aes_ecb, master, label, size):
    """`size` bytes (at most 32) for a label 0-5 from the 30-byte master. Key derivation rate 0: the index is not in it."""
    key, blocks, made = bytearray(16), bytearray(32), bytearray(32)
    copy(master, 0, key, 0, 16)
    copy(master, 16, blocks, 0, 14)
    copy(master, 16, blocks, 16, 14)
    blocks[7] ^= label
    blocks[23] ^= label
    blocks[31] = 1
    aes_ecb(key).encrypt(blocks, made)
    wanted = bytearray(size)
    copy(made, 0, wanted, 0, size)
    wipe(key)
    wipe(blocks)
    wipe(made)
    return wanted


class Workspace:
    """Memory that all keys of a session share, 680 bytes: none is used inside another's call."""

    def __init__(self):
        self.words = sha1.scratch()
        self.blocks = bytearray(_CHUNK_BYTES)
        self.stream = bytearray(_CHUNK_BYTES)

    def wipe(self):
        wipe(self.blocks)
        wipe(self.stream)


class Keys:
    """Session keys of one direction and one protocol: `label` 0 for SRTP, 3 for SRTCP. `master`: 30 bytes."""

    def __init__(self, aes_ecb, master, label, space):
        key = derive(aes_ecb, master, label, 16)
        self._cipher = aes_ecb(key)
        wipe(key)
        key = derive(aes_ecb, master, label + 1, 20)
        self._hmac = sha1.Hmac(key, space.words)
        wipe(key)
        self._salt = derive(aes_ecb, master, label + 2, 14)
        self._space = space

    def crypt(self, data, at, size, source_at, high, low):
        """En- or decrypts `size` bytes of `data` from `at` on (a multiple of 4), in place, and up to 3 bytes behind them.

        The packet's index is `high` * 65536 + `low`, its SSRC lies at `source_at`.
        """
        space = self._space
        _set_vector(space.blocks, self._salt, data, source_at, high, low)
        block = 0
        while size > 0:
            _count_up(space.blocks, block)
            self._cipher.encrypt(space.blocks, space.stream)
            _mix(data, space.stream, at, size if size < _CHUNK_BYTES else _CHUNK_BYTES)
            at += _CHUNK_BYTES
            size -= _CHUNK_BYTES
            block += 10

    def sign(self, data, size, to):
        """Writes the tag of the first `size` bytes to `to`."""
        self._hmac.mac(data, size)
        copy(self._hmac.digest, 0, data, to, TAG_BYTES)

    def is_right(self, data, size, tag):
        """True if `tag` (10 bytes) is that of the first `size` bytes, which takes the same time either way."""
        self._hmac.mac(data, size)
        return differ(self._hmac.digest, 0, tag, 0, TAG_BYTES) == 0

    def wipe(self):
        """Forgets the keys. The AES object holds its own until it is collected: it is let go."""
        self._hmac.wipe()
        self._cipher = None
        wipe(self._salt)
