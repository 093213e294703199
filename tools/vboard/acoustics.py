"""The air around a virtual board: what is said into its microphone, what its speaker plays, and the way from one to the other.

All at 16 kHz, mono. Places in time are sample numbers of one clock. Called from the sound card's thread under its lock, and by
whoever drives the board through sound_api.py.
"""

import array
import pathlib
import random
import sys
import wave

RATE_HZ = 16000
ECHO_FROM_MS = 16  # a DMA block of the speaker is known when it has been played
ECHO_TO_MS = 500
_FULL = (1 << 23) - 1  # 24 bits, as an INMP441 measures
_KEPT = 2 * RATE_HZ  # samples of the speaker that an echo can still be made of
_NOISE_PERIOD = 16381  # samples of noise made once and used from changing places


def factor(db):
    """Multiplier from 16 to 32 bits at this level; 0 dB keeps full scale. `>> 8` makes 24 bits of the product."""
    return round(65536 * 10 ** (db / 20))


def samples_of(data):
    """array of 16-bit samples from little-endian bytes; an odd byte at the end is dropped."""
    samples = array.array("h", bytes(data[: len(data) // 2 * 2]))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def bytes_of(samples):
    if sys.byteorder == "big":
        samples = array.array(samples.typecode, samples)
        samples.byteswap()
    return samples.tobytes()


def converted(samples, rate_hz, wanted_hz=RATE_HZ):
    """The same sound at another rate, between samples on a straight line; unchanged at the same rate."""
    if rate_hz == wanted_hz or not samples:
        return samples
    made = array.array("h")
    last = len(samples) - 1
    for n in range(len(samples) * wanted_hz // rate_hz):
        place, part = divmod(n * rate_hz, wanted_hz)
        step = samples[min(place + 1, last)] - samples[place]
        made.append(samples[place] + step * part // wanted_hz)
    return made


def read_wav(path):
    """Samples of a 16-bit wav file at 16 kHz, of its first channel. Raises ValueError for another format, OSError."""
    try:
        with wave.open(str(pathlib.Path(path)), "rb") as file:
            channels, width, rate_hz = file.getnchannels(), file.getsampwidth(), file.getframerate()
            samples = samples_of(file.readframes(file.getnframes())) if width == 2 else None
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path}: {error}") from error
    if samples is None:
        raise ValueError(f"{path}: 16-bit samples wanted, not {8 * width}-bit")
    return converted(samples[::channels], rate_hz)


class Source:
    """What is said in front of the microphone: a file, or a live stream that starts with a small reserve."""

    def __init__(self, limit_ms=1000, reserve_ms=60):
        self._limit = limit_ms * RATE_HZ // 1000
        self._reserve = reserve_ms * RATE_HZ // 1000
        self.silence()
        self.dropped = 0  # samples of a live stream that came faster than they were heard

    def silence(self):
        self._file, self._place, self._loops = array.array("h"), 0, False
        self._live, self._flows, self._waited = array.array("h"), False, 0

    def play(self, samples, loops):
        self.silence()
        self._file, self._loops = samples, loops

    def feed(self, samples):
        """Appends to the live stream; the oldest is dropped beyond the limit, so that nobody talks into the past."""
        self._live.extend(samples)
        if len(self._live) > self._limit:
            self.dropped += len(self._live) - self._limit
            self._live = self._live[-self._limit :]

    @property
    def is_playing(self):
        return self._place < len(self._file)

    def take(self, count):
        """The next `count` samples."""
        if self._file:
            return self._take_file(count)
        self._waited = self._waited + count if self._live else 0
        if not self._flows and (len(self._live) >= self._reserve or self._waited > self._reserve):
            self._flows = True
        if not self._flows:
            return array.array("h", bytes(2 * count))
        taken, self._live = self._live[:count], self._live[count:]
        self._flows = bool(self._live)
        return taken + array.array("h", bytes(2 * (count - len(taken))))

    def _take_file(self, count):
        taken = self._file[self._place : self._place + count]
        self._place += len(taken)
        while self._loops and len(taken) < count:
            self._place = min(len(self._file), count - len(taken))
            taken.extend(self._file[: self._place])
        return taken + array.array("h", bytes(2 * (count - len(taken))))


class Room:
    """`heard(place, count)`: 24-bit values at the microphone. `played(place, samples)`: what the loudspeaker gave."""

    def __init__(self, seed=1):
        self.source = Source()
        self.gain_db = 0.0
        self.echo_db = None  # speaker at full scale to microphone's full scale; None: no way
        self.delay_ms = 20
        self.dice = random.Random(seed)
        self._noise = None
        self._spoken = array.array("h")
        self._begin = 0  # place of the first sample that is kept of the speaker

    def set_noise(self, db):
        """Level of the noise, RMS against a full-scale square; None for silence."""
        if db is None:
            self._noise = None
        else:
            deviation = _FULL * 10 ** (db / 20)
            self._noise = [round(self.dice.gauss(0, deviation)) for _ in range(_NOISE_PERIOD)]

    def played(self, place, samples):
        end = self._begin + len(self._spoken)
        if place != end:
            self._spoken, self._begin = array.array("h"), place
        self._spoken.extend(samples)
        if len(self._spoken) > 2 * _KEPT:
            self._begin += len(self._spoken) - _KEPT
            self._spoken = self._spoken[-_KEPT:]

    def heard(self, place, count):
        gain = factor(self.gain_db)
        values = [sample * gain >> 8 for sample in self.source.take(count)]
        if self.echo_db is not None:
            echo = factor(self.echo_db)
            back = self._echo(place - self.delay_ms * RATE_HZ // 1000, count)
            values = [value + (sample * echo >> 8) for value, sample in zip(values, back, strict=True)]
        if self._noise is not None:
            at = self.dice.randrange(_NOISE_PERIOD - count)
            values = [value + noise for value, noise in zip(values, self._noise[at : at + count], strict=True)]
        return [max(-_FULL - 1, min(_FULL, value)) for value in values]

    def _echo(self, place, count):
        first = place - self._begin
        missing = min(count, max(0, -first))
        found = self._spoken[max(0, first) : max(0, first + count)]
        return array.array("h", bytes(2 * missing)) + found + array.array("h", bytes(2 * (count - missing - len(found))))


class Sink:
    """One listener at the loudspeaker from `place` on: `write(bytes)` gets every sample once, silence where nothing played."""

    def __init__(self, write, place):
        self._write = write
        self._place = place

    def played(self, place, samples):
        """Samples from `place` on; what was before this listener came is not for it."""
        if place > self._place:
            self._write(bytes(2 * (place - self._place)))
            self._place = place
        new = samples[self._place - place :]
        if new:
            self._write(bytes_of(new))
            self._place += len(new)

    def fill(self, place):
        """Nothing has played until `place`."""
        self.played(place, array.array("h"))
