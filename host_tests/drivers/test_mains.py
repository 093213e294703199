"""drivers/mains.py: polarity is the board's."""

import machine

from firmware.drivers.mains import MainsPin


def test_the_active_level_says_that_the_mains_are_there():
    for active, level, there in (("high", 1, True), ("high", 0, False), ("low", 0, True), ("low", 1, False)):
        machine.world.clear()
        machine.world.pin(39).drive(level)
        assert MainsPin(machine.Pin(39, machine.Pin.IN), active).there() is there, (active, level)
