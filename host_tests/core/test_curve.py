"""core/curve.py: the two ways of the curve agree; core/battery_model.py has the rest."""

from firmware.core.curve import along


def test_points_and_halves_of_the_curve():
    for charge, mv in ((0, 3000), (2, 3350), (3.5, 3415), (10, 3600), (95, 4120), (100, 4180)):
        assert abs(along(charge, 0) - mv) < 0.01, charge
        assert abs(along(mv, 1) - charge) < 0.001, mv


def test_beyond_the_ends_it_stays():
    assert along(-1, 0) == 3000 and along(101, 0) == 4180 and along(2000, 1) == 0 and along(4500, 1) == 100


def test_it_rises_all_the_way():
    last = -1
    for mv in range(3000, 4181, 10):
        charge = along(mv, 1)
        assert charge > last
        last = charge
