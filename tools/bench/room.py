"""A room with a speech module on its wall: what the loudspeaker plays comes back to the microphone, together with talk and noise.

Image sources of a box: the module's loudspeaker 12 cm from its microphone, walls that give back 70 % of the pressure. All at
8 kHz. Also: text read by espeak-ng as samples.
"""

import array
import math
import random
import subprocess
import wave

RATE_HZ = 8000
FRAME = 160
LATE_FRAMES = 3
_SPEED_M_S = 343.0
_BOX_M = (4.2, 3.1, 2.5)
_MICROPHONE_M = (0.05, 1.40, 1.40)
_LOUDSPEAKER_M = (0.05, 1.40, 1.28)
_REFLECTED = 0.7  # of the pressure: a furnished room, decays 60 dB in about 0.35 s
_ORDER = 3
_STRONGEST = 32  # reflections that are computed


def reflections():
    """[(samples late, size)] of what comes back, the direct way first and of size 1."""
    found = {}
    for x in range(-_ORDER, _ORDER + 1):
        for y in range(-_ORDER, _ORDER + 1):
            for z in range(-_ORDER, _ORDER + 1):
                if abs(x) + abs(y) + abs(z) <= _ORDER:
                    way_m = _distance_m((x, y, z))
                    late = round(way_m / _SPEED_M_S * RATE_HZ)
                    found[late] = found.get(late, 0.0) + _REFLECTED ** (abs(x) + abs(y) + abs(z)) / way_m
    direct = found[min(found)]
    strongest = sorted(found.items(), key=lambda one: -one[1])[:_STRONGEST]
    return sorted((late, size / direct) for late, size in strongest)


def _distance_m(image):
    """From the microphone to the loudspeaker's image in the box `image` boxes away."""
    total = 0.0
    for number, size, source, heard in zip(image, _BOX_M, _LOUDSPEAKER_M, _MICROPHONE_M, strict=True):
        at = number * size + (source if number % 2 == 0 else size - source)
        total += (at - heard) ** 2
    return math.sqrt(total)


class Room:
    """echo_db: the direct sound at the microphone over what was given to the loudspeaker, both as samples. noise: mean size.

    late_frames: what the queues of the loudspeaker and the microphone hold.
    """

    def __init__(self, echo_db, noise, late_frames=LATE_FRAMES, seed=1):
        self._size = 10 ** (echo_db / 20)
        self._taps = reflections()
        self._late = late_frames * FRAME
        longest = self._late + max(late for late, _ in self._taps) + FRAME
        self._played = [0.0] * longest
        self._noise = noise * math.sqrt(math.pi / 2)
        self._random = random.Random(seed)

    def hear(self, near):
        """What the microphone gives for a frame of talk: signed 16-bit samples in a bytearray."""
        heard = [self._random.gauss(0.0, self._noise) + sample for sample in near]
        begin = len(self._played) - self._late
        for late, size in self._taps:
            gain, at = size * self._size, begin - late - FRAME
            heard = [one + gain * other for one, other in zip(heard, self._played[at : at + FRAME], strict=True)]
        return bytearray(array.array("h", [max(-32768, min(32767, round(one))) for one in heard]))

    def play(self, pcm):
        """A frame goes to the loudspeaker."""
        self._played = self._played[FRAME:] + list(array.array("h", bytes(pcm)))


def spoken(text, voice, path, program="espeak-ng"):
    """Samples at 8 kHz of a text read aloud, signed 16 bits. Raises OSError without the program, RuntimeError when it fails."""
    command = [program, "-v", voice, "-s", "150", "-w", str(path), text]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')[-200:]}")
    with wave.open(str(path)) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
        return at_8_khz(samples, file.getframerate())


def at_8_khz(samples, rate_hz, reach=12):
    """Windowed-sinc resampling, low-pass at 3.6 kHz. Returns a list of floats."""
    step = rate_hz / RATE_HZ
    cut = 2 * 3600.0 / rate_hz
    made = []
    for number in range(int(len(samples) / step) - 2 * reach):
        middle = (number + reach) * step
        first = math.ceil(middle - reach)
        total = 0.0
        for at in range(first, first + 2 * reach):
            if 0 <= at < len(samples):
                off = at - middle
                window = 0.5 + 0.5 * math.cos(math.pi * off / (reach + 1))
                shape = cut if off == 0 else math.sin(math.pi * cut * off) / (math.pi * off)
                total += samples[at] * shape * window
        made.append(total)
    return made


def mean_size(samples):
    """Mean size of a list of samples, of those parts that are not silent."""
    loud = [abs(sample) for sample in samples if abs(sample) > 50]
    return sum(loud) / max(len(loud), 1)
