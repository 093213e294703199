"""The other end of a media path for tests, on both runtimes: a UDP socket on loopback and plain RTP by `struct`.

`Far(...)` knows a port of its own before it opens, as MicroPython has no getsockname; `media()` describes it.
"""

import socket
import struct

from firmware.core.media import aes_cm, srtp
from firmware.transports.dns import sockaddr
from host_tests.core.media.ecb import aes_ecb

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"  # bytes 0 to 29
KEY_BYTES = bytes(range(30))
SSRC = 0x12345678


class Far:
    """`secured`: SRTP by our own code; libsrtp stands here in test_media_path_host."""

    def __init__(self, port, secured, codec=8):
        self.port = port
        self.secured = secured
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(sockaddr("127.0.0.1", port))
        self.sock.setblocking(False)
        self.number, self.time, self.ssrc, self.codec = 1000, 5000, SSRC, codec
        self.peer = None
        self.sender = srtp.Sender(aes_ecb, KEY_BYTES, aes_cm.Workspace()) if secured else None

    def media(self, rtcp=None):
        crypto = {"tag": 1, "suite": "AES_CM_128_HMAC_SHA1_80", "key": KEY} if self.secured else None
        name = {8: "PCMA", 0: "PCMU"}[self.codec]
        return {"address": "127.0.0.1", "port": self.port, "rtcp": rtcp or self.port + 1, "ptime": 20, "direction": "sendrecv",
                "profile": "RTP/SAVP" if self.secured else "RTP/AVP", "crypto": crypto,
                "formats": [{"pt": self.codec, "name": name}, {"pt": 101, "name": "telephone-event"}]}  # fmt: skip

    def meet(self, local):
        self.peer = sockaddr("127.0.0.1", local["port"])

    def rtp(self, payload, kind=None, first=0x80, stamp=None):
        """The next packet as bytes, not yet sent."""
        stamp = self.time if stamp is None else stamp
        kind = self.codec if kind is None else kind
        header = struct.pack(">BBHII", first, kind, self.number & 0xFFFF, stamp & 0xFFFFFFFF, self.ssrc)
        self.number += 1
        packet = header + payload
        if not self.secured:
            return packet
        buffer = bytearray(packet) + bytearray(srtp.ROOM_BYTES)
        return bytes(buffer[: self.sender.protect(buffer, len(packet), 12)])

    def speak(self, fill=0xD5, kind=None):
        """Sends 20 ms."""
        self.put(self.rtp(bytes([fill]) * 160, kind))
        self.time += 160

    def put(self, packet):
        self.sock.sendto(packet, self.peer)

    def take(self):
        """The next datagram that came, or None."""
        try:
            return self.sock.recv(2048)
        except OSError:
            return None

    def close(self):
        self.sock.close()
