"""The steps of a 20 ms frame of speech, one by one, under MicroPython: `speech_steps.py PATHS count|time FRAMES`.

count: around each step it calls os.getenv, at which callgrind writes down what it has counted. time: microseconds a frame.
Prints one JSON object: the names of the steps in their order, and the times. The first step does nothing.
"""

import json
import os
import sys
import time

sys.path[:] = sys.argv[1].split(":") + [".frozen"]

import cryptolib  # noqa: E402 - the path comes first

from firmware.core.media import aes_cm, g711, jitter, level, rtp, srtp  # noqa: E402
from firmware.core.media.conceal import Concealer  # noqa: E402
from firmware.core.media.gain import Leveller  # noqa: E402
from firmware.core.media.resample import Doubler, Halver  # noqa: E402
from firmware.core.media.voice_switch import VoiceSwitch  # noqa: E402
from firmware.talk_far import Far  # noqa: E402
from firmware.talk_near import Near  # noqa: E402

N = 160
HEADER = 12
KEY = bytes(range(30))


def talk(count, size):
    """Something with the range of talk: a rough triangle with noise, signed 16 bits."""
    pcm = bytearray(2 * count)
    seed = 1
    for i in range(count):
        seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
        value = (abs(i % 64 - 32) - 16) * size // 16 + (seed >> 16) % (size // 4) - size // 8
        pcm[2 * i] = value & 0xFF
        pcm[2 * i + 1] = value >> 8 & 0xFF
    return pcm


def slots(pcm):
    """The same as the microphone gives it: 24 bits in slots of 32, 24 dB lower."""
    raw = bytearray(2 * len(pcm))
    for i in range(len(pcm) // 2):
        raw[4 * i + 1] = pcm[2 * i] << 4 & 0xFF
        value = (pcm[2 * i] | pcm[2 * i + 1] << 8) >> 4
        value |= 0xF000 if value & 0x800 else 0
        raw[4 * i + 2] = value & 0xFF
        raw[4 * i + 3] = value >> 8
    return raw


class Line:
    """A direction with SRTP: what Stream and Sender make is opened by Receiver and waits in a JitterBuffer."""

    def __init__(self):
        space = aes_cm.Workspace()
        self.packet = bytearray(HEADER + N + srtp.ROOM_BYTES)
        self.stream = rtp.Stream(os.urandom, 8)
        self.sender = srtp.Sender(ecb, KEY, space)
        self.receiver = srtp.Receiver(ecb, KEY, space)
        self.jitter = jitter.JitterBuffer()
        self.out = memoryview(self.packet)[HEADER : HEADER + N]
        self.now_ms = 0

    def write(self):
        self.stream.write(self.packet, False, N)

    def protect(self):
        self.sender.protect(self.packet, HEADER + N, HEADER)

    def unprotect(self):
        if self.receiver.unprotect(self.packet, HEADER + N + srtp.TAG_BYTES, HEADER) != HEADER + N:
            raise ValueError("the packet was refused")

    def put(self):
        data = self.packet
        self.now_ms += 20
        self.jitter.put(data[4] << 8 | data[5], data[6] << 8 | data[7], data, HEADER, N, self.now_ms)

    def frame(self, codes):
        return self.jitter.frame(codes)


def ecb(key):
    return cryptolib.aes(key, 1)


PCM, PCM_16K, SLOTS = talk(N, 2000), talk(2 * N, 2000), slots(talk(2 * N, 3000))
CODES, BLOCK, SPARE = bytearray(N), bytearray(4 * N), bytearray(2 * N)
g711.alaw_encode(PCM, CODES, N)
leveller, switch, concealer, halver, doubler = Leveller(), VoiceSwitch(), Concealer(), Halver(), Doubler()
near, far, line = Near(4), Far(), Line()


def whole(secured):
    """A frame both ways, as firmware/talk.py does it, without the sockets."""
    near.listen(SLOTS, switch.far_voice)
    switch.decide(near.level, far.level)
    near.codes(line.out, switch.near_to_q12)
    line.write()
    if secured:
        line.protect()
        line.unprotect()
    line.put()
    far.listen(line)
    far.play(BLOCK, switch.far_to_q12)


def through_jitter_buffer():
    line.write()
    line.put()
    line.frame(CODES)


def packet_both_ways():
    line.write()
    line.protect()
    line.unprotect()


STEPS = (
    ("nothing", lambda: None),
    ("microphone's slots", lambda: level.take_microphone(SLOTS, PCM_16K, 2 * N, 12)),
    ("16 to 8 kHz", lambda: halver.process(PCM_16K, SPARE, N)),
    ("gain", lambda: leveller.process(SPARE, N)),
    ("voice switch", lambda: switch.decide(900, 700)),
    ("ramp", lambda: level.scale(SPARE, N, 4096, 4000)),
    ("A-law encode", lambda: g711.alaw_encode(PCM, CODES, N)),
    ("mu-law encode", lambda: g711.ulaw_encode(PCM, SPARE, N)),
    ("A-law decode", lambda: g711.alaw_decode(CODES, SPARE, N)),
    ("mu-law decode", lambda: g711.ulaw_decode(CODES, SPARE, N)),
    ("keep for concealment", lambda: concealer.good(PCM)),
    ("conceal", lambda: concealer.lost(SPARE)),
    ("level", lambda: level.mean_abs(PCM, N)),
    ("8 to 16 kHz", lambda: doubler.process(PCM, BLOCK, N)),
    ("RTP header", line.write),
    ("jitter buffer", through_jitter_buffer),
    ("SRTP both ways", packet_both_ways),
    ("whole frame both ways", lambda: whole(False)),
    ("whole frame both ways with SRTP", lambda: whole(True)),
)


def count(frames):
    for _, step in STEPS:
        step()  # what the first call alone does
        os.getenv("BENCH")
        for _ in range(frames):
            step()
        os.getenv("BENCH")


def measure(frames):
    times = []
    for _, step in STEPS:
        begun = time.ticks_us()
        for _ in range(frames):
            step()
        times.append(time.ticks_diff(time.ticks_us(), begun) / frames)
    return times


def main(kind, frames):
    names = [name for name, _ in STEPS]
    print(json.dumps({"steps": names, "us": measure(frames) if kind == "time" else count(frames)}))


if __name__ == "__main__":
    main(sys.argv[2], int(sys.argv[3]))
