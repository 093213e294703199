"""A speaker, a network and a listener on a simulated clock, for the jitter buffer's tests. Seeded; runs on both runtimes."""

import math

from firmware.core.media.jitter import GOOD, JitterBuffer


class Chance:
    """Park and Miller's generator: `fraction()` 0 ... 1 without its ends."""

    def __init__(self, seed):
        self._state = seed * 7919 + 1

    def fraction(self):
        self._state = self._state * 48271 % 2147483647
        return self._state / 2147483648

    def exponential(self, mean):
        return -mean * math.log(1 - self.fraction())


def speech(seconds, chance, loss=0.0, jitter_ms=0.0, start=0, from_ms=0):
    """[(arrival ms, number, timestamp)] of packets sent each 20 ms; lost ones are left out."""
    sent = []
    for i in range(seconds * 50):
        if chance.fraction() >= loss:
            late_ms = chance.exponential(jitter_ms) if jitter_ms else 0.0
            sent.append((from_ms + i * 20 + late_ms, i, start + i * 160))
    return sent


def listen(packets, until_ms, buffer=None, phase_ms=7):
    """[(ms, number of the packet that is played or None, result)] each 20 ms, with the buffer that made it.

    A packet's payload holds its number, so what is heard says what it is.
    """
    buffer = buffer or JitterBuffer()
    waiting = sorted(packets)
    heard, payload, codes, at, now = [], bytearray(160), bytearray(160), 0, phase_ms
    while now < until_ms:
        while at < len(waiting) and waiting[at][0] <= now:
            arrival, number, stamp = waiting[at]
            for i in range(0, 160, 2):
                payload[i], payload[i + 1] = number >> 8 & 0xFF, number & 0xFF
            buffer.put(stamp >> 16 & 0xFFFF, stamp & 0xFFFF, payload, 0, 160, int(arrival))
            at += 1
        result = buffer.frame(codes)
        heard.append((now, codes[0] << 8 | codes[1] if result == GOOD else None, result))
        now += 20
    return heard, buffer


def numbers(heard):
    return [number for _, number, _ in heard if number is not None]
