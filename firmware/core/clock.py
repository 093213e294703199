"""Millisecond ticks that wrap, as the ESP32's do.

Every `now_ms` and due-field in the firmware is a tick in 0 ... 2**30 - 1 (12.4 days). Two ticks can be compared only if they
lie less than half a period (6.2 days) apart; every timer here is far shorter. Source: D7, FACTS (`ticks_ms` period).
"""

from micropython import const

PERIOD_MS = const(1 << 30)
_MASK = const((1 << 30) - 1)
_HALF = const(1 << 29)


def add(tick_ms, delta_ms):
    """The tick `delta_ms` (may be negative) after `tick_ms`."""
    return (tick_ms + delta_ms) & _MASK


def diff(later_ms, earlier_ms):
    """Signed distance `later - earlier` in ms, -2**29 ... 2**29 - 1."""
    return ((later_ms - earlier_ms + _HALF) & _MASK) - _HALF


def reached(now_ms, due_ms):
    """True once `now_ms` is at or after `due_ms`; False for `due_ms` None (timer not set)."""
    return due_ms is not None and diff(now_ms, due_ms) >= 0


def soonest(first_ms, second_ms):
    """The earlier of two due-fields, either of which may be None."""
    if first_ms is None or (second_ms is not None and diff(second_ms, first_ms) < 0):
        return second_ms
    return first_ms
