"""The bench's own arithmetic, with values whose right answer is known."""

import pytest

from tools.bench import measure


def test_median_of_an_even_count_lies_between():
    assert measure.median([4, 1, 3, 2]) == 2.5
    assert measure.median([7]) == 7


def test_percentile_is_the_nearest_rank():
    values = list(range(1, 201))
    for percent, wanted in ((50, 100), (99, 198), (99.5, 199), (100, 200), (0.1, 1)):
        assert measure.percentile(values, percent) == wanted, percent
    assert measure.percentile([9, 1], 50) == 1


def test_nothing_measured_is_an_error_and_never_a_zero():
    for function in (measure.median, lambda values: measure.percentile(values, 50)):
        with pytest.raises(ValueError):
            function([])
    for percent in (0, -1, 101):
        with pytest.raises(ValueError):
            measure.percentile([1], percent)


def test_cost_of_one_item_is_free_of_the_start():
    assert measure.per_item((50, 1_000_000 + 50 * 300), (150, 1_000_000 + 150 * 300)) == 300
    with pytest.raises(ValueError):
        measure.per_item((50, 10), (50, 20))


def test_order_looks_at_first_arrivals_and_repeats_are_counted_apart():
    for numbers, in_order, repeats in (([], True, 0), ([1, 2, 3], True, 0), ([1, 2, 1, 3, 2], True, 2), ([2, 1], False, 0)):
        assert measure.order_kept(numbers) is in_order, numbers
        assert measure.doubled(numbers) == repeats, numbers
