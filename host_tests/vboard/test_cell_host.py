"""The virtual board's cell: it empties by what is drawn, sags, is charged, ages and dies as a lithium cell does."""

import pytest

from firmware.core import battery_model
from tools.vboard.cell import CHARGER_MV, EMPTY_PCT, Cell


def test_what_is_drawn_is_gone():
    cell = Cell(2000)
    cell.give(41, 24 * 3600)
    assert cell.charge_pct == pytest.approx(100 - 41 * 24 / 20)
    cell.give(-41, 24 * 3600)
    assert cell.charge_pct == pytest.approx(100)


def test_it_is_never_fuller_than_full_nor_emptier_than_empty():
    cell = Cell(2000, 50)
    cell.give(-5000, 3600)
    assert cell.charge_pct == 100
    cell.give(5000, 36000)
    assert cell.charge_pct == EMPTY_PCT


def test_its_voltage_is_the_model_s_and_sags_by_its_resistance():
    for charge_pct in (0, 3, 20, 50, 77, 100):
        cell = Cell(2000, charge_pct)
        assert cell.mv(0) == battery_model.open_mv(charge_pct)
        assert cell.mv(400) == pytest.approx(cell.mv(0) - 60)
        assert cell.mv(-400) == pytest.approx(cell.mv(0) + 60)


def test_below_nothing_it_falls_until_its_protection_opens():
    cell = Cell(2000, 0)
    fallen = []
    while cell.charge_pct > EMPTY_PCT:
        fallen.append(cell.mv(40))
        cell.give(40, 600)
    assert fallen == sorted(fallen, reverse=True) and 2300 < fallen[-1] < 2700
    assert cell.mv(0) == 0 and cell.mv(-100) > 0


def test_it_is_charged_at_full_current_first_and_with_ever_less_at_the_end():
    cell = Cell(2000, 20)
    hours, currents = 0, []
    while cell.charge_pct < 99 and hours < 20:
        currents.append(cell.charge_ma())
        assert cell.mv(-cell.charge_ma()) <= CHARGER_MV + 1e-6
        cell.give(-cell.charge_ma(), 60)
        hours += 1 / 60
    assert 3 < hours < 8
    assert currents[0] == 500 and currents[-1] < 250 and currents == sorted(currents, reverse=True)
    cell.charge_pct = 100
    assert cell.charge_ma() == 0


def test_a_worn_cell_has_half_and_a_dead_one_gives_way_under_a_radio():
    cell = Cell(2000, 50)
    whole_mv = cell.mv(280)
    cell.kind = "worn"
    assert cell.capacity_mah == 1000 and whole_mv - 200 < cell.mv(280) < whole_mv - 100
    cell.kind = "dead"
    assert cell.mv(36) > 3400 and cell.mv(280) < 2600
