"""drivers/line.py on the stand-in ADC with its faults, and together with core/line.py."""

import machine

from firmware.core.line import Line
from firmware.drivers.line import LineAdc

BANDS = {"short": [0, 350], "pulled": [550, 1100], "normal": [1350, 1950], "open": [2600, 3300]}


class Readings:
    """An ADC that gives what it is told, in uV."""

    def __init__(self, *uv):
        self.uv = list(uv)

    def read_uv(self):
        return self.uv.pop(0)


def line_on(pin):
    return LineAdc(machine.ADC(pin, atten=machine.ADC.ATTN_11DB)), machine.world.adc(pin)


def test_the_reading_is_in_mv():
    driver, wire = line_on(34)
    wire.set_mv(1650)
    assert driver.read_mv() == 1650 and driver.scatter_mv == 0 and driver.why == ""


def test_the_median_leaves_two_wild_readings_out_in_any_order():
    cases = (
        (9000, 1650000, 1651000, 3100000, 1652000), (3100000, 1652000, 1650000, 9000, 1651000), (1, 2, 1651000, 3000000, 3000001),
    )
    for uv in cases:
        driver = LineAdc(Readings(*uv))
        assert driver.read_mv() == 1651
        assert driver.scatter_mv == max(uv) // 1000 - min(uv) // 1000


def test_a_fault_of_the_adc_gives_no_value_and_says_why():
    for fault, words in (("no_value", "gave no reading"), ("nan", "nan")):
        driver, wire = line_on(34)
        wire.fault = fault
        assert driver.read_mv() is None
        assert words in driver.why
        wire.fault = None
        wire.set_mv(800)
        assert driver.read_mv() == 800 and driver.why == ""


def test_adc2_beside_wifi_gives_no_value():
    driver, _ = line_on(25)
    machine.world.wifi_active = True
    assert driver.read_mv() is None and driver.why


def test_whatever_the_adc_does_the_line_never_takes_it_for_fine_or_pulled():
    """P5: each fault of the ADC becomes an input fault within 2 s and a call is raised by none of them."""
    for fault in ("no_value", "nan", "jump"):
        machine.world.clear()
        driver, wire = line_on(34)
        line = Line(BANDS, 40)
        wire.set_mv(1650)
        seen = []
        for at_ms in range(0, 10000, 20):
            if at_ms == 1000:
                wire.fault = fault
            seen += [(at_ms,) + action for action in line.read(driver.read_mv(), driver.scatter_mv, driver.why, at_ms)]
        assert len(seen) == 1 and seen[0][:3] == (3000, "OPEN_FAULT", "input"), (fault, seen)
        assert seen[0][3]


def test_a_cord_from_wire_to_activation():
    driver, wire = line_on(34)
    line = Line(BANDS, 40)
    seen = []
    for at_ms in range(0, 6000, 20):
        wire.set_mv(799 if 1000 <= at_ms < 1200 else 3300 if at_ms >= 3000 else 1650)
        seen += [(at_ms,) + action[:2] for action in line.read(driver.read_mv(), driver.scatter_mv, driver.why, at_ms)]
    assert seen == [
        (1040, "ACTIVATED", "activated"), (1240, "RELEASED"), (5000, "OPEN_FAULT", "line_open"), (5000, "ACTIVATED", "line_open"),
    ]
