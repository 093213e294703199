"""HMAC-SHA1 in viper against published vectors and against hashlib, at every length that padding can meet."""

import gc
from binascii import hexlify
from hashlib import sha1 as reference

from firmware.core.media import sha1

# RFC 2202 section 3, cases 1-5. 6 and 7 have keys of 80 bytes, which are refused: SRTP's have 20.
VECTORS = (
    (b"\x0b" * 20, b"Hi There", b"b617318655057264e28bc0b6fb378c8ef146be00"),
    (b"Jefe", b"what do ya want for nothing?", b"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    (b"\xaa" * 20, b"\xdd" * 50, b"125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
    (bytes(range(1, 26)), b"\xcd" * 50, b"4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
    (b"\x0c" * 20, b"Test With Truncation", b"4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"),
)


def by_hashlib(key, data):
    padded = key + bytes(64 - len(key))
    inner = reference(bytes(b ^ 0x36 for b in padded))
    inner.update(data)
    outer = reference(bytes(b ^ 0x5C for b in padded))
    outer.update(inner.digest())
    return outer.digest()


def mac_of(hmac, data):
    buffer = bytearray(len(data) + sha1.ROOM_BYTES)
    buffer[: len(data)] = data
    hmac.mac(buffer, len(data))
    assert buffer[: len(data)] == data
    return bytes(hmac.digest)


def test_the_vectors_of_rfc_2202_come_out():
    for key, data, wanted in VECTORS:
        assert hexlify(mac_of(sha1.Hmac(key, sha1.scratch()), data)) == wanted


def test_every_length_and_many_bit_patterns_equal_hashlib():
    shared = sha1.scratch()
    key = bytes(255 - 7 * i for i in range(20))
    hmac = sha1.Hmac(key, shared)
    noise = bytes((i * i * 7 + (i >> 3) * 31 + 0x80) & 0xFF for i in range(400))
    for size in range(200):
        data = noise[size : 2 * size]
        assert mac_of(hmac, data) == by_hashlib(key, data), size
    for fill in (0x00, 0x7F, 0x80, 0xFF):
        data = bytes([fill]) * 176
        assert mac_of(hmac, data) == by_hashlib(key, data)


def test_two_keys_share_the_working_memory():
    shared = sha1.scratch()
    one, two = sha1.Hmac(b"one", shared), sha1.Hmac(b"two", shared)
    for _ in range(2):
        assert mac_of(one, b"speech") == by_hashlib(b"one", b"speech")
        assert mac_of(two, b"speech") == by_hashlib(b"two", b"speech")


def test_a_key_that_is_too_long_is_refused():
    try:
        sha1.Hmac(b"\xaa" * 65, sha1.scratch())
    except ValueError:
        return
    raise AssertionError("taken")


def test_nothing_of_the_key_is_left_after_wiping():
    shared = sha1.scratch()
    hmac = sha1.Hmac(b"secret", shared)
    data = bytearray(100)
    hmac.mac(data, 20)
    hmac.wipe()
    assert not any(hmac._inner) and not any(hmac._outer) and not any(hmac._last) and not any(shared[:340])


def test_no_message_costs_memory():
    if not hasattr(gc, "mem_alloc"):
        return
    hmac = sha1.Hmac(b"k" * 20, sha1.scratch())
    data = bytearray(300)
    hmac.mac(data, 176)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(1000):
        hmac.mac(data, 176)
    used = gc.mem_alloc() - before
    gc.enable()
    assert used == 0, used
