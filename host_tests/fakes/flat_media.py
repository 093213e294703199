"""The flat's end of the sound for tests of a controller: SRTP by pylibsrtp on a loopback socket, and ways to misbehave.

It shares the packet layouts of RFC 3550 with nobody: built here with struct.
"""

import base64
import os
import socket
import struct
import time

import pylibsrtp

SUITE = "AES_CM_128_HMAC_SHA1_80"


def tone_codes(count, code=0x34):
    """`count` frames, each of one code that tells them apart."""
    return [bytes([(code + i) & 0xFF]) * 160 for i in range(count)]


class FlatMedia:
    """`media`: its description for the answer to `offer`. `send(codes)` once a frame; `heard`: (pt, payload) of what came."""

    def __init__(self, offer, codec="PCMA", plain=False):
        self.offer, self.plain, self.pt = offer, plain, {"PCMA": 8, "PCMU": 0}[codec]
        self.key = None if plain else os.urandom(30)
        self.socket = bound()
        self.ssrc, self.seq, self.timestamp = 0x5EED, 100, 7000
        self.heard, self.reports, self.refused = [], [], 0
        if not plain:
            self._out = srtp(self.key, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
            self._in = srtp(base64.b64decode(offer["crypto"]["key"]), pylibsrtp.Policy.SSRC_ANY_INBOUND)
        port = self.socket.getsockname()[1]
        names = {8: "PCMA", 0: "PCMU"}
        crypto = None if plain else {"tag": 1, "suite": SUITE, "key": base64.b64encode(self.key).decode()}
        self.media = {
            "address": "127.0.0.1", "port": port, "rtcp": port, "profile": "RTP/AVP" if plain else "RTP/SAVP",
            "formats": [{"pt": self.pt, "name": names[self.pt]}, {"pt": 101, "name": "telephone-event"}],
            "ptime": 20, "direction": "sendrecv", "crypto": crypto,
        }  # fmt: skip

    def packet(self, codes, seq=None, pt=None, ssrc=None):
        """The next protected packet, not sent."""
        if seq is None:
            seq, self.seq = self.seq, self.seq + 1
        self.timestamp += 160
        head = struct.pack(">BBHII", 0x80, self.pt if pt is None else pt, seq & 0xFFFF, self.timestamp, ssrc or self.ssrc)
        return head + codes if self.plain else self._out.protect(head + codes)

    def send(self, codes, **fields):
        self.throw(self.packet(codes, **fields))

    def throw(self, packet, source=None):
        """Any bytes, from our own or from another socket."""
        (source or self.socket).sendto(packet, (self.offer["address"], self.offer["port"]))

    def move(self):
        """A new local port, as after a change of the NAT between."""
        self.socket.close()
        self.socket = bound()

    def listen(self):
        """Take what has come. Returns self.heard."""
        while True:
            try:
                packet = self.socket.recv(2048)
            except BlockingIOError:
                return self.heard
            self._take(packet)

    def _take(self, packet):
        is_rtcp = 192 <= packet[1] <= 223
        if not self.plain:
            try:
                packet = self._in.unprotect_rtcp(packet) if is_rtcp else self._in.unprotect(packet)
            except pylibsrtp.Error:
                self.refused += 1
                return
        if is_rtcp:
            self.reports.append(packet)
        else:
            self.heard.append((packet[1] & 0x7F, packet[12:]))

    def speech(self):
        """Frames of the codec that are not silence."""
        silence = {8: 0xD5, 0: 0xFF}[self.pt]
        return [payload for pt, payload in self.listen() if pt == self.pt and payload != bytes([silence]) * 160]

    def close(self):
        self.socket.close()


def bound():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind(("127.0.0.1", 0))
    return sock


def srtp(key, direction):
    return pylibsrtp.Session(policy=pylibsrtp.Policy(key=key, ssrc_type=direction))


def flood(offer, seconds, per_second, make, source=None):
    """Blocks: `make(i)` gives the bytes of packet i. Returns how many were sent."""
    source, began, count = source or bound(), time.monotonic(), 0
    while time.monotonic() - began < seconds:
        while count < (time.monotonic() - began) * per_second:
            try:
                source.sendto(make(count), (offer["address"], offer["port"]))
            except BlockingIOError:
                pass
            count += 1
        time.sleep(0.001)
    source.close()
    return count
