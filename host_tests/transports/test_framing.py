"""Packets are found wherever the stream is cut, and no broker can make us hold more than one buffer."""

from firmware.transports.codec import ProtocolError
from firmware.transports.framing import PACKET_MAX, Framer


def _packet(first, body):
    length = b""
    size = len(body)
    while True:
        length += bytes((size & 127 | (128 if size > 127 else 0),))
        size >>= 7
        if not size:
            return bytes((first,)) + length + body


class Stream:
    """A socket that has `step` bytes of `data` at a time."""

    def __init__(self, data, step):
        self.data = data
        self.step = step
        self.at = 0

    def readinto(self, buffer):
        assert 0 < len(buffer) <= PACKET_MAX
        piece = self.data[self.at : self.at + min(self.step, len(buffer))]
        buffer[: len(piece)] = piece
        self.at += len(piece)
        return len(piece) or None


def _feed(framer, stream, step):
    """Gives `stream` in pieces of at most `step` bytes; returns the packets found as (first, body)."""
    found = []
    sock = Stream(stream, step)
    while framer.fill(sock):
        while True:
            first = framer.next()
            if first is None:
                break
            found.append((first, bytes(framer.body())))
    return found


PACKETS = (
    (0x20, b"\0\0"),
    (0x40, b"\0\1"),
    (0xD0, b""),
    (0x32, b"\0\6t/down\0\7" + b"x" * 300),
    (0x40, b"\xff\xff"),
    (0x30, b"\0\1t" + b"y" * (PACKET_MAX - 6)),
    (0x90, b"\0\1\1"),
)
STREAM = b"".join(_packet(first, body) for first, body in PACKETS)


def test_any_cut_gives_the_same_packets_single_bytes_and_all_at_once_too():
    for step in (1, 2, 3, 5, 7, 64, 299, 1000, PACKET_MAX, 10000):
        assert _feed(Framer(), STREAM * 3, step) == list(PACKETS) * 3, step


def test_fifty_pubacks_in_one_read_are_fifty_packets():
    stream = b"".join(_packet(0x40, bytes((0, i))) for i in range(50))
    assert [body[1] for _, body in _feed(Framer(), stream, 10000)] == list(range(50))


def test_oversized_publish_is_skipped_with_its_id_and_what_follows_is_found():
    for size in (PACKET_MAX - 10, PACKET_MAX, 5000, 20000):
        for step in (1, 100, 1400, 5000):
            framer = Framer()
            stream = _packet(0x32, b"\0\6t/down\xab\xcd" + b"z" * size) + _packet(0x40, b"\0\1")
            assert _feed(framer, stream, step) == [(0x40, b"\0\1")], (size, step)
            assert framer.skipped_pid == 0xABCD


def test_oversized_packet_without_id_is_skipped_too():
    for body in (b"\0\6t/down" + b"z" * 2000, b"\xff\xff" + b"z" * 2000):
        framer = Framer()
        assert _feed(framer, _packet(0x30, body) + _packet(0xD0, b""), 700) == [(0xD0, b"")]
        assert framer.skipped_pid == 0


def test_huge_or_malformed_length_raises():
    for start in (b"\x30\xff\xff\xff\x7f", b"\x30\x80\x80\x80\x80\x01", b"\x32\xff\xff\x7f"):
        for step in (1, 10):
            try:
                _feed(Framer(), start + b"x" * 2000, step)
            except ProtocolError:
                continue
            raise AssertionError("%r was taken" % start)


def test_random_bytes_give_packets_or_protocol_error_and_never_more_memory():
    state = 12345
    for _ in range(200):
        noise = bytearray(400)
        for i in range(len(noise)):
            state = (state * 1103515245 + 12345) & 0x3FFFFFFF
            noise[i] = state >> 12 & 255
        framer = Framer()
        try:
            packets = _feed(framer, bytes(noise), 50)
        except ProtocolError:
            continue
        assert sum(len(body) for _, body in packets) <= 400
