"""What whoever drives a virtual board does with sound: `board.microphone` and `board.speaker`."""

import functools
import wave

from tools.vboard.acoustics import ECHO_FROM_MS, ECHO_TO_MS, RATE_HZ, Sink, read_wav, samples_of
from tools.vboard.errors import BoardError

GAIN_DB = (-60, 40)
LEVEL_DB = (-120, 40)
ROOM_NOISE_DB = -80  # a quiet living room has 40 dB(A); 94 dB(A) are -26 dBFS of an INMP441 (data sheet)


class Microphone:
    """The person in front of the unit. Full scale of a file is the microphone's full scale at `gain_db` 0.

    `open`: the unit listens now (its I2S port receives). What is said while it does not is gone, as in a room; a file waits.
    """

    def __init__(self, card):
        self._card = card
        self.ports = set()  # receiving I2S ports

    @property
    def open(self):
        return bool(self.ports)

    def play(self, path, loop=False):
        """A wav file, 16 bits, any rate, first channel; from its beginning, in place of what was said. Raises BoardError."""
        try:
            samples = read_wav(path)
        except (OSError, ValueError) as error:
            raise BoardError(f"microphone: {error}", "file") from error
        with self._card.lock:
            self._card.room.source.play(samples, loop)

    def feed(self, pcm):
        """Live: 16-bit little-endian mono samples at 16 kHz. Heard 60 ms later; more than 1 s ahead, the oldest are dropped."""
        with self._card.lock:
            self._card.room.source.feed(samples_of(pcm))

    def silence(self):
        with self._card.lock:
            self._card.room.source.silence()

    @property
    def playing(self):
        """A file has not come to its end yet."""
        return self._card.room.source.is_playing

    @property
    def dropped_ms(self):
        """Of a live stream that came faster than it was heard."""
        return self._card.room.source.dropped * 1000 // RATE_HZ

    @property
    def gain_db(self):
        return self._card.room.gain_db

    @gain_db.setter
    def gain_db(self, db):
        self._card.room.gain_db = _within("gain_db", db, *GAIN_DB)


class Loudspeaker:
    """Ears in front of the unit. Everything is 16-bit mono at 16 kHz in real time, with silence where nothing is played."""

    def __init__(self, card):
        self._card = card
        self._recording = None

    @property
    def underruns(self):
        """Holes of up to 0.5 s in what the unit plays, with the amplifier on."""
        return self._card.underruns

    def record(self, path):
        """Into a wav file, from now until `stop`; one recording at a time. Raises BoardError."""
        self.stop()
        try:
            raw = open(path, "wb")  # noqa: SIM115 - until stop()
        except OSError as error:
            raise BoardError(f"speaker: {error}", "file") from error
        file = wave.open(raw, "wb")  # noqa: SIM115
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        sink = self._add(file.writeframesraw)
        self._recording = raw, file, sink

    def stop(self):
        """Ends the recording and completes its file; nothing if there is none."""
        if self._recording is None:
            return
        raw, file, sink = self._recording
        self._recording = None
        with self._card.lock:
            self._card.sinks.remove(sink)
            sink.fill(self._card.now_place())
        file.close()
        raw.close()

    def subscribe(self, callback):
        """`callback(bytes)` in the loop, 16 ms at a time while the unit's sound runs. Returns a function that ends it."""
        sink = self._add(functools.partial(self._card.post, callback))
        return functools.partial(self._remove, sink)

    def _add(self, write):
        with self._card.lock:
            sink = Sink(write, self._card.now_place())
            self._card.sinks.append(sink)
        return sink

    def _remove(self, sink):
        with self._card.lock:
            if sink in self._card.sinks:
                self._card.sinks.remove(sink)


def set_room(card, echo_db, delay_ms, noise_db):
    """How much of the speaker comes to the microphone, how late, and the noise in the room; None for none. Raises BoardError."""
    _within("delay_ms", delay_ms, ECHO_FROM_MS, ECHO_TO_MS)
    for name, db in (("echo_db", echo_db), ("noise_db", noise_db)):
        if db is not None:
            _within(name, db, *LEVEL_DB)
    with card.lock:
        card.room.echo_db, card.room.delay_ms = echo_db, delay_ms
        card.room.set_noise(noise_db)


def _within(name, value, low, high):
    if not low <= value <= high:
        raise BoardError(f"{name}: {low} to {high} wanted", "field")
    return value
