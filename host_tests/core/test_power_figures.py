"""core/power_figures.py: what a board file leaves out has a default; each figure by hand."""

from firmware.core.power_figures import limits_mv, of_hours


def near(a, b, within):
    return abs(a - b) <= within


def test_limits_are_the_boards_or_the_defaults():
    assert limits_mv({}) == (3600, 3450, 3350)
    assert limits_mv({"low_mv": 3650, "critical_mv": None, "off_mv": 3300}) == (3650, 3450, 3300)
    assert limits_mv({"low_mv": "3650"}) == (3600, 3450, 3350)
    assert limits_mv(None) is None


def test_figures_of_hours_are_those_of_stand_by_on_battery():
    # 41 mA by the table, 0.15 ohm: 6.15 mV; 3,356.15 mV is 6.15 / 130 x 3 % above 2 %; 80 % of 2,000 mAh by 41 mA
    drop_mv, end_pct, pct_hours = of_hours({"capacity_mah": 2000}, None)
    assert near(drop_mv, 6.15, 0.001) and near(end_pct, 2.1419, 0.001) and near(pct_hours, 0.39024, 0.0001)


def test_a_boards_capacity_limit_and_loads_are_used():
    drop_mv, end_pct, pct_hours = of_hours({"capacity_mah": 5200, "off_mv": 3480}, {"board": 49})
    assert near(drop_mv, 12.15, 0.001) and near(end_pct, 5.506, 0.001) and near(pct_hours, 0.51358, 0.0001)


def test_without_a_battery_there_are_figures_all_the_same():
    assert of_hours(None, None) == of_hours({}, None)
