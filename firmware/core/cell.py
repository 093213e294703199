"""From a burst of raw ADC readings to the cell's mV, or no value and why. Pure. The ADC itself: drivers/battery.py.

`why`, as the protocol says it: `adc` it gave no number, `jump` the readings of one burst lie too far apart, `calibration` the
board file has no usable ratio or trim, `range` no cell can have that, `none` the board has no such part.
"""

from micropython import const

LOWEST_MV = const(2500)  # below this a protection circuit has cut the cell off: what is read is no cell
HIGHEST_MV = const(4500)  # 4.2 V full, and 6 % for an ADC without trim (docs/boards.md)
RATIOS_PPM = (1000000, 10000000)  # a divider makes less of the voltage; above 10 the ADC's own noise would be 100 mV
TRIM_MV = const(300)  # either way: 6 % of 4.2 V and some more. More than that is another fault, not the ADC's
_SCATTER_MV = const(300)  # of the cell: a burst takes 1 ms, noise of the ADC times a divider of 4 is below 200 mV


def judge(readings, data):
    """(mV, "") or (None, why). `readings`: sorted list of uV at the pin, or None if the ADC gave something else; `data`: the
    battery object of the board file, or its `ratio_ppm` and `trim_mv` alone; None without a battery."""
    if data is None:
        return None, "none"
    ratio_ppm, trim_mv = data.get("ratio_ppm"), data.get("trim_mv")
    if type(ratio_ppm) is not int or not RATIOS_PPM[0] <= ratio_ppm <= RATIOS_PPM[1]:
        return None, "calibration"
    if type(trim_mv) is not int or abs(trim_mv) > TRIM_MV:
        return None, "calibration"
    if readings is None:
        return None, "adc"
    ratio = ratio_ppm // 100  # in steps that stay small integers on the board
    if (readings[-1] - readings[0]) // 100 * ratio // 100000 > _SCATTER_MV:
        return None, "jump"
    mv = readings[len(readings) // 2] // 100 * ratio // 100000 + trim_mv
    return (mv, "") if LOWEST_MV <= mv <= HIGHEST_MV else (None, "range")
