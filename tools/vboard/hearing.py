"""Measures the tone in what the unit plays: frequency by zero crossings, per block, with the level as a gate."""

import array
import sys

_QUIET = 0.01  # of full scale: below -40 dB a block counts as silence
_AGREE = 0.03  # two blocks in a row must agree that well: no pitch is reported from a block in which the tone changed


class Ear:
    """One I2S port. `hear(samples)` returns a new pitch in Hz (0 for silence) when it has changed, else None."""

    def __init__(self, rate_hz, bits, channels, room_bytes):
        self.rate_hz = rate_hz
        self.bytes_per_s = rate_hz * bits // 8 * channels
        self.room_bytes = room_bytes
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

    def silence(self):
        """The buffer ran dry: returns 0 if something sounded until now, else None."""
        self._last = 0
        was, self.hz = self.hz, 0
        return 0 if was else None

    def _settle(self, hz):
        agrees = abs(hz - self._last) <= _AGREE * max(hz, self._last)
        self._last = hz
        if not agrees or abs(hz - self.hz) <= _AGREE * max(hz, self.hz):
            return None
        self.hz = hz
        return hz

    def _pitch(self, samples):
        """Hz of one block by its rising zero crossings, interpolated; 0 if it is quiet or has fewer than two."""
        if not samples or max(max(samples), -min(samples)) < _QUIET * self._full:
            return 0
        rising = [n for n in range(1, len(samples)) if samples[n - 1] < 0 <= samples[n]]
        if len(rising) < 2:
            return 0
        first, last = (n - samples[n] / (samples[n] - samples[n - 1]) for n in (rising[0], rising[-1]))
        return round((len(rising) - 1) * self.rate_hz / (last - first))
