"""RTCP: our reports field by field, the peer's leniently."""

import struct

from firmware.core.media import rtcp, rtp

OURS = b"\x61\x62\x63\x64"


def ends(sent=3, heard=True):
    stream = rtp.Stream(lambda n: bytes((0, 9, 0, 0, 1, 0)) + OURS, 8)
    packet = bytearray(172)
    for _ in range(sent):
        stream.write(packet, False, 160)
    source = rtp.Source(True)
    if heard:
        for number in (65530, 65531, 65534, 65535, 0, 1):
            data = struct.pack(">BBHII", 0x80, 8, number, 0, 0xCAFE0123)
            source.inspect(data, 12)
            source.belongs(data, 0)
            source.take(data, 0)
    return stream, source, rtcp.Reporter(b"unit@192.0.2.7", 500)


def made(reporter, stream, source, jitter_ms=12, now_ms=500, bye=False):
    size = reporter.write(stream, source, jitter_ms, now_ms, bye)
    return bytes(reporter.packet[:size])


def parts(report):
    """[(kind, count, bytes)] of a compound packet; the lengths must fit."""
    found, at = [], 0
    while at < len(report):
        first, kind, words = struct.unpack(">BBH", report[at : at + 4])
        assert first >> 6 == 2
        found.append((kind, first & 0x1F, report[at : at + 4 * words + 4]))
        at += 4 * words + 4
    assert at == len(report)
    return found


def test_a_sender_report_says_what_was_sent_and_heard():
    stream, source, reporter = ends()
    report = made(reporter, stream, source, now_ms=500 + 70250)
    (kind, count, sr), (name_kind, _, name) = parts(report)
    assert (kind, count, len(sr)) == (200, 1, 52)
    ssrc, seconds, fraction, stamp, packets, sent = struct.unpack(">4sIIIII", sr[4:28])
    assert ssrc == OURS and seconds == 70 and fraction == 0x40000000
    assert stamp == 0x100 + 480 and packets == 3 and sent == 480
    far, lost, highest, jitter, last, since = struct.unpack(">IIIIII", sr[28:52])
    assert far == 0xCAFE0123 and lost >> 24 == 2 * 256 // 8 and lost & 0xFFFFFF == 2
    assert highest == 0x10001 and jitter == 96 and last == since == 0
    assert name_kind == 202 and name[4:8] == OURS and name[8:10] == b"\x01\x0e" and name[10:24] == b"unit@192.0.2.7"
    assert name[24:] in (b"\0" * 4, b"\0" * 3, b"\0" * 2, b"\0")


def test_who_sent_nothing_reports_as_receiver_and_who_heard_nothing_has_no_block():
    stream, source, reporter = ends(sent=0)
    assert [(kind, count) for kind, count, _ in parts(made(reporter, stream, source))] == [(201, 1), (202, 1)]
    stream, source, reporter = ends(heard=False)
    assert [(kind, count) for kind, count, _ in parts(made(reporter, stream, source))] == [(200, 0), (202, 1)]
    report = parts(made(reporter, stream, source, bye=True))
    assert report[-1] == (203, 1, b"\x81\xcb\x00\x01" + OURS)


def test_the_share_lost_is_of_the_last_interval():
    stream, source, reporter = ends()
    made(reporter, stream, source)
    report = parts(made(reporter, stream, source))[0][2]
    assert report[32] == 0 and report[33:36] == b"\0\0\2"


def test_the_peers_report_is_answered_with_its_time_and_our_delay():
    stream, source, reporter = ends()
    sr = struct.pack(">BBHIIIIII", 0x81, 200, 12, 0xCAFE0123, 0x11112222, 0x33334444, 0, 9, 9)
    block = struct.pack(">4sIIIII", OURS, 64 << 24, 5, 6, 7, 8)
    assert reporter.read(sr + block, 52, stream, 10000)
    assert reporter.far_lost_pct == 25
    report = parts(made(reporter, stream, source, now_ms=12500))[0][2]
    assert report[44:48] == b"\x22\x22\x33\x33" and report[48:52] == struct.pack(">HH", 2, 32768)


def test_unknown_parts_are_stepped_over_and_a_goodbye_is_counted_only():
    stream, _, reporter = ends()
    rr = b"\x80\xc9\x00\x01\xca\xfe\x01\x23"
    compound = rr + b"\x80\xcc\x00\x02" + b"APPxname" + b"\x81\xcb\x00\x01\xca\xfe\x01\x23"
    assert reporter.read(compound, len(compound), stream, 0)
    assert reporter.far_byes == 1 and reporter.refused == 0 and reporter.far_lost_pct is None


def test_broken_reports_are_refused_and_never_read_beyond_their_end():
    stream, _, reporter = ends()
    good = b"\x81\xc9\x00\x07\xca\xfe\x01\x23" + OURS + bytes(20)
    refused = 0
    for size in range(len(good)):
        refused += not reporter.read(good[:size], size, stream, 0)
    assert refused == len(good) == reporter.refused
    for bad in (b"\x80\xca\x00\x01abcd", b"\x40\xc9\x00\x01abcd", b"\x80\xc9\xff\xff" + bytes(60), good + b"\0\0\0\0"):
        assert not reporter.read(bad, len(bad), stream, 0)
    assert reporter.read(b"\x9f\xc9\x00\x01\xca\xfe\x01\x23", 8, stream, 0), "blocks that are not there are not read"
    assert reporter.far_lost_pct is None or reporter.far_lost_pct == 0
