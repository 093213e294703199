"""What a recording says: how loud a tone is in each 10 ms, for how long it was missing, when it began."""

import math

from tools.bench.measure import median

WINDOW_MS = 10
_PRESENT = 0.25  # of the usual size: what is concealed counts until it has faded so far; a tone that begins in a window too


def sizes(samples, rate_hz, hz):
    """Size of the tone of `hz` in each window of 10 ms. `hz`: a multiple of 100, so that whole waves fit."""
    count = rate_hz * WINDOW_MS // 1000
    turn = 2 * math.cos(2 * math.pi * hz / rate_hz)
    made = []
    for first in range(0, len(samples) - count + 1, count):
        one = two = 0.0
        for sample in samples[first : first + count]:
            one, two = sample + turn * one - two, one
        made.append(2 / count * math.sqrt(max(one * one + two * two - turn * one * two, 0.0)))
    return made


def silences_ms(found, usual=None):
    """Lengths in ms of the times without the tone, of `sizes`; `usual`: its size, by default the median."""
    least = _PRESENT * (median(found) if usual is None else usual)
    lengths, run = [], 0
    for size in [*found, math.inf]:
        if size < least or size == 0:
            run += WINDOW_MS
        elif run:
            lengths.append(run)
            run = 0
    return lengths


def longest_ms(found, usual=None):
    """The longest time without the tone."""
    return max(silences_ms(found, usual), default=0)


def onsets(samples, least, quiet):
    """Places where, after `quiet` samples below it, one of at least `least` comes."""
    places, last = [], -quiet
    for place, sample in enumerate(samples):
        if abs(sample) >= least:
            if place - last >= quiet:
                places.append(place)
            last = place
    return places


def tone(hz, seconds, size, rate_hz=16000):
    """16-bit samples of a sine."""
    step = 2 * math.pi * hz / rate_hz
    return [round(size * math.sin(step * i)) for i in range(round(seconds * rate_hz))]
