"""RTCP: our report each few seconds, and what the peer's says. Decides nothing: a BYE does not end a session, signalling does.

`write` makes a compound packet (SR or RR, SDES with CNAME) in a buffer of its own; `read` takes a compound packet as it comes,
leniently: what it does not know it steps over, at what is broken it stops. NTP time is the unit's uptime, as RFC 3550 4 allows
to a system without a clock. Source: RFC 3550 6.4-6.6, A.3, A.8.
"""

from micropython import const

from firmware.core import clock
from firmware.core.media import octets

_SR = const(200)
_RR = const(201)
_SDES = const(202)
_BYE = const(203)
_BLOCK_BYTES = const(24)
_ROOM_BYTES = const(80)  # behind the packet, for SRTCP (srtp.ROOM_BYTES)


def put_16(data, at, value):
    data[at] = value >> 8 & 0xFF
    data[at + 1] = value & 0xFF


def put_24(data, at, value):
    data[at] = value >> 16 & 0xFF
    put_16(data, at + 1, value)


class Reporter:
    """`cname`: bytes, at most 60. `packet`: where `write` puts what it made.

    What the peer told: `far_lost_pct` of our packets in its last interval (None: nothing told), `far_byes`, `refused` packets.
    """

    def __init__(self, cname, now_ms):
        self._cname = cname[:60]
        self.packet = bytearray(28 + _BLOCK_BYTES + 12 + len(self._cname) + 8 + 8 + _ROOM_BYTES)
        self._began_ms = now_ms
        self._up_s = 0
        self._last_sr = bytearray(4)
        self._last_sr_ms = None
        self._expected = 0
        self._received = 0
        self.far_lost_pct = None
        self.far_byes = 0
        self.refused = 0
        self.taken = 0

    # Ours.

    def write(self, stream, source, jitter_ms, now_ms, bye=False):
        """Size of the compound packet in `packet`. `stream`, `source`: of core.media.rtp."""
        data = self.packet
        has_sent = stream.packets > 0
        has_heard = source.known
        data[0] = 0x80 | has_heard
        data[1] = _SR if has_sent else _RR
        octets.copy(stream.header, 8, data, 4, 4)
        at = self._write_sender(data, stream, now_ms) if has_sent else 8
        if has_heard:
            self._write_block(data, at, source, jitter_ms, now_ms)
            at += _BLOCK_BYTES
        put_16(data, 2, at // 4 - 1)
        at = self._write_name(data, at, stream)
        return self._write_bye(data, at, stream) if bye else at

    def _write_sender(self, data, stream, now_ms):
        passed_ms = clock.diff(now_ms, self._began_ms)
        while passed_ms >= 1000:
            passed_ms -= 1000
            self._up_s += 1
            self._began_ms = clock.add(self._began_ms, 1000)
        put_16(data, 8, self._up_s >> 16)
        put_16(data, 10, self._up_s)
        put_16(data, 12, passed_ms * 65536 // 1000)
        put_16(data, 14, 0)
        octets.copy(stream.header, 4, data, 16, 4)
        put_16(data, 20, stream.packets >> 16)
        put_16(data, 22, stream.packets)
        put_16(data, 24, stream.octets_sent >> 16)
        put_16(data, 26, stream.octets_sent)
        return 28

    def _write_block(self, data, at, source, jitter_ms, now_ms):
        expected = source.expected()
        new_expected, new_received = expected - self._expected, source.received - self._received
        if new_expected < 0:  # another source since the last report
            new_expected = new_received = 0
        self._expected, self._received = expected, source.received
        lost = max(new_expected - new_received, 0)
        source.write_ssrc(data, at)
        data[at + 4] = min(lost * 256 // new_expected, 255) if new_expected > 0 else 0
        put_24(data, at + 5, max(min(expected - source.received, 0x7FFFFF), -0x800000))
        put_16(data, at + 8, source.cycles)
        put_16(data, at + 10, source.highest)
        put_16(data, at + 12, 0)
        put_16(data, at + 14, jitter_ms * 8)
        octets.copy(self._last_sr, 0, data, at + 16, 4)
        since_ms = 0 if self._last_sr_ms is None else clock.diff(now_ms, self._last_sr_ms)
        put_16(data, at + 20, since_ms // 1000)
        put_16(data, at + 22, since_ms % 1000 * 65536 // 1000)

    def _write_name(self, data, at, stream):
        name = self._cname
        words = (8 + 2 + len(name) + 1 + 3) // 4  # header, source, item, at least one zero to end the list
        for i in range(at, at + 4 * words):
            data[i] = 0
        data[at] = 0x81
        data[at + 1] = _SDES
        put_16(data, at + 2, words - 1)
        octets.copy(stream.header, 8, data, at + 4, 4)
        data[at + 8] = 1  # CNAME
        data[at + 9] = len(name)
        octets.copy(name, 0, data, at + 10, len(name))
        return at + 4 * words

    def _write_bye(self, data, at, stream):
        data[at] = 0x81
        data[at + 1] = _BYE
        put_16(data, at + 2, 1)
        octets.copy(stream.header, 8, data, at + 4, 4)
        return at + 8

    # The peer's.

    def read(self, data, size, stream, now_ms):
        """Takes a compound packet of `size` bytes; True if it was one from end to end (RFC 3550 A.2: SR or RR first)."""
        if size < 8 or data[0] >> 6 != 2 or data[1] not in (_SR, _RR):
            self.refused += 1
            return False
        at = 0
        while at + 4 <= size and data[at] >> 6 == 2:
            length = ((data[at + 2] << 8 | data[at + 3]) + 1) * 4
            if at + length > size:
                break
            self._read_one(data, at, length, stream, now_ms)
            at += length
        if at != size:
            self.refused += 1
            return False
        self.taken += 1
        return True

    def _read_one(self, data, at, length, stream, now_ms):
        kind, count = data[at + 1], data[at] & 0x1F
        if kind == _BYE:
            self.far_byes += 1
            return
        if kind not in (_SR, _RR):
            return
        first = at + (28 if kind == _SR else 8)
        if kind == _SR and length >= 28:
            octets.copy(data, at + 10, self._last_sr, 0, 4)
            self._last_sr_ms = now_ms
        for _ in range(count):
            if first + _BLOCK_BYTES > at + length:
                return
            if octets.differ(data, first, stream.header, 8, 4) == 0:
                self.far_lost_pct = data[first + 4] * 100 // 256
            first += _BLOCK_BYTES
