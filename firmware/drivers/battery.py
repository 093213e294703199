"""A burst of readings of the battery's voltage at an ADC pin. No policy: core/cell.py judges."""

from micropython import const

_READINGS = const(9)  # odd, so that the median is a reading; nine take about 0.5 ms and four of them may be wild


class BatteryAdc:
    """`adc`: machine.ADC with the attenuation of the board file."""

    def __init__(self, adc):
        self._adc = adc
        self._readings = [0] * _READINGS

    def burst(self):
        """Nine readings in uV, sorted, good until the next burst; None if the ADC refused or gave what is no whole number."""
        readings = self._readings
        for i in range(_READINGS):
            try:
                uv = self._adc.read_uv()
            except OSError:
                return None
            if type(uv) is not int:
                return None
            readings[i] = uv
        readings.sort()
        return readings
