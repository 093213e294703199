"""Looks for a cell with the charger off, on a board that can: with it on, a board without a cell reads 4.2 V.

Loaded only where the board file has a `charger_disable`. After a reset the pin is an input, and the charger on.
Source: FACTS, power.
"""

from micropython import const

from firmware.core import clock

_SETTLE_MS = const(10000)  # five times what the charger's capacitor and the divider take


class Probing:
    """`charger(level)`: 1 switches it off; `power`: power.Power; `every_ms`: between two looks; `now()`: tick."""

    def __init__(self, charger, power, every_ms, now):
        self._charger = charger
        self._power = power
        self._every_ms = every_ms
        self._now = now
        self._due = clock.add(now(), every_ms)
        self._off = False

    def step(self, busy):
        """`busy`: a call is open, or the mains are out: the charger is on then, at once."""
        now_ms = self._now()
        if busy and self._off:
            self._switch(False, now_ms)
        elif clock.reached(now_ms, self._due):
            if self._off:
                mv, why = self._power.measure()
                self._switch(False, now_ms)
                if mv is not None or why == "range":  # any other reason says nothing of the cell
                    self._power.tested(mv is not None, "missing")
            else:
                self._switch(not busy, now_ms)

    def _switch(self, off, now_ms):
        self._off = off
        self._charger(1 if off else 0)
        self._due = clock.add(now_ms, _SETTLE_MS if off else self._every_ms)
