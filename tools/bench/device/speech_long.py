"""A long call in virtual time under MicroPython: `speech_long.py PATHS FRAMES`.

The unit's own engine (talk.py, media path with SRTP, jitter buffer, concealment, gain, voice switch) runs frame by frame as fast
as it can; microphone, speaker and sockets are in memory, and the peer's packets are made by the same SRTP code. Every hundredth
packet is lost. Prints one JSON object: heap in use after a collection when the call is 20 s old and at its end, bytes allocated
in 10 s of it, and the counters.
"""

import gc
import json
import os
import sys

sys.path[:] = sys.argv[1].split(":") + [".frozen"]

import cryptolib  # noqa: E402 - the path comes first

from firmware.core.media import aes_cm, octets, rtp, srtp  # noqa: E402
from firmware.drivers.microphone import Microphone  # noqa: E402
from firmware.drivers.speaker import Speaker  # noqa: E402
from firmware.talk import Talk  # noqa: E402
from firmware.transports.media_path import MediaPath  # noqa: E402

FRAMES = int(sys.argv[2])
WARM = 1000  # frames: 20 s, all that is made once has been made
CODEC = [{"pt": 8, "name": "PCMA"}]
GARBAGE = 500  # frames in which is counted what they allocate
N, HEADER = 160, 12
SOUND = bytes(i * 7 & 255 for i in range(512))
KEY = "c3BlZWNoIGtleSBvZiBhIGxvbmcgY2FsbCEhISEh"
_PERIOD = (1 << 30) - 1


def ecb(key):
    return cryptolib.aes(key, 1)


class Port:
    """An I2S port that takes and gives each block at once when `done` says so."""

    def irq(self, handler):
        self.handler = handler

    def write(self, buffer):
        self.buffer = buffer

    def readinto(self, buffer):
        self.buffer = buffer
        noise(buffer)

    def done(self):
        self.handler(self)

    def deinit(self):
        self.handler = None


def noise(raw):
    """Something that changes, 16 bits high in slots of 32."""
    for i in range(2, len(raw), 64):
        raw[i] = raw[i] * 5 + 77 & 255


class Socket:
    """The unit's UDP socket: what `far` has made is read from it, what is sent is counted."""

    far = None
    sent = 0

    def setblocking(self, on):
        return None

    bind = connect = setblocking

    def readinto(self, buffer):
        size = self.far.waiting
        if not size:
            return None
        self.far.waiting = 0
        octets.copy(self.far.packet, 0, buffer, 0, size)
        return size

    def write(self, buffer):
        self.sent += 1
        return len(buffer)

    def close(self):
        return None


class Far:
    """Makes the peer's next packet in place."""

    def __init__(self, key):
        self.packet = bytearray(HEADER + N + srtp.ROOM_BYTES)
        self.stream = rtp.Stream(os.urandom, 8)
        self.sender = srtp.Sender(ecb, key, aes_cm.Workspace())
        self.waiting = self.number = 0

    def next(self):
        self.number += 1
        self.stream.write(self.packet, False, N)
        octets.copy(SOUND, self.number & 255, self.packet, HEADER, N)
        size = self.sender.protect(self.packet, HEADER + N, HEADER)
        if self.number % 100:
            self.waiting = size


class Call:
    """`ms` is the time of everybody."""

    def __init__(self):
        from binascii import a2b_base64

        self.ms = 0
        self.socket = Socket()
        self.far = self.socket.far = Far(a2b_base64(KEY))
        self.out, self.into = Port(), Port()
        speaker = Speaker(self.out, {}, None, self.now)
        microphone = Microphone(lambda: self.into, 4, self.now)
        self.talk = Talk(microphone, speaker, self.path, None, self.now)

    def now(self):
        return self.ms & _PERIOD

    def path(self):
        return MediaPath(ecb, os.urandom, self.now, lambda: "127.0.0.1", lambda: self.socket)

    def begin(self):
        crypto = {"tag": 1, "suite": "AES_CM_128_HMAC_SHA1_80", "key": KEY}
        media = {"address": "127.0.0.1", "port": 4000, "rtcp": 4000, "profile": "RTP/SAVP", "formats": CODEC}
        media.update({"ptime": 20, "direction": "sendrecv", "crypto": crypto})
        self.talk.start(media)
        self.talk.open_microphone()

    def frames(self, count):
        i = 0
        while i < count:
            i += 1
            self.ms += 20
            self.far.next()
            self.out.done()
            self.into.done()
            self.talk.step()


def used():
    gc.collect()
    return gc.mem_alloc()


def main():
    gc.threshold(20000)
    call = Call()
    call.begin()
    call.frames(WARM)
    before = used()
    gc.disable()
    call.frames(GARBAGE)
    garbage = gc.mem_alloc() - before
    gc.enable()
    call.frames(FRAMES - WARM - GARBAGE)
    after = used()
    print(json.dumps({"before": before, "after": after, "garbage": garbage, "counters": call.talk.counters()}))


main()
