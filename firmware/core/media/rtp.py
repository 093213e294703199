"""RTP packets: builds ours, judges the peer's. No 32-bit number is ever made: on the board it would be an object.

Rules for what comes in. `inspect` reads the header; `belongs` says, before any tag is computed, whether it may be the peer's:
- the source that we listen to, with a number at most 3000 ahead and 100 behind the highest (RFC 3550 A.1).
- anything else only when that source has been silent for 100 ms: nobody takes the line from a peer that speaks. Then SRTP's
  tag decides (`adopt`); without SRTP three packets in a row, of one source and with following numbers, do.
Without SRTP each number is taken once, by the same window that SRTP has. What is refused leaves nothing behind but its count.
Source: RFC 3550 5.1, 5.3.1, A.1, A.3; RFC 3551 6 (payload types); RFC 5761 4 (RTCP on the same port).
"""

from micropython import const

from firmware.core import clock
from firmware.core.media import octets
from firmware.core.media.window import Window

HEADER_BYTES = const(12)
PCMU = const(0)
PCMA = const(8)
_SILENT_MS = const(100)  # five frames: longer than the gaps that jitter leaves, shorter than the 200 ms until play-out freezes
_AHEAD = const(3000)  # numbers, RFC 3550 A.1 MAX_DROPOUT: 60 s
_BEHIND = const(100)  # RFC 3550 A.1 MAX_MISORDER
_IN_A_ROW = const(3)

OK = const(0)
SIZE = const(1)
VERSION = const(2)
SOURCE = const(3)
SEQUENCE = const(4)
REPLAY = const(5)
REASONS = ("ok", "size", "version", "ssrc", "sequence", "replay")


def is_control(data, size):
    """True if the packet is RTCP: on a shared port its types 192-223 tell it from speech. RFC 5761 4."""
    return size >= 2 and 192 <= data[1] <= 223


def _add(data, at, more):
    """Adds `more` (below 65536) to two bytes, most significant first. True if they wrapped."""
    total = (data[at] << 8 | data[at + 1]) + more
    data[at] = total >> 8 & 0xFF
    data[at + 1] = total & 0xFF
    return total > 0xFFFF


class Stream:
    """Our own packets: random source, number below 2**15 (RFC 3711 3.3.1: no wrap at once) and timestamp.

    `entropy(n)` gives n random bytes. Counters for RTCP: `packets`, `octets_sent`.
    """

    def __init__(self, entropy, payload_type):
        self.header = bytearray(HEADER_BYTES)
        octets.copy(entropy(10), 0, self.header, 2, 10)
        self.header[0] = 0x80
        self.header[1] = payload_type
        self.header[2] &= 0x7F
        self.packets = 0
        self.octets_sent = 0

    def write(self, packet, marker, samples):
        """The header of the next packet into `packet`, whose time is `samples` (below 65536) after the last one's."""
        header = self.header
        _add(header, 2, 1)
        if _add(header, 6, samples):
            _add(header, 4, 1)
        octets.copy(header, 0, packet, 0, HEADER_BYTES)
        if marker:
            packet[1] |= 0x80
        self.packets += 1
        self.octets_sent += samples


    def skip(self, samples):
        """The next packet's time is so much later, at most 2**29: nothing was sent meanwhile."""
        if _add(self.header, 6, samples & 0xFFFF):
            _add(self.header, 4, 1)
        _add(self.header, 4, samples >> 16)


class Source:
    """The peer's stream. After `inspect`: `payload_type`, `marker`, `number`, `high` and `low` (timestamp), `header` (bytes).

    `known`: there is a peer (no property: see jitter.py). `secured`: SRTP checks tags and repetitions.
    For RTCP: `base`, `highest`, `cycles`, `received` of the present source.
    """

    def __init__(self, secured):
        self._secured = secured
        self._ssrc = bytearray(4)
        self.known = False
        self._candidate = bytearray(4)
        self._candidate_next = -1
        self._in_a_row = 0
        self._window = Window()
        self._heard_ms = 0
        self.payload_type = self.number = self.high = self.low = self.header = 0
        self.marker = self._follows_on = False
        self._distance = 0
        self.base = self.highest = self.cycles = self.received = 0

    def inspect(self, data, size):
        """OK, SIZE or VERSION; `size` without a tag. Reads nothing behind it."""
        if size < HEADER_BYTES:
            return SIZE
        first = data[0]
        if first >> 6 != 2:
            return VERSION
        header = HEADER_BYTES + ((first & 0x0F) << 2)
        if first & 0x10:
            if size < header + 4:
                return SIZE
            header += 4 + ((data[header + 2] << 8 | data[header + 3]) << 2)
        if size < header:
            return SIZE
        self.header = header
        self.payload_type = data[1] & 0x7F
        self.marker = data[1] >= 0x80
        self.number = data[2] << 8 | data[3]
        self.high = data[4] << 8 | data[5]
        self.low = data[6] << 8 | data[7]
        return OK

    def payload_size(self, data, size):
        """Bytes of the payload of an opened packet, without padding; -1 if the padding is longer than that."""
        length = size - self.header
        if data[0] & 0x20:
            padding = data[size - 1] if length else 0
            if not 0 < padding <= length:
                return -1
            length -= padding
        return length

    def distance(self):
        """Of the inspected number from the highest one, -32768 ... 32767."""
        return ((self.number - self.highest + 0x8000) & 0xFFFF) - 0x8000

    def is_ours(self, data, at=8):
        """True if the source that we listen to sent `data` (RTCP has its source `at` 4)."""
        return self.known and octets.differ(data, at, self._ssrc, 0, 4) == 0

    def belongs(self, data, now_ms):
        """OK if the inspected packet may be the peer's: `take` it once its tag is right. Else the reason, and nothing is changed,
        but that without SRTP a candidate is remembered."""
        self._follows_on = False
        if self.is_ours(data):
            distance = self._distance = self.distance()
            if -_BEHIND <= distance <= _AHEAD:
                self._follows_on = True
                if not self._secured and self._window.has(self.number, distance):
                    return REPLAY
                return OK
            reason = SEQUENCE
        else:
            reason = SOURCE
        if self.known and clock.diff(now_ms, self._heard_ms) < _SILENT_MS:
            return reason
        return OK if self._secured or self._follows(data) else reason

    def _follows(self, data):
        """Without SRTP: counts packets of one new source in a row; True for the third."""
        if self._candidate_next == self.number and octets.differ(data, 8, self._candidate, 0, 4) == 0:
            self._in_a_row += 1
        else:
            octets.copy(data, 8, self._candidate, 0, 4)
            self._in_a_row = 1
        self._candidate_next = self.number + 1 & 0xFFFF
        return self._in_a_row >= _IN_A_ROW

    def take(self, data, now_ms):
        """The packet that `belongs` was asked about is the peer's. True if it begins another stream than the one before."""
        distance, is_new = self._distance, not self._follows_on
        if is_new:
            self._begin(data)
            distance = 0
        self._in_a_row = 0
        self._candidate_next = -1
        self._heard_ms = now_ms
        self.received += 1
        if not self._secured:
            self._window.take(self.number, distance)
        if distance > 0:
            if self.number < self.highest:
                self.cycles = self.cycles + 1 & 0xFFFF
            self.highest = self.number
        return is_new

    def _begin(self, data):
        octets.copy(data, 8, self._ssrc, 0, 4)
        self.known = True
        self._window.clear()
        self.base = self.highest = self.number
        self.cycles = self.received = 0

    def expected(self):
        """Packets that the present source has sent as far as we know. RFC 3550 A.3."""
        return (self.cycles << 16) + self.highest - self.base + 1 if self.known else 0

    def write_ssrc(self, target, at):
        octets.copy(self._ssrc, 0, target, at, 4)
