"""Cuts the broker's byte stream into MQTT packets, in one buffer of fixed size whatever the broker sends.

Single bytes, several packets in one read, packets cut anywhere: all the same here. A packet above the bound is skipped
and counted, one that claims to be huge or breaks the rules raises ProtocolError: the connection is then dropped.
"""

from micropython import const

from firmware.transports.codec import PUBLISH, ProtocolError

PACKET_MAX = const(1400)  # bytes: 1,024 of payload downwards (docs/protocol.md), topic and header, with room
_SKIP_MAX = const(65536)  # bytes: a broker that announces more than this is hostile or out of step


class Framer:
    """Read into `space()`, tell `took(n)`, then call `next()` until it gives None.

    `packet`, `body_at`: the packet that `next()` found and where its body starts. `skipped_pid`: set when an oversized packet was
    skipped, to the packet id of a QoS 1 PUBLISH, else to 0; the reader sets it back to None. Not confirmed, such a PUBLISH would
    be sent again for ever.
    """

    def __init__(self):
        self._view = memoryview(bytearray(PACKET_MAX))
        self._start = 0
        self._end = 0
        self._skip_bytes = 0
        self.packet = None
        self.body_at = 0
        self.skipped_pid = None

    def space(self):
        """Where to read into; never empty after `next()` has given None."""
        if self._start == self._end:
            self._start = self._end = 0
            return self._view
        if self._start and self._end == PACKET_MAX:
            rest = bytes(self._view[self._start : self._end])
            self._view[: len(rest)] = rest
            self._start, self._end = 0, len(rest)
        return self._view[self._end :]

    def took(self, count):
        self._end += count

    def next(self):
        """The next packet's first byte, or None if no whole packet is there. Raises ProtocolError."""
        if self._skip_bytes:
            self._skip()
        have = self._end - self._start
        if have < 2:
            return None
        head_bytes, length = self._remaining_length(have)
        if head_bytes is None:
            return None
        total = head_bytes + length
        if total > PACKET_MAX:
            self._refuse(total, head_bytes, have)
            return None
        if have < total:
            return None
        self.packet = self._view[self._start : self._start + total]
        self.body_at = head_bytes
        self._start += total
        return self.packet[0]

    def _remaining_length(self, have):
        """(bytes of fixed header, remaining length); (None, 0) while it is not complete."""
        length = 0
        for i in range(1, 5):
            if i >= have:
                return None, 0
            byte = self._view[self._start + i]
            length |= (byte & 0x7F) << (7 * (i - 1))
            if not byte & 0x80:
                return i + 1, length
        raise ProtocolError("remaining length of more than 4 bytes")

    def _refuse(self, total, head_bytes, have):
        if total > _SKIP_MAX:
            raise ProtocolError("packet of %d bytes announced" % total)
        if have < PACKET_MAX:  # wait until its head is here for certain: topic and packet id
            return
        self.skipped_pid = 0
        first = self._view[self._start]
        at = self._start + head_bytes
        if first & 0xF6 == PUBLISH | 2:
            at += 2 + (self._view[at] << 8 | self._view[at + 1])
            if at + 2 <= self._end:
                self.skipped_pid = self._view[at] << 8 | self._view[at + 1]
        self._skip_bytes = total
        self._skip()

    def _skip(self):
        count = min(self._skip_bytes, self._end - self._start)
        self._skip_bytes -= count
        self._start += count
