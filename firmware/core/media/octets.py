"""Bytes from one buffer into another without a slice, which would be an object."""

import micropython


@micropython.viper
def copy(source: ptr8, at: int, target: ptr8, to: int, size: int):
    """`size` bytes of `source` from `at` on to `target[to:]`. Nothing is checked; the two must not overlap unless to < at."""
    source, target = ptr8(int(source) + at), ptr8(int(target) + to)
    while size >= 4:
        target[0] = source[0]
        target[1] = source[1]
        target[2] = source[2]
        target[3] = source[3]
        source, target, size = ptr8(int(source) + 4), ptr8(int(target) + 4), size - 4
    while size > 0:
        target[0] = source[0]
        source, target, size = ptr8(int(source) + 1), ptr8(int(target) + 1), size - 1


@micropython.viper
def differ(one: ptr8, at: int, two: ptr8, to: int, size: int) -> int:
    """0 if `size` bytes from `at` and from `to` on are equal. Takes the same time wherever they differ."""
    one, two, wrong = ptr8(int(one) + at), ptr8(int(two) + to), 0
    while size > 0:
        wrong |= one[0] ^ two[0]
        one, two, size = ptr8(int(one) + 1), ptr8(int(two) + 1), size - 1
    return wrong
