"""The way of a session's speech: RTP or SRTP with one peer, in 20 ms packets, both directions, RTCP and digits beside it.

Rules. What comes in is judged cheaply first (size, version, source, number), then by its tag; what is refused is counted under
a name and changes nothing. A poll reads until nothing is left, for 4 ms at most: packets in the peer's name cost no more than
that. An ESP32 queues 6 datagrams for a socket; a flood in the peer's name beyond that drowns the peer there, which nothing up
here can help. Packets of 10, 30 and 40 ms are taken too; another codec than the answer's is refused.
Nothing is allocated per packet, unless more comes at once than six packets: then each datagram is read by itself.
Source: D3; FACTS (Speech); docs/protocol.md, "Media".
"""

import binascii

from micropython import const

from firmware.core import clock
from firmware.core.media import aes_cm, digits, jitter, octets, rtcp, rtp, srtp
from firmware.core.media.glued import next_start
from firmware.core.speech import description
from firmware.transports.datagrams import Datagrams, make_udp

_FRAME = const(160)  # bytes and samples
_SPEECH_BYTES = const(172)
_EVENT_BYTES = const(16)
_LONGEST = const(512)  # bytes of a packet: 40 ms with any header extension that is not a joke
_AT_ONCE = const(6)  # packets of 20 ms in a read: what an ESP32 queues
_READS = const(512)  # a poll's bound where the clock stands still
_POLL_MS = const(4)  # a fifth of a frame
_FIRST_PORT = const(10000)
_PORTS = const(5000)  # even ones, up to 19,998; RTCP on the odd one behind
_PORT_TRIES = const(20)
_REPORT_S = const(5)  # RFC 3550 6.2
_CONTROL_READS = const(4)
_COUNTED = ("sent", "received", "late", "lost", "early", "dropped", "concealed", "jitter_ms", "send_errors", "srtp_failures",
            "reopened", "refused_size", "refused_version", "refused_ssrc", "refused_sequence", "refused_replay",
            "refused_payload", "refused_auth", "refused_rtcp")  # fmt: skip
# By reason of rtp.REASONS. Written out: made from those, they would be texts in the heap.
_REFUSED = ("", "refused_size", "refused_version", "refused_ssrc", "refused_sequence", "refused_replay")
_REFUSED_BY_SRTP = {srtp.SIZE: "refused_size", srtp.REPLAY: "refused_replay", srtp.AUTH: "refused_auth",
                    srtp.SOURCE: "refused_ssrc"}  # fmt: skip


class MediaPath:
    """`aes_ecb(key)` -> object with `.encrypt(source, target)`. `entropy(n)` -> n random bytes. `now()`: core.clock ticks.

    `address()` -> our own IPv4 address, for the answer. `open` raises OSError; after `close` nothing is sent or read.
    `out`: 160 bytes to be filled with codes before each `send`, which spoils them. `heard_ms`: tick of the peer's last packet.
    """

    def __init__(self, aes_ecb, entropy, now, address, make_socket=make_udp):
        self._aes_ecb = aes_ecb
        self._entropy = entropy
        self._now = now
        self._own_address = address
        self._make_socket = make_socket
        self._packet = bytearray(_SPEECH_BYTES + srtp.ROOM_BYTES)
        self.out = memoryview(self._packet)[rtp.HEADER_BYTES : _SPEECH_BYTES]
        self._work = bytearray(_LONGEST + srtp.ROOM_BYTES)
        self._ours = bytearray(4)
        self._jitter = jitter.JitterBuffer()
        self._digits = digits.Digits()
        self._counts = dict.fromkeys(_COUNTED, 0)
        self._speech = self._control = self._sender = self._receiver = self._space = None
        self.local = self.codec = self.heard_ms = None

    # Opening and closing.

    def open(self, media):
        """Takes the peer's description, lawful by core.speech.description; `local` is ours then. Raises OSError."""
        formats = description.choose(media)
        self.codec, self._type, self._event_type = formats[0]["name"], formats[0]["pt"], -1
        if len(formats) > 1:
            self._event_type = formats[1]["pt"]
        crypto = self._open_crypto(media.get("crypto"))
        self._stream = rtp.Stream(self._entropy, self._type)
        self._source = rtp.Source(self._sender is not None)
        self._tag_bytes = srtp.TAG_BYTES if self._sender else 0
        self._usual = _SPEECH_BYTES + self._tag_bytes
        self._sending = memoryview(self._packet)[: self._usual]
        self._inbox = bytearray(_AT_ONCE * self._usual)
        self._reporter = rtcp.Reporter(b"unit@" + self._own_address().encode(), self._now())
        self._shared_port = media["rtcp"] == media["port"]
        try:
            port = self._open_sockets(media)
        except OSError:
            self.close()
            raise
        self._report_in = _REPORT_S
        self.local = {"address": self._own_address(), "port": port, "rtcp": port if self._shared_port else port + 1,
                      "profile": media["profile"], "formats": formats, "ptime": 20, "direction": media["direction"],
                      "crypto": crypto}  # fmt: skip

    def _open_crypto(self, crypto):
        """Keys of both directions, and our part of the answer; None without SRTP."""
        if crypto is None:
            return None
        self._space = aes_cm.Workspace()
        own, far = bytearray(self._entropy(srtp.KEY_BYTES)), bytearray(binascii.a2b_base64(crypto["key"]))
        self._sender = srtp.Sender(self._aes_ecb, own, self._space)
        self._receiver = srtp.Receiver(self._aes_ecb, far, self._space)
        text = binascii.b2a_base64(own).decode().strip()
        aes_cm.wipe(own)
        aes_cm.wipe(far)
        return {"tag": crypto["tag"], "suite": crypto["suite"], "key": text}

    def _open_sockets(self, media):
        """Our RTP port: the first free one of some random even ones. Raises the last OSError."""
        address, make, problem = media["address"], self._make_socket, OSError("no port")
        for _ in range(_PORT_TRIES):
            chance = self._entropy(2)
            port = _FIRST_PORT + 2 * ((chance[0] << 8 | chance[1]) % _PORTS)
            try:
                self._speech = Datagrams(port, address, media["port"], make)
                self._control = self._speech if self._shared_port else Datagrams(port + 1, address, media["rtcp"], make)
                return port
            except OSError as error:
                problem = error
                if self._speech is not None:
                    self._speech.close()
                    self._speech = None
        raise problem

    def close(self):
        """Says good-bye, closes the sockets, wipes the keys. May be called twice, and after `open` failed."""
        if self._control is not None:
            try:
                self._report(True)
            except MemoryError as problem:
                print("media: no good-bye:", problem)
            self._control.close()
        if self._speech is not None:
            self._speech.close()
        for part in (self._sender, self._receiver, self._space):
            if part is not None:
                part.wipe()
        for buffer in (self._work, self._packet):
            aes_cm.wipe(buffer)
        self._speech = self._control = None
        self.local = None

    # Out.

    def send(self, marker):
        """Sends `out` as the next packet; `marker` on the first one after silence. Never raises."""
        if self._speech is None:
            return
        self._stream.write(self._packet, marker, _FRAME)
        if self._sender is not None:
            self._sender.protect(self._packet, _SPEECH_BYTES, rtp.HEADER_BYTES)
        if self._speech.write(self._sending):
            self._counts["sent"] += 1

    def skip(self, frames):
        """So many frames were not sent; the next one's timestamp says so."""
        if self._speech is not None:
            self._stream.skip(frames * _FRAME)

    def housekeep(self):
        """Once a second: takes the peer's reports, sends ours each 5 s."""
        if self._control is None:
            return
        now_ms = self._now()
        if not self._shared_port:
            for _ in range(_CONTROL_READS):
                got = self._control.read(self._inbox, now_ms)
                if not got:
                    break
                if got <= _LONGEST:
                    octets.copy(self._inbox, 0, self._work, 0, got)
                    self._take_control(got, now_ms)
                else:
                    self._counts["refused_rtcp"] += 1
        self._report_in -= 1
        if self._report_in <= 0:
            self._report_in = _REPORT_S
            self._report(False)

    def _report(self, bye):
        reporter = self._reporter
        size = reporter.write(self._stream, self._source, self._jitter.jitter_ms(), self._now(), bye)
        if self._sender is not None:
            size = self._sender.protect_rtcp(reporter.packet, size)
        self._control.write(memoryview(reporter.packet)[:size])

    # In.

    def poll(self):
        """Takes what has come, for 4 ms at most."""
        if self._speech is None:
            return
        inbox, began_ms = self._inbox, self._now()
        now_ms = began_ms
        for _ in range(_READS):
            got = self._speech.read(inbox, now_ms)
            if not got:
                return
            self._take_apart(inbox, got, now_ms)
            if got == len(inbox):
                self._poll_singly(now_ms)
                return
            now_ms = self._now()
            if clock.diff(now_ms, began_ms) >= _POLL_MS:
                return

    def _poll_singly(self, began_ms):
        """More waits than a read holds, a burst or a flood: so that no packet is cut, each datagram is read by itself."""
        for _ in range(_READS):
            now_ms = self._now()
            data = None if clock.diff(now_ms, began_ms) >= _POLL_MS else self._speech.read_one(_LONGEST + 1)
            if data is None:
                return
            self._take_from(data, 0, len(data), now_ms)

    def _take_apart(self, data, end, now_ms):
        at = 0
        while at < end:
            to = end
            if end - at != self._usual or data[at + 1] & 0x7F != self._type:
                if self._source.known:
                    self._source.write_ssrc(self._ours, 0)
                elif end - at >= rtp.HEADER_BYTES:
                    octets.copy(data, at + 8, self._ours, 0, 4)
                to = next_start(data, at, end, self._ours)
            self._take_from(data, at, to - at, now_ms)
            at = to

    def _take_from(self, data, at, size, now_ms):
        """A packet of `size` bytes, or less: what follows it may be another's. Then it is as long as its kind was so far."""
        usual = self._usual
        if size > 1 and data[at + 1] & 0x7F == self._event_type:
            usual = _EVENT_BYTES + self._tag_bytes
        name = "refused_size"
        if size <= _LONGEST:
            octets.copy(data, at, self._work, 0, size)
            name = self._judge(size, now_ms)
        if size > usual and (name == "refused_size" or name == "refused_auth"):
            self._counts["refused_size"] += 1
            octets.copy(data, at, self._work, 0, usual)
            name = self._judge(usual, now_ms)
        if name is not None:
            self._counts[name] += 1

    def _judge(self, size, now_ms):
        """None if the packet in `_work` was the peer's and was taken, else the counter that it goes to."""
        data, source = self._work, self._source
        if self._shared_port and rtp.is_control(data, size):
            self._take_control(size, now_ms)
            return None
        reason = source.inspect(data, size - self._tag_bytes)
        if reason:
            return _REFUSED[reason]
        if source.payload_type != self._type and source.payload_type != self._event_type:
            return "refused_payload"
        reason = source.belongs(data, now_ms)
        if reason:
            return _REFUSED[reason]
        if self._receiver is not None:
            size = self._receiver.unprotect(data, size, source.header)
            if size < 0:
                return _REFUSED_BY_SRTP[size]
        return self._accept(size, source.payload_size(data, size), now_ms)

    def _accept(self, size, length, now_ms):
        data, source = self._work, self._source
        is_event = source.payload_type == self._event_type
        if length < 0 or (not is_event and (length == 0 or length % jitter.UNIT or length > jitter.LONGEST)):
            return "refused_size"
        if source.take(data, now_ms):
            self._jitter.restart()
            self._digits.restart()
        self.heard_ms = now_ms
        self._counts["received"] += 1
        if is_event:
            self._digits.packet(source.high, source.low, data, source.header, length)
        else:
            self._usual = size + self._tag_bytes
            self._jitter.put(source.high, source.low, data, source.header, length, now_ms)
        return None

    def _take_control(self, size, now_ms):
        data = self._work
        if self._receiver is not None:
            size = self._receiver.unprotect_rtcp(data, size)
        if size < 0 or not self._reporter.read(data, size, self._stream, now_ms):
            self._counts["refused_rtcp"] += 1

    def frame(self, codes):
        """The next 20 ms into `codes` (160 bytes): 1 good; 0 missing: conceal it; -1 no speech at present."""
        return self._jitter.frame(codes)

    def digit(self):
        """The next digit that the peer pressed, "0"-"9", "*", "#", "A"-"D"; None if there is none."""
        return self._digits.next()

    @property
    def counters(self):
        """dict of ints since `open`; the same one each time. `lost`: on the way, of the present source."""
        counts, buffer = self._counts, self._jitter
        counts["late"], counts["early"], counts["dropped"] = buffer.late, buffer.early, buffer.dropped_frames
        counts["concealed"], counts["jitter_ms"] = buffer.concealed, buffer.jitter_ms()
        counts["srtp_failures"] = counts["refused_auth"]
        if self._speech is not None:
            counts["lost"] = max(self._source.expected() - self._source.received, 0)
            counts["send_errors"], counts["reopened"] = self._speech.errors, self._speech.reopened
        return counts
