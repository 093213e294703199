"""Talks and listens in place of a person: a tone or a WAV file to the flat, what comes back into memory or a file.

For tests, the command line and the bench; not a signal path of its own: G.711 as in ITU-T G.711, table by table.
"""

import math
import wave

from .rtp import FRAME

_RATE_HZ = 8000
_ALAW_CLIP, _ULAW_CLIP, _ULAW_BIAS = 0x7FFF, 32635, 132


def alaw(sample):
    """A-law code of a 16-bit sample."""
    sign = 0x80 if sample >= 0 else 0
    size = min(sample if sample >= 0 else -sample - 1, _ALAW_CLIP) >> 4
    segment = max(0, size.bit_length() - 4)
    low = size & 15 if segment == 0 else size >> segment - 1 & 15
    return (sign | segment << 4 | low) ^ 0x55


def ulaw(sample):
    """Mu-law code of a 16-bit sample."""
    size = min(sample if sample >= 0 else -sample - 1, _ULAW_CLIP) + _ULAW_BIAS
    segment = size.bit_length() - 8
    return ~((0x80 if sample < 0 else 0) | segment << 4 | size >> segment + 3 & 15) & 0xFF


def sample_of_alaw(code):
    code ^= 0x55
    segment, low = code >> 4 & 7, code & 15
    size = (low << 4) + 8 if segment == 0 else ((low << 4) + 0x108) << segment - 1
    return size if code & 0x80 else -size


def sample_of_ulaw(code):
    code = ~code & 0xFF
    size = (((code & 15) << 3) + _ULAW_BIAS << (code >> 4 & 7)) - _ULAW_BIAS
    return -size if code & 0x80 else size


_ENCODE = {"PCMA": alaw, "PCMU": ulaw}
_DECODE = {"PCMA": [sample_of_alaw(code) for code in range(256)], "PCMU": [sample_of_ulaw(code) for code in range(256)]}


def frames(samples, codec):
    """160-byte frames of 16-bit samples at 8,000 Hz; the last is filled up with silence."""
    encode = _ENCODE[codec]
    codes = bytes(encode(sample) for sample in samples)
    codes += bytes([encode(0)]) * (-len(codes) % FRAME)
    return [codes[i : i + FRAME] for i in range(0, len(codes), FRAME)]


def tone(hz, seconds, level=8000):
    """Samples of a sine."""
    return [round(level * math.sin(2 * math.pi * hz * i / _RATE_HZ)) for i in range(round(seconds * _RATE_HZ))]


def wav(path):
    """Samples of a WAV file: 8,000 Hz, mono, 16 bit. Raises OSError, ValueError with clear words."""
    try:
        with wave.open(str(path), "rb") as file:
            if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (_RATE_HZ, 1, 2):
                raise ValueError(f"{path}: a WAV file of 8,000 Hz, mono, 16 bit is wanted")
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path}: {error}") from error
    return [int.from_bytes(data[i : i + 2], "little", signed=True) for i in range(0, len(data), 2)]


def source(samples, codec):
    """A function for `TalkEndpoint.play`: one frame each time, None at the end."""
    waiting = iter(frames(samples, codec))
    return lambda: next(waiting, None)


class Recorder:
    """A sink for `TalkEndpoint.attach`. Keeps the first `seconds_max`; what was lost becomes silence, so that time is right."""

    def __init__(self, codec, seconds_max=60):
        self._decode, self._frames_max = _DECODE[codec], seconds_max * 50
        self._silence = bytes([_ENCODE[codec](0)]) * FRAME
        self.frames = []

    def __call__(self, codes, lost):
        room = self._frames_max - len(self.frames)
        self.frames += ([self._silence] * min(lost, room) + [codes])[:room]

    def samples(self):
        return [self._decode[code] for frame in self.frames for code in frame]

    def write(self, path):
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, _RATE_HZ, 0, "NONE", ""))
            file.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in self.samples()))
