"""Cuts the broker's byte stream into MQTT packets, in one buffer of fixed size whatever the broker sends.

Single bytes, several packets in one read, packets cut anywhere: all the same here. A packet above the bound is skipped
and counted, one that claims to be huge or breaks the rules raises ProtocolError: the connection is then dropped.
"""

from micropython import const

from firmware.transports.codec import PUBLISH, ProtocolError

PACKET_MAX = const(1400)  # bytes: 1,024 of payload downwards (docs/protocol.md), topic and header, with room
_SKIP_MAX = const(65536)  # bytes: a broker that announces more than this is hostile or out of step


class Framer:
    """`fill(sock)`, then call `next()` until it gives None.

    `view[start:end]` is the packet that `next()` found, `body_at` where its body begins in `view`; good until the next read.
    `skipped_pid`: set when an oversized packet was skipped, to the packet id of a QoS 1 PUBLISH, else to 0; the reader sets it
    back to None. Not confirmed, such a PUBLISH would be sent again for ever.
    """

    def __init__(self):
        self.view = memoryview(bytearray(PACKET_MAX))
        self.start = self.body_at = self.end = 0
        self._start = 0  # of what is not taken out yet
        self._end = 0
        self._skip_bytes = 0
        self.skipped_pid = None

    def space(self):
        """Where to read into behind a packet that is not whole; never empty after `next()` has given None."""
        if self._start and self._end == PACKET_MAX:
            rest = bytes(self.view[self._start : self._end])
            self.view[: len(rest)] = rest
            self._start, self._end = 0, len(rest)
        return self.view[self._end :]

    def fill(self, sock):
        """Reads what there is, as far as there is room. Returns what `readinto` did: count, 0 at the end, None for nothing."""
        count = sock.readinto(self.view if self._start == self._end else self.space())
        if count:
            if self._start == self._end:
                self._start = self._end = 0
            self._end += count
        return count

    def next(self):
        """The next packet's first byte, or None if no whole packet is there. Raises ProtocolError."""
        if self._skip_bytes:
            self._skip()
        have = self._end - self._start
        if have < 2:
            return None
        start = self._start
        length = self.view[start + 1]
        head_bytes = 2
        if length > 127:
            head_bytes, length = self._remaining_length(have)
            if head_bytes is None:
                return None
        end = start + head_bytes + length
        if end > self._end:
            if end - start > PACKET_MAX:
                self._refuse(end - start, head_bytes, have)
            return None
        self.start, self.body_at, self.end = start, start + head_bytes, end
        self._start = end
        return self.view[start]

    def _remaining_length(self, have):
        """(bytes of fixed header, remaining length); (None, 0) while it is not complete."""
        length = 0
        for i in range(1, 5):
            if i >= have:
                return None, 0
            byte = self.view[self._start + i]
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
        first = self.view[self._start]
        at = self._start + head_bytes
        if first & 0xF6 == PUBLISH | 2:
            at += 2 + (self.view[at] << 8 | self.view[at + 1])
            if at + 2 <= self._end:
                self.skipped_pid = self.view[at] << 8 | self.view[at + 1]
        self._skip_bytes = total
        self._skip()

    def body(self):
        """The body of the packet that `next()` found, good until the next read."""
        return self.view[self.body_at : self.end]

    def _skip(self):
        count = min(self._skip_bytes, self._end - self._start)
        self._skip_bytes -= count
        self._start += count
