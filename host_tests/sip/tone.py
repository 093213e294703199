"""How pure a tone is in what was recorded: its power over that of all the rest, in dB."""

import array
import math
import wave


def read_wav(path):
    """(samples, rate in Hz) of a 16-bit mono WAV file. A header that was never finished is read by the file's size."""
    with wave.open(str(path)) as file:
        samples = array.array("h", file.readframes(file.getnframes() or 1 << 26))
        return samples, file.getframerate()


def tone_db(samples, rate_hz, hz, step_s=0.5):
    """The best half second's ratio of the tone to the rest, dB; the mean is taken away first. -99 for silence.

    A tone that two free-running clocks carry may slip by a sample now and then; a long window would call that noise. `best` of
    several windows would hide a tone that comes and goes, so use `tone_share` beside it.
    """
    return max(_windows(samples, rate_hz, hz, step_s), default=-99.0)


def tone_share(samples, rate_hz, hz, least_db, step_s=0.5):
    """Share 0-1 of the half seconds in which the tone stands at least `least_db` over the rest."""
    windows = _windows(samples, rate_hz, hz, step_s)
    return sum(db >= least_db for db in windows) / max(1, len(windows))


def _windows(samples, rate_hz, hz, step_s):
    size = int(rate_hz * step_s)
    return [_ratio_db(samples[at:at + size], rate_hz, hz) for at in range(0, len(samples) - size + 1, size)]


def _dot(first, second):
    return sum(a * b for a, b in zip(first, second, strict=True))


def _ratio_db(samples, rate_hz, hz):
    """Least squares of a sine, a cosine and a constant: right for any length, not only for whole periods."""
    n = len(samples)
    mean = sum(samples) / n
    turn = 2 * math.pi * hz / rate_hz
    sines, cosines = [math.sin(turn * i) for i in range(n)], [math.cos(turn * i) for i in range(n)]
    centred = [value - mean for value in samples]
    total = sum(value * value for value in centred)
    ss, cc, sc = _dot(sines, sines), _dot(cosines, cosines), _dot(sines, cosines)
    xs, xc = _dot(centred, sines), _dot(centred, cosines)
    determinant = ss * cc - sc * sc
    tone = (xs * (xs * cc - xc * sc) + xc * (xc * ss - xs * sc)) / determinant
    rest = total - tone
    if total < n:  # below one step of the converter: silence
        return -99.0
    return 10 * math.log10(tone / rest) if rest > 1e-9 * total else 90.0
