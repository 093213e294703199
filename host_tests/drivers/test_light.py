"""drivers/light.py on the stand-in pin."""

import machine

from firmware.drivers.light import Light


def test_the_light_is_dark_at_first_and_follows_the_polarity():
    for active, lit in (("high", 1), ("low", 0)):
        machine.world.clear()
        light = Light(machine.Pin(23, machine.Pin.OUT, value=1 - lit), active)
        wire = machine.world.pin(23)
        assert wire.seen == 1 - lit and light.lit == 0
        light.set(1)
        assert wire.seen == lit and light.lit == 1
        light.set(0)
        assert wire.seen == 1 - lit


def test_only_a_change_is_written():
    light = Light(machine.Pin(23, machine.Pin.OUT), "high")
    before = len(machine.world.pin(23).history)
    for level in (1, 1, 1, 0, 0):
        light.set(level)
    assert len(machine.world.pin(23).history) - before == 2


def test_a_light_that_was_left_lit_goes_dark_at_the_start():
    light = Light(machine.Pin(23, machine.Pin.OUT, value=1), "high")
    assert machine.world.pin(23).seen == 0 and light.lit == 0
