"""Arithmetic of the bench: medians, percentiles, ratios. Empty input is an error, never a zero."""

import math
import statistics


def median(values):
    if not values:
        raise ValueError("no value was measured")
    return statistics.median(values)


def percentile(values, percent):
    """Nearest rank: the smallest value with at least `percent` % of all at or below it. 0 < percent <= 100."""
    if not values:
        raise ValueError("no value was measured")
    if not 0 < percent <= 100:
        raise ValueError(f"percentile {percent}: 0 < percent <= 100")
    ordered = sorted(values)
    return ordered[math.ceil(percent / 100 * len(ordered)) - 1]


def per_item(short, long):
    """Cost of one item from two runs (items, cost) of different length: what both spend on starting cancels."""
    (few, cost_few), (many, cost_many) = short, long
    if many <= few:
        raise ValueError("the second run must have more items")
    return (cost_many - cost_few) / (many - few)


def order_kept(numbers):
    """True if first arrivals came in ascending order. Repeats of a number do not count."""
    firsts = list(dict.fromkeys(numbers))
    return firsts == sorted(firsts)


def doubled(numbers):
    """How many arrivals were repeats."""
    return len(numbers) - len(set(numbers))
