"""firmware/probing.py: a cell is looked for with the charger off, daily, and never in the way of a call or on battery."""

from firmware.core import clock
from firmware.probing import Probing

START_MS = clock.PERIOD_MS - 5000
DAY_MS = 86400000


class Bench:
    def __init__(self, *readings):
        self.readings = list(readings)
        self.found = []  # (works, part) of each look
        self.off = 0
        self.now_ms = START_MS
        self.probing = Probing(self.charger, self, DAY_MS, lambda: self.now_ms)

    def charger(self, level):
        self.off = level

    def measure(self):
        assert self.off, "with the charger on a reading proves nothing"
        return self.readings.pop(0)

    def tested(self, works, part):
        self.found.append((works, part))

    def step(self, ms, busy=False):
        self.now_ms = clock.add(self.now_ms, ms)
        self.probing.step(busy)


def test_once_a_day_the_charger_is_off_for_10_s_and_what_is_read_then_counts():
    bench = Bench((3900, ""), (None, "range"))
    for found in ((True, "missing"), (False, "missing")):
        bench.step(DAY_MS - 1)
        assert not bench.off
        bench.step(1)
        assert bench.off
        bench.step(9999)
        assert bench.off and found not in bench.found
        bench.step(1)
        assert not bench.off and bench.found[-1] == found


def test_a_reading_that_says_nothing_of_the_cell_tells_nothing():
    bench = Bench((None, "adc"), (None, "jump"), (None, "calibration"))
    for _ in range(3):
        bench.step(DAY_MS)
        bench.step(10000)
    assert bench.found == [] and bench.readings == [] and not bench.off


def test_a_call_or_a_mains_failure_puts_the_charger_on_at_once_and_the_look_off_by_a_day():
    bench = Bench((3900, ""))
    bench.step(DAY_MS)
    assert bench.off
    bench.step(20, busy=True)
    assert not bench.off and bench.found == []
    bench.step(10000)
    bench.step(DAY_MS - 10001)
    assert not bench.off
    bench.step(1)
    assert bench.off


def test_nothing_begins_while_somebody_needs_the_battery():
    bench = Bench()
    bench.step(DAY_MS, busy=True)
    assert not bench.off
    bench.step(DAY_MS - 1)
    assert not bench.off
    bench.step(1)
    assert bench.off
