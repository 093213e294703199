"""SRTP's key stream and key derivation against the examples of RFC 3711, appendix B."""

import gc
from binascii import hexlify, unhexlify

from firmware.core.media import aes_cm
from host_tests.core.media.ecb import aes_ecb

MASTER = unhexlify("E1F97A0D3E018BE0D64FA32C06DE4139" + "0EC675AD498AFEEBB6960B3AABE6")
# Appendix B.3: label, size, session key. Labels 3-5 (SRTCP) differ in the label only; libsrtp checks those.
DERIVED = (
    (0, 16, b"c61e7a93744f39ee10734afe3ff7a087"),
    (1, 20, b"cebe321f6ff7716b6fd4ab49af256a156d38baa4"),
    (2, 14, b"30cbbc08863d8c85d49db34a9ae1"),
)
# Appendix B.2: session salt F0F1...FD, SSRC and index 0: the key stream's blocks 0, 1, 2 and FEFF, FF00, FF01.
STREAM_KEY = unhexlify("2B7E151628AED2A6ABF7158809CF4F3C")
STREAM_SALT = unhexlify("F0F1F2F3F4F5F6F7F8F9FAFBFCFD")
STREAM = b"e03ead0935c95e80e166b16dd92b4eb4" + b"d23513162b02d0f72a43a2fe4a5f97ab" + b"41e95b3bb0a2e8dd477901e4fca894c0"


def stream_keys():
    """Keys with the appendix's session key and salt instead of derived ones."""
    keys = aes_cm.Keys(aes_ecb, MASTER, 0, aes_cm.Workspace())
    keys._cipher = aes_ecb(STREAM_KEY)
    keys._salt = bytearray(STREAM_SALT)
    return keys


def test_the_keys_of_the_appendix_are_derived():
    for label, size, wanted in DERIVED:
        assert hexlify(aes_cm.derive(aes_ecb, MASTER, label, size)) == wanted


def test_the_key_stream_of_the_appendix_comes_out():
    data = bytearray(60)
    stream_keys().crypt(data, 12, 48, 0, 0, 0)
    assert hexlify(data[12:]) == STREAM and not any(data[:12])


def test_source_and_index_go_where_the_rfc_puts_them():
    keys = stream_keys()
    data = bytearray(28)
    data[8:12] = b"\x01\x02\x03\x04"
    keys.crypt(data, 12, 16, 8, 0x00ABCDEF, 0x1234)
    vector, wanted = bytearray(STREAM_SALT + b"\0\0"), bytearray(16)
    for i, octet in enumerate(b"\x01\x02\x03\x04\x00\xab\xcd\xef\x12\x34"):
        vector[4 + i] ^= octet
    aes_ecb(STREAM_KEY).encrypt(vector, wanted)
    assert data[12:] == wanted


def test_a_long_packet_is_the_same_stream_and_no_byte_around_it_changes():
    """Above ten blocks a second call of the AES goes on counting."""
    keys = stream_keys()
    whole, part = bytearray(12 + 320 + 4), bytearray(12 + 168)
    keys.crypt(whole, 12, 320, 0, 0, 7)
    keys.crypt(part, 12, 168, 0, 0, 7)
    assert whole[12:180] == part[12:] and not any(whole[:12]) and not any(whole[332:])
    blocks = [bytes(whole[at : at + 16]) for at in range(12, 332, 16)]
    assert len(set(blocks)) == 20
    keys.crypt(whole, 12, 320, 0, 0, 7)
    assert not any(whole)


def test_a_tag_with_any_bit_wrong_is_not_right():
    keys = aes_cm.Keys(aes_ecb, MASTER, 0, aes_cm.Workspace())
    data = bytearray(200)
    keys.sign(data, 40, 50)
    tag = bytearray(data[50:60])
    assert any(tag)
    data[40:] = bytes(160)
    assert keys.is_right(data, 40, tag)
    for bit in range(80):
        tag[bit >> 3] ^= 1 << (bit & 7)
        assert not keys.is_right(data, 40, tag)
        tag[bit >> 3] ^= 1 << (bit & 7)


def test_wiping_leaves_no_salt_and_no_cipher():
    space = aes_cm.Workspace()
    keys = aes_cm.Keys(aes_ecb, MASTER, 0, space)
    keys.crypt(bytearray(28), 12, 16, 8, 0, 0)
    keys.wipe()
    space.wipe()
    assert not any(keys._salt) and keys._cipher is None and not any(space.stream) and not any(space.blocks)


def test_no_packet_costs_memory():
    if not hasattr(gc, "mem_alloc"):
        return
    keys = aes_cm.Keys(aes_ecb, MASTER, 0, aes_cm.Workspace())
    data = bytearray(300)
    keys.crypt(data, 12, 160, 8, 1, 1)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for number in range(1000):
        keys.crypt(data, 12, 160, 8, 1, number)
    used = gc.mem_alloc() - before
    gc.enable()
    assert used == 0, used
