"""The desk's end of one flat's sound: RTP and RTCP on one UDP port, 50 frames a second each way.

    endpoint = TalkEndpoint("127.0.0.1", PortRange(0, 0))
    media = endpoint.offer()            # opens the port; goes into the protocol's `offer`
    endpoint.accept(answer["media"])    # the flat's word: from now on it sends and receives
    endpoint.attach(sink)               # sink(codes, lost): 160 bytes of G.711 in endpoint.codec, frames lost just before
    endpoint.push(codes)                # 160 bytes to the flat; silence is sent while there are none
    endpoint.close()

Packets go to where the flat's authenticated ones come from, at first to the address of its answer.
Source: docs/protocol.md "Media", DESIGN.md D3.
"""

import asyncio
import contextlib
import os
import socket
import time

from . import description, rtp
from .digits import DigitSender
from .ports import PortRange
from .protection import Protection, Refused
from .sequence import Sequence
from .source import FrameSource

_FRAME_S = 0.02
_BEHIND_MAX_S = 0.2  # a loop that stood still longer does not make up for it: the flat has no use for old speech
_REPORT_FRAMES = 250  # 5 s between two RTCP reports
_READS_MAX = 64  # packets in one go: a flood may not keep the loop from everything else
_BUFFER_BYTES = 1 << 18  # of the kernel: 0.1 s of a flood of 10,000 packets a second
_ELSEWHERE_S = 2.0  # plain RTP only: so long nothing from the old address before a new one is followed
_NAME = "desk"
_COUNTERS = (
    "sent", "send_errors", "digits_sent", "underruns", "overruns", "rtcp_sent", "rtcp_received", "early", "moved", "refused_size",
    "refused_ssrc", "refused_auth", "refused_replay", "refused_payload", "refused_source",
)  # fmt: skip


class TalkEndpoint:
    """`codec`: PCMA, PCMU, or None before `accept`. `heard_at_s`: monotonic time of the last lawful packet, or None.

    `plain`: RTP without SRTP is offered. `bind`: local address if it is not the one that flats are told.
    """

    def __init__(self, address, ports=None, plain=False, bind=None, entropy=os.urandom, now_s=time.monotonic):
        self._address, self._bind, self._ports = address, bind or address, ports or PortRange(0, 0)
        self._plain, self._entropy, self._now_s = plain, entropy, now_s
        self._socket = self._key = self._protection = self._peer = self._pacer = None
        self._sinks, self._source, self._digits, self._sequence = [], FrameSource(), DigitSender(), Sequence()
        self._counts = dict.fromkeys(_COUNTERS, 0)
        self._earlier = {"received": 0, "lost": 0, "late": 0}  # before the last re-offer
        self._report, self._report_at_s = {}, None
        self._offered = False
        self.codec = self.heard_at_s = self._pt = self._digits_pt = self._peer_ssrc = None

    def offer(self):
        """The media description for an offer, with a fresh key. Raises OSError if no port of the range is free."""
        if self._socket is None:
            self._socket = self._ports.bind(self._bind)
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._socket, self._receive)
        self._key, self._offered = None if self._plain else self._entropy(description.KEY_BYTES), True
        return description.describe(self._address, self._socket.getsockname()[1], self._key)

    def accept(self, media):
        """Take the flat's description (free of `description.problem`) and send. Also again, after a re-offer."""
        for name in self._earlier:
            self._earlier[name] += getattr(self._sequence, name)
        self._sequence, self._offered = Sequence(), False
        self.codec, self._pt = description.codec(media)
        self._digits_pt = description.digits_pt(media)
        self._source.silence = b"\xd5" if self.codec == "PCMA" else b"\xff"
        self._protection = Protection(self._key, description.key(media))
        self._peer, self._rtcp = (media["address"], media["port"]), (media["address"], media["rtcp"])
        self._peer_ssrc, self._latched, self._report = None, False, {}
        random = self._entropy(10)
        self._ssrc, self._timestamp = int.from_bytes(random[:4], "big"), int.from_bytes(random[4:8], "big")
        self._seq = int.from_bytes(random[8:], "big") & 0x7FFF  # far from the wrap while the first may be lost: RFC 3711 3.3.1
        self._packets = 0
        if self._pacer is None:
            self._pacer = asyncio.create_task(self._pace())

    def close(self):
        """Says BYE and frees the port; all else about it stays readable."""
        if self._pacer is not None:
            self._pacer.cancel()
            self._pacer = None
            self._send_rtcp(rtp.bye(self._ssrc, _NAME))
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        self._sinks = []

    @property
    def active(self):
        return self._pacer is not None

    @property
    def port(self):
        """UDP port, or None when closed."""
        return self._socket.getsockname()[1] if self._socket else None

    def attach(self, sink):
        """`sink(codes, lost)` gets each frame of the flat, in order, from the loop; it must not block or raise."""
        self._sinks.append(sink)

    def detach(self, sink):
        if sink in self._sinks:
            self._sinks.remove(sink)

    def push(self, codes):
        """Queue 160 bytes of G.711 (in `codec`) for the flat. The oldest is dropped when 10 are waiting. Raises ValueError."""
        if len(codes) != rtp.FRAME:
            raise ValueError(f"a frame has {rtp.FRAME} bytes, not {len(codes)}")
        self._counts["overruns"] += self._source.push(codes)

    def play(self, source):
        """Take frames from the function `source()` (160 bytes, or None at its end) instead; None: from `push` again."""
        self._source.pull = source

    def digit(self, char):
        """Send an RFC 4733 digit. False if the flat takes none or 16 are waiting. Raises ValueError for what is no digit."""
        return self._digits_pt is not None and self._digits.add(char)

    @property
    def hushed(self):
        """True: silence is sent whatever is pushed (the flat is on hold)."""
        return self._source.hushed

    @hushed.setter
    def hushed(self, value):
        self._source.hushed = value

    @property
    def counters(self):
        """Name to integer, over all re-offers. `peer_lost`, `peer_jitter_ms`: what the flat last reported of our packets."""
        counted = {name: self._earlier[name] + getattr(self._sequence, name) for name in self._earlier}
        report = {"peer_lost": self._report.get("lost", 0), "peer_jitter_ms": self._report.get("jitter", 0) // 8}
        return {**self._counts, **counted, "jitter_ms": round(self._sequence.jitter / 8), **report}

    def _receive(self):
        for _ in range(_READS_MAX):
            try:
                packet, source = self._socket.recvfrom(rtp.PACKET_BYTES_MAX + 1)
            except OSError:
                return  # drained; or the peer's port was closed, which the next packet or its absence tells
            reason = self._take(packet, source)
            if reason:
                self._counts[reason] += 1
            if self._socket is None:
                return  # a sink has closed us

    def _take(self, packet, source):
        """Reason of a refusal, or None. Cheap checks first: a flood is refused without a single hash."""
        if self._protection is None:
            return "early"
        is_rtcp = rtp.is_rtcp(packet)
        if not rtp.HEADER_BYTES <= len(packet) <= rtp.PACKET_BYTES_MAX or packet[0] >> 6 != 2:
            return "refused_size"
        if not is_rtcp and packet[1] & 0x7F not in (self._pt, self._digits_pt):
            return "refused_payload"
        if self._peer_ssrc not in (None, rtp.ssrc_of(packet)):
            return "early" if self._offered else "refused_ssrc"
        if self._plain and not self._may_come_from(source):
            return "refused_source"
        try:
            packet = self._protection.unprotect(packet, is_rtcp)
        except Refused as error:
            return "early" if self._offered else "refused_" + error.reason
        return self._take_report(packet) if is_rtcp else self._take_speech(packet, source)

    def _take_speech(self, packet, source):
        found = rtp.read(packet)
        if found is None:
            return "refused_size"
        pt, seq, timestamp, ssrc, payload = found
        if pt == self._pt and len(payload) != rtp.FRAME:
            return "refused_payload"
        self._follow(source)
        self._peer_ssrc, self.heard_at_s = ssrc, self._now_s()
        self._sequence.see(int(self.heard_at_s * 8000), timestamp)
        for frame, lost in self._sequence.put(seq, payload if pt == self._pt else self._source.silence * rtp.FRAME):
            for sink in list(self._sinks):
                sink(frame, lost)
        return None

    def _may_come_from(self, source):
        """Without authentication only silence of the known address lets another one in."""
        if source[0] == self._peer[0] and (source == self._peer or not self._latched):
            return True
        return self.heard_at_s is None or self._now_s() - self.heard_at_s > _ELSEWHERE_S

    def _follow(self, source):
        if source != self._peer:
            self._counts["moved"] += 1
            if self._rtcp == self._peer:
                self._rtcp = source
            self._peer = source
        self._latched = True

    def _take_report(self, packet):
        self._counts["rtcp_received"] += 1
        found = rtp.read_reports(packet, self._ssrc)
        self._report.update(found)
        if "lsr" in found:
            self._report_at_s = self._now_s()

    async def _pace(self):
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            self._send_frame()
            due_s += _FRAME_S
            behind_s = loop.time() - due_s
            if behind_s > _BEHIND_MAX_S:
                due_s += behind_s
            await asyncio.sleep(max(0, due_s - loop.time()))

    def _send_frame(self):
        codes, starts = self._source.next()
        self._counts["underruns"] = self._source.underruns
        digit = self._digits.next(self._timestamp) if self._digits_pt is not None else None
        if digit:
            payload, timestamp, marker = digit
            self._counts["digits_sent"] += marker
            packet = rtp.build(self._digits_pt, marker, self._seq, timestamp, self._ssrc, payload)
        else:
            packet = rtp.build(self._pt, starts or self._packets == 0, self._seq, self._timestamp, self._ssrc, codes)
        self._seq += 1
        self._timestamp += rtp.FRAME
        self._packets += 1
        self._counts["sent"] += self._send(self._protection.protect(packet), self._peer)
        if self._packets % _REPORT_FRAMES == 0:
            self._send_rtcp(self._own_report())

    def _own_report(self):
        sequence, block = self._sequence, None
        if self._peer_ssrc is not None and sequence.highest is not None:
            lsr = self._report.get("lsr", 0)
            dlsr = int((self._now_s() - self._report_at_s) * 65536) if lsr else 0
            block = (self._peer_ssrc, 0, sequence.lost, sequence.highest, int(sequence.jitter), lsr, dlsr & 0xFFFFFFFF)
        sent = self._packets, self._packets * rtp.FRAME
        return rtp.report(self._ssrc, _NAME, time.time(), self._timestamp, sent, block)

    def _send_rtcp(self, packet):
        self._counts["rtcp_sent"] += self._send(self._protection.protect_rtcp(packet), self._rtcp)

    def _send(self, packet, address):
        try:
            self._socket.sendto(packet, address)
            return True
        except OSError:  # full buffer, no route: the next frame is 20 ms away
            self._counts["send_errors"] += 1
            return False
