"""A voice without a person: syllables of a buzz through two formants, with pauses between them, for who has no recording.

Not speech, but like it in what a voice switch and a voice detector go by: level, syllables, pauses.
"""

import array
import math
import wave

_RATE_HZ = 16000
_SECONDS = 12
_PITCH_HZ = 120
_FORMANTS_HZ = ((600, 100), (1200, 150))  # centre, width: a neutral vowel
_SYLLABLE_S, _PAUSE_EVERY, _PAUSE_S = 0.22, 5, 0.5
LEVEL = 600  # mean size of 32,767, about -35 dBFS: a firm voice near an INMP441


def write_voice(path, level=LEVEL):
    """A WAV file of 12 s, 16-bit mono at 16 kHz, that can be looped."""
    samples = _formants(_buzz())
    mean = sum(map(abs, samples)) / len(samples)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE_HZ)
        file.writeframes(array.array("h", (round(value * level / mean) for value in samples)).tobytes())


def _buzz():
    """Pulses at the voice's pitch, loud and soft by syllable, silent in the pauses."""
    period = _RATE_HZ // _PITCH_HZ
    phrase_s = _SYLLABLE_S * _PAUSE_EVERY + _PAUSE_S
    for i in range(_SECONDS * _RATE_HZ):
        at_s = i / _RATE_HZ % phrase_s
        loud = math.sin(math.pi * at_s % _SYLLABLE_S / _SYLLABLE_S) if at_s < _SYLLABLE_S * _PAUSE_EVERY else 0.0
        yield loud if i % period == 0 else 0.0


def _formants(samples):
    """Two resonators in a row."""
    for centre_hz, width_hz in _FORMANTS_HZ:
        samples = _resonator(samples, centre_hz, width_hz)
    return list(samples)


def _resonator(samples, centre_hz, width_hz):
    size = math.exp(-math.pi * width_hz / _RATE_HZ)
    first, second = 2 * size * math.cos(2 * math.pi * centre_hz / _RATE_HZ), -size * size
    one = two = 0.0
    for value in samples:
        one, two = value + first * one + second * two, one
        yield one
