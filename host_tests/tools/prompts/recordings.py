"""Recordings for tests: tones in WAV files of any kind, and how much of a tone is in samples."""

import cmath
import math
import struct
import wave


def tones(rate_hz, seconds, *parts):
    """Samples of the sum of `parts`, (Hz, amplitude) each."""
    return [sum(a * math.sin(2 * math.pi * hz * n / rate_hz) for hz, a in parts) for n in range(round(rate_hz * seconds))]


def write(path, samples, rate_hz, width=2, channels=1):
    """A WAV file with the same samples in each channel. Returns the path."""
    full = 2 ** (8 * width - 1) - 1
    numbers = [round(x * full) for x in samples for _ in range(channels)]
    if width == 1:
        data = bytes(number + 128 for number in numbers)
    elif width == 3:
        data = b"".join(struct.pack("<i", number)[:3] for number in numbers)
    else:
        data = struct.pack(f"<{len(numbers)}{'h' if width == 2 else 'i'}", *numbers)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(data)
    return path


def tone(path, seconds=0.5, hz=600, rate_hz=16000):
    return write(path, tones(rate_hz, seconds, (hz, 0.4)), rate_hz)


def amplitude(samples, hz, rate_hz=8000):
    """Of the part at `hz`, in samples that hold whole waves of it, near enough."""
    turn = -2j * math.pi * hz / rate_hz
    return 2 * abs(sum(x * cmath.exp(turn * n) for n, x in enumerate(samples))) / len(samples)
