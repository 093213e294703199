"""SRTP against libsrtp, both ways: 100,000 packets over the wrap from the real MicroPython, some on the board's 32-bit words.

And fuzzing: whatever comes in, nothing raises, and what is refused changes nothing.
"""

import base64
import random
import struct
import subprocess

import pylibsrtp
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.media import aes_cm, srtp
from host_tests.core.media.ecb import aes_ecb
from host_tests.core.media.test_srtp import opened, pair, sealed, state_of
from host_tests.run_micropython import ROOT, interpreter

MASTER = bytes(range(30))
SSRC = 0xCAFEBABE
CONTROLS = 100


def lib(kind):
    """A session of libsrtp for all sources that come in or go out."""
    ssrc = pylibsrtp.Policy.SSRC_ANY_INBOUND if kind == "in" else pylibsrtp.Policy.SSRC_ANY_OUTBOUND
    policy = pylibsrtp.Policy(key=MASTER, ssrc_type=ssrc, srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80)
    return pylibsrtp.Session(policy)


def child(*arguments):
    """host_tests/core/media/srtp_child.py in MicroPython; its output."""
    path = [str(ROOT / "tools/vboard/standins"), str(ROOT), ".frozen", str(ROOT / "lib")]
    code = f"import sys\nsys.path[:] = {path!r}\nsys.argv[:] = {['x', *map(str, arguments)]!r}\n"
    code += "import host_tests.core.media.srtp_child"
    done = subprocess.run([interpreter(), "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()


def payload_byte(i):
    return (i * 7 + (i >> 8)) & 0xFF


def speech(i, first):
    return struct.pack(">BBHII", 0x80, 8, (first + i) & 0xFFFF, 0, SSRC) + bytes([payload_byte(i)]) * 160


def control(i):
    return struct.pack(">BBHI", 0x80, 201, 12, SSRC) + bytes([payload_byte(i)]) * 44


def datagrams(data):
    at = 0
    while at < len(data):
        size = data[at] << 8 | data[at + 1]
        yield data[at + 2 : at + 2 + size]
        at += 2 + size


def test_libsrtp_opens_100_000_packets_over_the_wrap(tmp_path):
    child("protect", 100_000, 30_000, tmp_path / "sent")
    session, count = lib("in"), 0
    for i, data in enumerate(datagrams((tmp_path / "sent").read_bytes())):
        if i < 100_000:
            got = session.unprotect(data)
            assert got[2:4] == ((30_000 + i) & 0xFFFF).to_bytes(2, "big") and got[12:] == bytes([payload_byte(i)]) * 160
        else:
            assert session.unprotect_rtcp(data) == b"\x80\xc9\0\x0c\xca\xfe\xba\xbe" + bytes([payload_byte(i)]) * 44
        count += 1
    assert count == 100_000 + CONTROLS


def test_100_000_packets_of_libsrtp_are_opened_over_the_wrap(tmp_path):
    session = lib("out")
    with open(tmp_path / "sent", "wb") as out:
        for i in range(100_000 + CONTROLS):
            data = session.protect(speech(i, 30_000)) if i < 100_000 else session.protect_rtcp(control(i))
            out.write(len(data).to_bytes(2, "big") + data)
    assert child("unprotect", tmp_path / "sent") == ["OPENED", "100000", str(CONTROLS)]


def test_on_the_boards_32_bit_words_libsrtp_and_we_agree_over_the_wrap():
    ours, theirs = srtp.Sender(aes_ecb, MASTER, aes_cm.Workspace()), lib("in")
    receiver, sender = srtp.Receiver(aes_ecb, MASTER, aes_cm.Workspace()), lib("out")
    for i in range(60):
        plain = speech(i, 65_500)
        buffer = bytearray(plain) + bytearray(srtp.ROOM_BYTES)
        assert theirs.unprotect(bytes(buffer[: ours.protect(buffer, 172, 12)])) == plain
        data = sender.protect(plain)
        buffer = bytearray(data) + bytearray(srtp.ROOM_BYTES)
        assert receiver.unprotect(buffer, len(data), 12) == 172 and buffer[:172] == plain
        plain = control(i)
        buffer = bytearray(plain) + bytearray(srtp.ROOM_BYTES)
        assert theirs.unprotect_rtcp(bytes(buffer[: ours.protect_rtcp(buffer, 52)])) == plain
        data = sender.protect_rtcp(plain)
        buffer = bytearray(data) + bytearray(srtp.ROOM_BYTES)
        assert receiver.unprotect_rtcp(buffer, len(data)) == 52 and buffer[:52] == plain


def test_the_base64_of_sdes_is_the_key_of_both():
    assert base64.b64decode("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd") == MASTER


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=260), st.sampled_from((12, 16, 72)), st.integers(0, 3))
def test_nothing_that_comes_in_raises_or_changes_what_is_known(noise, header, mixed):
    sender, receiver = pair()
    assert opened(receiver, sealed(sender, 9))[0] == 172
    data = bytearray(noise)
    good = sealed(sender, 10)
    if mixed:  # a good header in front of noise, or noise in front of a good tag
        data[: (8, 12, 60)[mixed - 1]] = good[: (8, 12, 60)[mixed - 1]]
    before = state_of(receiver)
    buffer = bytearray(data) + bytearray(max(srtp.ROOM_BYTES, 100))
    if bytes(data) != good and len(data) >= 12:
        assert receiver.unprotect(buffer, len(data), header) < 0
        buffer = bytearray(data) + bytearray(100)
        assert receiver.unprotect_rtcp(buffer, len(data)) < 0
    assert state_of(receiver) == before
    assert opened(receiver, good)[0] == 172


def test_every_single_bit_of_a_packet_is_under_the_tag():
    sender, receiver = pair()
    assert opened(receiver, sealed(sender, 9))[0] == 172
    good, before = sealed(sender, 10), state_of(receiver)
    chance = random.Random(4)
    bits = 8 * len(good)
    for bit in [*range(96), *(chance.randrange(96, bits) for _ in range(100)), *range(bits - 80, bits)]:
        wrong = bytearray(good)
        wrong[bit >> 3] ^= 1 << (bit & 7)
        assert opened(receiver, wrong)[0] < 0, bit
    assert state_of(receiver) == before
