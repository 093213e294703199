"""core.power.Power of a board file's battery, as firmware/build.py makes it."""

from firmware.core import power_figures
from firmware.core.power import Power
from firmware.core.power_hours import Hours


def make(battery, senses_mains, loads_ma, timers, rand):
    hours = Hours(*power_figures.of_hours(battery, loads_ma))
    return Power(power_figures.limits_mv(battery), senses_mains, hours, timers, rand)
