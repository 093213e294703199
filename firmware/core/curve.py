"""The curve of a lithium cell: charge to voltage at rest and back. Pure; what a unit keeps of core/battery_model.py."""

# charge in %, mV of the cell at rest, and so on, rising. Model: the usual shape of a lithium cobalt or NMC cell at 20 degrees C,
# drawn on the low side of makers' curves below 20 %; no certain cell's. Flat, as a tuple of tuples takes three times the heap.
_CURVE = (0, 3000, 2, 3350, 5, 3480, 10, 3600, 15, 3660, 20, 3690, 30, 3740, 40, 3770, 50, 3800, 60, 3850, 70, 3910, 80, 3980,
          90, 4060, 100, 4180)


def along(value, given):
    """The other value at `value`, which is a charge in % (`given` 0) or mV (1); straight between two points, and as at the ends
    beyond them."""
    before = given
    for at in range(given, len(_CURVE), 2):
        if value <= _CURVE[at]:
            break
        before = at
    other = 1 - 2 * given
    if at == before or value >= _CURVE[at]:
        return _CURVE[at + other]
    part = (value - _CURVE[before]) / (_CURVE[at] - _CURVE[before])
    return _CURVE[before + other] + part * (_CURVE[at + other] - _CURVE[before + other])
