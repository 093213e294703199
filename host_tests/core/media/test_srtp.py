"""SRTP in place, both ends ours: order, wraps, replays, sources, refusals that change nothing. libsrtp: test_srtp_host."""

import gc

from firmware.core.media import aes_cm, srtp
from host_tests.core.media.ecb import aes_ecb

MASTER = bytes(range(30))
SPEECH = bytes((i * 37) & 0xFF for i in range(160))


def packet(number, source=b"\xde\xad\xbe\xef", body=SPEECH):
    made = bytearray(12 + len(body) + srtp.ROOM_BYTES)
    made[0], made[1], made[2], made[3] = 0x80, 8, number >> 8, number & 0xFF
    made[8:12] = source
    made[12 : 12 + len(body)] = body
    return made


def sealed(sender, number, source=b"\xde\xad\xbe\xef", body=SPEECH):
    made = packet(number, source, body)
    return bytes(made[: sender.protect(made, 12 + len(body), 12)])


def opened(receiver, data):
    """(result, payload) of one packet; the receiver works on a copy."""
    buffer = bytearray(data) + bytearray(srtp.ROOM_BYTES)
    size = receiver.unprotect(buffer, len(data), 12)
    return size, bytes(buffer[12:size]) if size > 0 else b""


def pair():
    return srtp.Sender(aes_ecb, MASTER, aes_cm.Workspace()), srtp.Receiver(aes_ecb, MASTER, aes_cm.Workspace())


def state_of(receiver):
    window, late = receiver._window._seen, receiver._rtcp_window._seen
    return (receiver._known, bytes(receiver._sources), bytes(window), receiver._roc, receiver._highest, bytes(late),
            receiver._rtcp_highest, receiver._rtcp_source)  # fmt: skip


def test_what_is_sent_comes_out_and_is_not_readable_on_the_way():
    sender, receiver = pair()
    for number in (5, 6, 7):
        data = sealed(sender, number)
        assert len(data) == 182 and data[12:44] != SPEECH[:32]
        assert opened(receiver, data) == (172, SPEECH)


def test_the_number_wraps_and_both_ends_count_it():
    sender, receiver = pair()
    for number in (65533, 65534, 65535, 0, 1, 2):
        assert opened(receiver, sealed(sender, number))[1] == SPEECH, number
    assert sender._roc == receiver._roc == 1


def test_packets_that_overtake_the_wrap_are_opened():
    sender, receiver = pair()
    data = [sealed(sender, number & 0xFFFF) for number in range(65530, 65542)]
    for i in (0, 1, 7, 2, 6, 3, 11, 4, 5, 10, 9, 8):
        assert opened(receiver, data[i])[1] == SPEECH, i
    assert receiver._roc == 1


def test_a_receiver_that_begins_just_after_the_wrap_finds_the_count():
    sender, receiver = pair()
    sealed(sender, 65535)
    assert opened(receiver, sealed(sender, 0))[1] == SPEECH
    assert receiver._roc == 1


def test_no_packet_is_taken_twice_nor_one_that_is_too_old():
    sender, receiver = pair()
    data = [sealed(sender, number) for number in range(200)]
    assert opened(receiver, data[0])[0] == 172
    assert opened(receiver, data[0])[0] == srtp.REPLAY
    assert opened(receiver, data[150])[0] == 172
    assert opened(receiver, data[0])[0] == srtp.REPLAY
    assert opened(receiver, data[22])[0] == srtp.REPLAY
    assert opened(receiver, data[23])[0] == 172
    assert opened(receiver, data[23])[0] == srtp.REPLAY
    assert opened(receiver, data[149])[0] == 172


def test_a_forged_packet_is_refused_and_changes_nothing():
    sender, receiver = pair()
    assert opened(receiver, sealed(sender, 10))[0] == 172
    good = sealed(sender, 11)
    before = state_of(receiver)
    for at in (0, 1, 5, 12, 100, 171, 172, 181):
        forged = bytearray(good)
        forged[at] ^= 0x10
        assert opened(receiver, forged)[0] == srtp.AUTH, at
        assert state_of(receiver) == before
    for size in (0, 11, 12, 21):
        assert opened(receiver, good[:size] + bytes(22 - size))[0] < 0
    assert receiver.unprotect(bytearray(good) + bytearray(80), 21, 12) == srtp.SIZE
    assert state_of(receiver) == before
    assert opened(receiver, good)[1] == SPEECH


def test_a_new_source_needs_a_right_tag_and_an_old_one_never_returns():
    sender, receiver = pair()
    old = [sealed(sender, number) for number in (1, 2, 3)]
    assert opened(receiver, old[0])[0] == 172 and receiver.is_new
    assert opened(receiver, old[1])[0] == 172 and not receiver.is_new
    other = srtp.Sender(aes_ecb, MASTER, aes_cm.Workspace())
    new = sealed(other, 77, b"new!")
    assert opened(receiver, new[:-1] + bytes([new[-1] ^ 1]))[0] == srtp.AUTH
    assert opened(receiver, new)[1] == SPEECH and receiver.is_new
    before = state_of(receiver)
    for data in old:
        assert opened(receiver, data)[0] == srtp.SOURCE
    assert state_of(receiver) == before


def test_a_new_source_begins_with_an_empty_window():
    sender, receiver = pair()
    for number in range(1, 130):
        assert opened(receiver, sealed(sender, number))[1] == SPEECH
    early, late = (sealed(sender, number, b"\xca\xfe\xca\xfe") for number in (299, 300))
    assert opened(receiver, late)[1] == SPEECH and opened(receiver, early)[1] == SPEECH


def test_sources_under_one_key_are_bounded():
    receiver = pair()[1]
    for i in range(8):
        sender = srtp.Sender(aes_ecb, MASTER, aes_cm.Workspace())
        assert opened(receiver, sealed(sender, 5, b"abc" + bytes([i])))[0] == 172
    assert opened(receiver, sealed(pair()[0], 5, b"more"))[0] == srtp.SOURCE


def test_every_payload_size_and_a_longer_header_survive():
    sender, receiver = pair()
    for number, size in enumerate((0, 1, 3, 4, 15, 80, 159, 240, 320)):
        data = sealed(sender, number, body=SPEECH[:1] * size)
        assert opened(receiver, data) == (12 + size, SPEECH[:1] * size), size
    made = packet(40)
    size = sender.protect(made, 172, 24)
    assert made[12:24] == SPEECH[:12] and made[24:60] != SPEECH[12:48]
    assert receiver.unprotect(made, size, 24) == 172 and made[12:172] == SPEECH


def test_control_packets_have_their_own_numbers_and_window():
    sender, receiver = pair()
    report = bytearray(b"\x80\xc9\x00\x01\xde\xad\xbe\xef" + b"report of 20 bytes..")
    sent = []
    for _ in range(3):
        data = bytearray(report) + bytearray(srtp.ROOM_BYTES)
        sent.append(bytes(data[: sender.protect_rtcp(data, len(report))]))
    assert len(sent[0]) == len(report) + 14 and sent[0][8:] != sent[1][8:]

    def take(data):
        buffer = bytearray(data) + bytearray(srtp.ROOM_BYTES)
        size = receiver.unprotect_rtcp(buffer, len(data))
        return size, bytes(buffer[:size]) if size > 0 else b""

    assert take(sent[0])[0] == srtp.SOURCE  # before any speech nobody is known
    assert opened(receiver, sealed(sender, 1))[0] == 172
    assert take(sent[1]) == (28, bytes(report))
    before = state_of(receiver)
    assert take(sent[1])[0] == srtp.REPLAY
    assert take(sent[2][:-1] + b"x")[0] == srtp.AUTH
    assert take(sent[2][:20])[0] == srtp.SIZE
    assert take(sent[2][:-14] + b"\xc0" + sent[2][-13:])[0] == srtp.REPLAY
    assert take(sent[2][:4] + b"\xde\xad\xbe\xee" + sent[2][8:])[0] == srtp.SOURCE
    assert state_of(receiver) == before
    assert take(sent[2])[1] == bytes(report) and take(sent[0])[1] == bytes(report)


def test_a_master_of_another_length_is_refused():
    for kind in (srtp.Sender, srtp.Receiver):
        for size in (0, 16, 29, 31):
            try:
                kind(aes_ecb, bytes(size), aes_cm.Workspace())
            except ValueError:
                continue
            raise AssertionError("taken")


def test_after_wiping_nothing_opens_any_more():
    sender, receiver = pair()
    data = [sealed(sender, number) for number in (1, 2)]
    assert opened(receiver, data[0])[0] == 172
    receiver.wipe()
    sender.wipe()
    assert opened(receiver, data[1])[0] == srtp.AUTH


def test_no_packet_costs_memory_in_either_direction():
    if not hasattr(gc, "mem_alloc"):
        return
    sender, receiver = pair()
    data = packet(0)
    for count in (1, 1000):
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        for _ in range(count):
            data[3] = (data[3] + 1) & 0xFF
            data[2] += data[3] == 0
            size = sender.protect(data, 172, 12)
            if receiver.unprotect(data, size, 12) != 172:
                raise AssertionError("not opened")
        used = gc.mem_alloc() - before
        gc.enable()
    assert used == 0, used
