"""The red light on a GPIO."""


class Light:
    """`pin`: machine.Pin set up as output and dark. `active`: "low" or "high", the level that lights it."""

    def __init__(self, pin, active):
        self._pin = pin
        self._lit_level = 1 if active == "high" else 0
        self.lit = None  # what was set last; None before the first time
        self.set(0)

    def set(self, level):
        """1: lit, 0: dark. The pin is written on a change only."""
        if level != self.lit:
            self.lit = level
            self._pin.value(self._lit_level if level else 1 - self._lit_level)
