"""core/cell.py: a value from a burst, or why there is none. Values are such that a factor of 1000 shows."""

from firmware.core import cell

DATA = {"ratio_ppm": 2000000, "trim_mv": 0}


def burst(*uv):
    return sorted(uv)


def test_the_median_through_the_divider_is_the_cells_voltage():
    assert cell.judge(burst(1900000, 1905000, 1950000), DATA) == (3810, "")
    assert cell.judge([1843700] * 9, {"ratio_ppm": 2000000, "trim_mv": -37}) == (3650, "")
    assert cell.judge([1016400] * 9, {"ratio_ppm": 3762400, "trim_mv": 0}) == (3824, "")


def test_the_trim_moves_the_value_by_itself():
    for trim_mv, mv in ((-300, 3500), (-1, 3799), (0, 3800), (1, 3801), (300, 4100)):
        assert cell.judge([1900000] * 9, {"ratio_ppm": 2000000, "trim_mv": trim_mv}) == (mv, ""), trim_mv


def test_what_no_cell_can_have_is_no_value():
    for uv, want in ((0, (None, "range")), (-5000, (None, "range")), (1249000, (None, "range")), (1250000, (2500, "")),
                     (2250000, (4500, "")), (2250600, (None, "range")), (3100000, (None, "range"))):
        assert cell.judge([uv] * 9, DATA) == want, uv


def test_readings_that_jump_within_a_burst_are_no_value():
    assert cell.judge(burst(*[1800000] * 8 + [1950000]), DATA) == (3600, "")
    assert cell.judge(burst(*[1800000] * 8 + [1951000]), DATA) == (None, "jump")
    assert cell.judge(burst(*[0, 3300000] * 4 + [0]), DATA) == (None, "jump")
    assert cell.judge(burst(*[1951000] * 8 + [1800000]), DATA) == (None, "jump"), "the lowest alone"


def test_no_reading_no_part_no_calibration_are_told_apart():
    assert cell.judge(None, DATA) == (None, "adc")
    assert cell.judge([1900000] * 9, None) == (None, "none")
    for data in ({}, {"ratio_ppm": 2000000}, {"ratio_ppm": None, "trim_mv": 0}, {"ratio_ppm": 2.0, "trim_mv": 0},
                 {"ratio_ppm": 2000000, "trim_mv": None}, {"ratio_ppm": 999999, "trim_mv": 0},
                 {"ratio_ppm": 10000001, "trim_mv": 0}, {"ratio_ppm": 2000000, "trim_mv": 301},
                 {"ratio_ppm": 2000000, "trim_mv": True}, {"ratio_ppm": True, "trim_mv": 0}):
        assert cell.judge([1900000] * 9, data) == (None, "calibration"), data
