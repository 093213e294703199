"""One supervised line on an ADC pin: a median of five readings in mV, or no value and why."""

from micropython import const

_READINGS = const(5)  # odd, so that the median is a reading; five take about 0.3 ms and two of them may be wild


class LineAdc:
    """`adc`: machine.ADC set up for the whole range (11 dB). No policy and no thresholds: core/line.py judges.

    `scatter_mv`: highest minus lowest of the last five. `why`: reason of the last missing value, else "". Nothing is
    allocated per good reading.
    """

    def __init__(self, adc):
        self._adc = adc
        self._sorted_mv = [0] * _READINGS
        self.scatter_mv = 0
        self.why = ""

    def read_mv(self):
        """Median in mV, or None with the reason in `why`: the ADC refused, or gave something that is no number."""
        self.scatter_mv = 0
        for i in range(_READINGS):
            try:
                uv = self._adc.read_uv()
            except OSError as error:
                self.why = "the ADC gave no reading (%s)" % error
                return None
            if type(uv) is not int:
                self.why = "the ADC gave %r" % (uv,)
                return None
            self._insert(i, uv // 1000)
        self.why = ""
        self.scatter_mv = self._sorted_mv[_READINGS - 1] - self._sorted_mv[0]
        return self._sorted_mv[_READINGS // 2]

    def _insert(self, i, mv):
        """Sorts as it goes: list.sort would do, but this needs no second pass over half-filled places."""
        while i and self._sorted_mv[i - 1] > mv:
            self._sorted_mv[i] = self._sorted_mv[i - 1]
            i -= 1
        self._sorted_mv[i] = mv
