"""Measures the tone in what the unit plays: frequency by zero crossings, per block, with the level as a gate.

Speech is no tone: its waves are uneven. A held vowel may be taken for one now and then.
"""

import array
import sys

_QUIET = 0.01  # of full scale: below -40 dB a block counts as silence
_AGREE = 0.03  # two blocks in a row must agree that well: no pitch is reported from a block in which the tone changed
_EVEN = 1.25  # longest to shortest wave of a tone; interpolation errs by 20 % at 3 kHz, speech and noise by far more


class Ear:
    """One I2S port. `hear(samples)` returns a new pitch in Hz (0 for silence, speech, noise) when it has changed, else None."""

    def __init__(self, rate_hz, bits, channels):
        self.rate_hz = rate_hz
        self.hz = 0
        self._code = "h" if bits == 16 else "i"
        self._full = 1 << (bits - 1)
        self._channels = channels
        self._last = 0

    def hear(self, payload):
        samples = array.array(self._code)
        samples.frombytes(payload[: len(payload) // samples.itemsize * samples.itemsize])
        if sys.byteorder == "big":
            samples.byteswap()
        return self._settle(self._pitch(samples[:: self._channels]))

    def _settle(self, hz):
        agrees = abs(hz - self._last) <= _AGREE * max(hz, self._last)
        self._last = hz
        if not agrees or abs(hz - self.hz) <= _AGREE * max(hz, self.hz):
            return None
        self.hz = hz
        return hz

    def _pitch(self, samples):
        """Hz of one block by its rising zero crossings, interpolated; 0 if it is quiet, has fewer than two or uneven ones."""
        if not samples or max(max(samples), -min(samples)) < _QUIET * self._full:
            return 0
        rising = [n for n in range(1, len(samples)) if samples[n - 1] < 0 <= samples[n]]
        if len(rising) < 2:
            return 0
        times = [n - samples[n] / (samples[n] - samples[n - 1]) for n in rising]
        waves = [after - before for before, after in zip(times, times[1:], strict=False)]
        if max(waves) > _EVEN * min(waves):
            return 0
        return round(len(waves) * self.rate_hz / (times[-1] - times[0]))
