"""RTP: our packets, and whose the incoming ones are."""

import gc
import struct

from firmware.core.media import rtp

SOURCE = 0xDEADBEEF


def packet(number, source=SOURCE, stamp=0, first=0x80, second=8, body=bytes(160)):
    return bytearray(struct.pack(">BBHII", first, second, number & 0xFFFF, stamp, source) + body)


def offered(source, number, now_ms, ssrc=SOURCE):
    """belongs' answer; takes the packet if it is OK."""
    data = packet(number, ssrc)
    assert source.inspect(data, len(data)) == rtp.OK
    result = source.belongs(data, now_ms)
    if result == rtp.OK:
        source.take(data, now_ms)
    return result


def heard(secured=False, number=100):
    source = rtp.Source(secured)
    for i in range(3):
        offered(source, number - 2 + i, 0)
    assert source.known and source.highest == number
    return source


def test_our_packets_count_up_and_wrap_in_number_and_time():
    start = bytes((0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xC0)) + b"abcd"
    stream, made = rtp.Stream(lambda n: start[:n], 8), bytearray(20)
    numbers, stamps = [], []
    for i in range(5):
        stream.write(made, i == 0, 160)
        first, second, number, stamp, source = struct.unpack(">BBHII", made[:12])
        assert (first, second & 0x7F, source) == (0x80, 8, 0x61626364) and (second >= 0x80) == (i == 0)
        numbers.append(number)
        stamps.append(stamp)
    assert numbers == [0x8000, 0x8001, 0x8002, 0x8003, 0x8004]
    assert stamps == [0xFFFFFF60, 0, 160, 320, 480]
    stream.header[2] = stream.header[3] = 0xFF
    stream.write(made, False, 160)
    assert made[2:4] == b"\0\0" and (stream.packets, stream.octets_sent) == (6, 960)
    stream.skip(160 * 1000)
    stream.write(made, False, 160)
    assert struct.unpack(">I", made[4:8])[0] == 640 + 160 * 1001


def test_headers_with_sources_extension_and_padding_are_measured():
    source = rtp.Source(True)
    data = packet(1, first=0xB2, body=bytes(8) + b"\xbe\xde\x00\x02" + bytes(8) + b"speech" + b"\0\0\0\4")
    assert source.inspect(data, len(data)) == rtp.OK and source.header == 12 + 8 + 12
    assert source.payload_size(data, len(data)) == 6
    assert source.inspect(packet(1, second=0x88), 172) == rtp.OK and source.marker and source.payload_type == 8
    data = packet(1, first=0xA0, body=b"\xff" * 8)
    assert source.inspect(data, 20) == rtp.OK and source.payload_size(data, 20) == -1
    data = packet(1, first=0xA0, body=b"")
    assert source.inspect(data, 12) == rtp.OK and source.payload_size(data, 12) == -1


def test_what_is_cut_off_or_of_another_version_is_refused():
    source = rtp.Source(True)
    for size in range(12):
        assert source.inspect(packet(1), size) == rtp.SIZE
    assert source.inspect(packet(1), -5) == rtp.SIZE
    assert source.inspect(packet(1, first=0x8F), 71) == rtp.SIZE
    assert source.inspect(packet(1, first=0x90), 15) == rtp.SIZE
    assert source.inspect(packet(1, first=0x90, body=b"\0\0\xff\xff" + bytes(100)), 116) == rtp.SIZE
    for first in (0x00, 0x40, 0xC0):
        assert source.inspect(packet(1, first=first), 172) == rtp.VERSION


def test_control_packets_on_the_same_port_are_known():
    assert rtp.is_control(b"\x80\xc8", 2) and rtp.is_control(b"\x80\xdf", 2)
    assert not rtp.is_control(b"\x80\x08", 2) and not rtp.is_control(b"\x80\xe5", 2) and not rtp.is_control(b"\x80", 1)


def test_without_srtp_three_packets_in_a_row_show_who_speaks():
    source = rtp.Source(False)
    assert [offered(source, number, 0) for number in (1, 2, 4, 5)] == [rtp.SOURCE] * 4
    assert offered(source, 6, 0, ssrc=5) == rtp.SOURCE
    assert [offered(source, number, 0) for number in (65534, 65535, 0, 1)] == [rtp.SOURCE, rtp.SOURCE, rtp.OK, rtp.OK]


def test_nobody_takes_the_line_from_a_peer_that_speaks():
    for secured in (True, False):
        source = heard(secured)
        now, refused = 0, 0
        for i in range(200):
            for k in range(50):
                refused += offered(source, 50 * i + k, now, ssrc=666) == rtp.SOURCE
            assert offered(source, 101 + i, now) == rtp.OK
            now += 20
        assert refused == 10000 and source.received in (201, 203)


def test_a_peer_that_fell_silent_may_come_back_as_another():
    source = heard()
    assert [offered(source, 7 + i, 90, ssrc=9) for i in range(2)] == [rtp.SOURCE] * 2
    assert [offered(source, 9 + i, 100, ssrc=9) for i in range(4)] == [rtp.SOURCE, rtp.SOURCE, rtp.OK, rtp.OK]
    assert source.base == 11 and source.received == 2
    source = heard(True)
    assert offered(source, 7, 90, ssrc=9) == rtp.SOURCE and offered(source, 7, 100, ssrc=9) == rtp.OK


def test_far_numbers_are_refused_until_the_peer_fell_silent():
    for number in (100 + 3001, 100 - 110, 100 + 0x8000):
        source = heard(True)
        assert offered(source, number, 50) == rtp.SEQUENCE and source.highest == 100
        assert offered(source, number, 150) == rtp.OK
        source = heard()
        assert [offered(source, number + i, 200) for i in range(3)] == [rtp.SEQUENCE, rtp.SEQUENCE, rtp.OK]
    for number in (100 + 3000, 100 - 100 + 3):
        assert offered(heard(), number, 50) == rtp.OK


def test_without_srtp_no_number_is_taken_twice():
    source = heard()
    assert offered(source, 100, 0) == rtp.REPLAY and offered(source, 102, 0) == rtp.OK
    assert offered(source, 101, 0) == rtp.OK and offered(source, 101, 0) == rtp.REPLAY
    assert offered(heard(True), 100, 0) == rtp.OK, "SRTP's own window decides"


def test_expected_and_received_tell_what_the_way_lost():
    source = heard(True, 65530)
    for i in range(1, 101):
        if i % 10:
            offered(source, 65530 + i, 0)
    offered(source, 65530 + 101, 0)
    assert source.cycles == 1 and source.expected() - source.received == 10


def test_ticks_may_wrap_while_the_peer_speaks():
    source = heard()
    end = (1 << 30) - 10
    for i in range(3):
        assert offered(source, 101 + i, end) == rtp.OK
    assert offered(source, 5, 20, ssrc=9) == rtp.SOURCE


def test_nothing_is_allocated_by_judging():
    if not hasattr(gc, "mem_alloc"):
        return
    source, data = heard(), packet(100)
    both = (data, packet(0, 77))
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for i in range(1000):
        data[2], data[3] = (101 + i) >> 8, (101 + i) & 0xFF
        for one in both:
            source.inspect(one, 172)
            if source.belongs(one, 5) == 0:
                source.take(one, 5)
    used = gc.mem_alloc() - before
    gc.enable()
    assert used == 0 and source.received == 1001, used
