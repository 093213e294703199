"""One end of the sound as docs/protocol.md describes it under "Media": G.711, RTP (RFC 3550), SRTP by libsrtp, digits (RFC 4733).

    sound = await Sound.opened(); sound.media            what goes into an offer or an answer
    sound.connect(their_media, first=False)              False: sends to where their authenticated packets come from
    sound.say = tone(1000); share(sound.last(), 1000)    samples are of 16 bits, 8,000 in a second, 160 in a packet
"""

import asyncio
import base64
import bisect
import itertools
import math
import os
import struct
import time

from pylibsrtp import Error, Policy, Session

_PACKET, _PACKET_S, _EVENT, _KEEP = 160, 0.02, 101, 100  # samples, s; payload type of digits; packets kept: 2 s
_SUITE, _VOLUME, _DIGIT_PACKETS = "AES_CM_128_HMAC_SHA1_80", 10, 5  # -10 dBm0, 100 ms. Source: RFC 4568; RFC 4733, 2.3.3
_DIGITS = "0123456789*#ABCD"


def _a_law(code):
    code ^= 0x55
    step, value = code >> 4 & 7, (code & 15) << 4 | 8
    value = (value + 256) << (step - 1) if step else value
    return value if code & 128 else -value


def _u_law(code):
    code ^= 255
    value = (((code & 15) << 3) + 132 << (code >> 4 & 7)) - 132
    return -value if code & 128 else value


class Codec:
    """G.711: `decode` bytes to a list of samples, `encode` back, each to the nearest code."""

    def __init__(self, rule):
        self._values = [rule(code) for code in range(256)]
        self._sorted = sorted((value, code) for code, value in enumerate(self._values))

    def decode(self, codes):
        return [self._values[code] for code in codes]

    def encode(self, samples):
        return bytes(self._code(sample) for sample in samples)

    def _code(self, sample):
        near = bisect.bisect(self._sorted, (sample, 0))
        return min(self._sorted[max(0, near - 1):near + 1], key=lambda entry: abs(entry[0] - sample))[1]


CODECS = {"PCMA": (8, Codec(_a_law)), "PCMU": (0, Codec(_u_law))}


def tone(hz, peak=6000):
    """Samples for ever of a steady tone."""
    return (round(peak * math.sin(2 * math.pi * hz * n / 8000)) for n in itertools.count())


def syllables(peak=9000):
    """Samples for ever that rise and fall like a voice: 200 ms of a 140 Hz vowel, then 120 ms of nothing, or a pause of 400."""
    for word in itertools.count():
        for n in range(1600):
            rise = math.sin(math.pi * n / 1600)
            yield round(peak * rise * sum(math.sin(2 * math.pi * 140 * k * n / 8000) / k for k in range(1, 12)) / 2)
        yield from [0] * (3200 if word % 4 == 3 else 960)


def share(samples, hz):
    """Share of the energy at `hz`, 0 to 1; 0 for silence."""
    energy = sum(sample * sample for sample in samples)
    if energy < 100 * 100 * len(samples):
        return 0.0
    real = sum(sample * math.cos(2 * math.pi * hz * n / 8000) for n, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(2 * math.pi * hz * n / 8000) for n, sample in enumerate(samples))
    return 2 * (real * real + imaginary * imaginary) / len(samples) / energy


def _session(key, kind):
    return Session(Policy(key=key, ssrc_type=kind, srtp_profile=Policy.SRTP_PROFILE_AES128_CM_SHA1_80))


class Sound(asyncio.DatagramProtocol):
    """`packets`: the newest (payload type, codes); `digits`: heard; `counts`: packets. `mute`: nothing is sent."""

    @classmethod
    async def opened(cls, profile="RTP/SAVP", codecs=("PCMA", "PCMU"), tag=1):
        """A sound that listens on loopback. `codecs` in order of preference; digits are always offered."""
        self = cls()
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, ("127.0.0.1", 0))
        self._key = os.urandom(30) if profile == "RTP/SAVP" else None
        port = self._transport.get_extra_info("sockname")[1]
        crypto = {"tag": tag, "suite": _SUITE, "key": base64.b64encode(self._key).decode()} if self._key else None
        formats = [{"pt": CODECS[name][0], "name": name} for name in codecs] + [{"pt": _EVENT, "name": "telephone-event"}]
        self.media = {"address": "127.0.0.1", "port": port, "rtcp": port, "profile": profile, "formats": formats, "ptime": 20,
                      "direction": "sendrecv", "crypto": crypto}
        return self

    def __init__(self):
        self.say, self.mute, self.digits, self.packets = None, False, [], []
        self.counts, self.address, self.codec = {"sent": 0, "received": 0, "refused": 0, "rtcp": 0}, None, None
        self._opens = self._seals = self._task = self._event = self._last_digit = None
        self._ssrc, self._number, self._time, self._to_send = os.urandom(4), os.urandom(1)[0], 0, []

    def connect(self, media, first):
        """Take the other end's description. `first`: send at once to the address in it, as a flat does."""
        self.codec = next(form["name"] for form in media["formats"] if form["name"] in CODECS)
        self._event = next((form["pt"] for form in media["formats"] if form["name"] == "telephone-event"), None)
        if media["crypto"]:
            self._opens = _session(base64.b64decode(media["crypto"]["key"]), Policy.SSRC_ANY_INBOUND)
            self._seals = _session(self._key, Policy.SSRC_ANY_OUTBOUND)
        self.address = (media["address"], media["port"]) if first else None
        self._task = self._task or asyncio.create_task(self._send_all())

    def close(self):
        if self._task:
            self._task.cancel()
        self._transport.close()

    def digit(self, digit):
        """Send a digit of 100 ms: five packets, the end three times."""
        packets = [(n * _PACKET, False) for n in range(1, _DIGIT_PACKETS)] + [(_DIGIT_PACKETS * _PACKET, True)] * 3
        self._to_send = [(_DIGITS.index(digit), end << 7 | _VOLUME, length, n) for n, (length, end) in enumerate(packets)]

    def last(self, packets=25):
        """The newest samples heard; packets of 20 ms."""
        return CODECS[self.codec][1].decode(b"".join(codes for _, codes in self.packets[-packets:]))

    async def _send_all(self):
        due_s, began = time.monotonic(), 0
        while True:
            if self.address and not self.mute:
                if self._to_send:
                    event, flags, length, n = self._to_send.pop(0)
                    began = began if n else self._time
                    self._send(self._event, struct.pack("!BBH", event, flags, length), began, n == 0)
                else:
                    samples = [next(self.say) for _ in range(_PACKET)] if self.say else [0] * _PACKET
                    self._send(CODECS[self.codec][0], CODECS[self.codec][1].encode(samples), self._time, False)
            self._time += _PACKET
            due_s += _PACKET_S
            await asyncio.sleep(max(0, due_s - time.monotonic()))

    def _send(self, kind, payload, at, marker):
        self._number = self._number + 1 & 0xFFFF
        self.counts["sent"] += 1
        packet = struct.pack("!BBHI4s", 0x80, marker << 7 | kind, self._number, at, self._ssrc) + payload
        self._transport.sendto(self._seals.protect(packet) if self._seals else packet, self.address)

    def datagram_received(self, data, address):
        if self.codec is None or len(data) < 12:
            return  # the answer is still on its way
        rtcp = 192 <= data[1] <= 223  # Source: RFC 5761, 4
        try:
            if self._opens:
                data = self._opens.unprotect_rtcp(data) if rtcp else self._opens.unprotect(data)
        except Error:
            self.counts["refused"] += 1
            return
        self.counts["rtcp" if rtcp else "received"] += 1
        if not rtcp:
            self.address = address
            self._hear(data[1] & 127, data[4:8], data[12:])

    def _hear(self, kind, at, payload):
        if kind == self._event:
            if payload[1] & 128 and at != self._last_digit:  # its end comes three times
                self._last_digit = at
                self.digits.append(_DIGITS[payload[0]])
        elif kind == CODECS[self.codec][0] and len(payload) == _PACKET:
            self.packets = self.packets[1 - _KEEP:] + [(kind, payload)]
