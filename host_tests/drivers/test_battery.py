"""drivers/battery.py on the stand-in ADC with its faults, and together with core/cell.py: a value, or why there is none."""

import machine

from firmware.core import cell
from firmware.drivers.battery import BatteryAdc

DATA = {"ratio_ppm": 2000000, "trim_mv": 0}


def battery_on(pin):
    return BatteryAdc(machine.ADC(pin, atten=machine.ADC.ATTN_11DB)), machine.world.adc(pin)


class Readings:
    """An ADC that gives what it is told, in uV."""

    def __init__(self, *uv):
        self.uv = list(uv)

    def read_uv(self):
        return self.uv.pop(0)


def test_a_burst_is_nine_readings_sorted():
    driver = BatteryAdc(Readings(5, 3, 9, 1, 7, 2, 8, 4, 6, 66))
    assert driver.burst() == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_the_cells_voltage_comes_through_the_divider():
    driver, wire = battery_on(36)
    wire.set_mv(1850)
    assert cell.judge(driver.burst(), DATA) == (3700, "")
    wire.set_mv(2100)
    assert cell.judge(driver.burst(), DATA) == (4200, "")


def test_each_fault_of_the_adc_is_no_value_for_its_own_reason_and_is_over_when_it_is():
    for fault, why in (("no_value", "adc"), ("nan", "adc"), ("jump", "jump")):
        driver, wire = battery_on(36)
        wire.set_mv(1850)
        wire.fault = fault
        assert cell.judge(driver.burst(), DATA) == (None, why), fault
        wire.fault = None
        assert cell.judge(driver.burst(), DATA) == (3700, "")


def test_a_wire_that_is_off_and_one_at_the_supply_are_out_of_range():
    driver, wire = battery_on(36)
    for mv in (0, 3300, 100000):
        wire.set_mv(mv)
        assert cell.judge(driver.burst(), DATA) == (None, "range"), mv


def test_text_none_and_numbers_with_a_point_are_no_readings():
    for wild in ("1850000", None, 1850000.0, True):
        driver = BatteryAdc(Readings(*[1850000] * 8, wild))
        assert driver.burst() is None, wild


def test_attenuation_decides_where_a_cell_is_cut_short():
    driver = BatteryAdc(machine.ADC(36, atten=machine.ADC.ATTN_2_5DB))
    machine.world.adc(36).set_mv(1100)
    assert cell.judge(driver.burst(), {"ratio_ppm": 3762400, "trim_mv": 0}) == (4138, "")
    machine.world.adc(36).set_mv(1400)
    assert cell.judge(driver.burst(), {"ratio_ppm": 3762400, "trim_mv": 0}) == (None, "range")
