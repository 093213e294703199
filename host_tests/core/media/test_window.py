"""The replay window against a plain set of numbers."""

from firmware.core.media.window import Window


class Plain:
    """What the window promises, by remembering everything."""

    def __init__(self):
        self.taken = set()
        self.highest = 0

    def has(self, number):
        return number in self.taken or number <= self.highest - 128


def test_the_window_and_a_set_agree_over_long_random_walks():
    for seed in range(1, 9):
        window, plain = Window(), Plain()
        state = seed * 7919
        window.take(0, 0)
        plain.taken.add(0)
        for _ in range(1500):
            state = (state * 1103 + 12345) & 0xFFFFFF
            step = (state >> 8) % 40 - 25 if seed % 2 else (state >> 8) % 300 - 140
            number = plain.highest + step
            if number < 0:
                continue
            assert window.has(number, number - plain.highest) == plain.has(number), (seed, number)
            if not plain.has(number):
                window.take(number, number - plain.highest)
                plain.taken.add(number)
                plain.highest = max(plain.highest, number)


def test_at_least_64_numbers_back_are_still_told_apart():
    window = Window()
    window.take(1000, 0)
    for back in range(1, 128):
        assert not window.has(1000 - back, -back)
    window.take(936, -64)
    assert window.has(936, -64) and not window.has(937, -63)
    assert window.has(872, -128) and window.has(0, -1000)


def test_clearing_forgets_all():
    window = Window()
    window.take(5, 0)
    window.clear()
    assert not window.has(5, 0)
