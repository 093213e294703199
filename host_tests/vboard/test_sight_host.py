"""The onlooker names each of the firmware's light patterns from its changes alone, and nothing else."""

import random

from tools.vboard.sight import Onlooker, firmware_lights


def _watch(steps, for_ms, jitter_ms=0, start_ms=5000):
    """(onlooker, ms at the end) after the steps (level, ms, ...) were shown in a loop for so long."""
    dice = random.Random(1)
    onlooker = Onlooker(firmware_lights())
    now_ms, n = start_ms, 0
    while now_ms < start_ms + for_ms:
        level, ms = steps[n % len(steps)], steps[n % len(steps) + 1]
        onlooker.change(now_ms + dice.randint(0, jitter_ms), level)
        if not ms:
            return onlooker, start_ms + for_ms
        now_ms, n = now_ms + ms, n + 2
    return onlooker, now_ms - 1


def test_a_dark_light_is_off_from_the_start():
    assert Onlooker(firmware_lights()).name(0) == "off"


def test_every_pattern_of_the_firmware_is_named_also_with_jitter():
    for jitter_ms in (0, 60):
        for name, steps in firmware_lights().items():
            onlooker, now_ms = _watch(steps, 10_000, jitter_ms)
            assert onlooker.name(now_ms) == name, (name, jitter_ms)


def test_a_cycle_is_named_when_it_has_been_seen_once():
    lights = firmware_lights()
    onlooker, now_ms = _watch(lights["flashing"], 900)
    assert onlooker.name(now_ms) == "changing"
    onlooker, now_ms = _watch(lights["flashing"], 1900)
    assert onlooker.name(now_ms) == "flashing"


def test_a_flash_that_stops_is_not_called_flashing_for_ever():
    onlooker, now_ms = _watch(firmware_lights()["flashing"], 10_000)
    assert onlooker.name(now_ms + 700) != "flashing"
    due_ms = onlooker.next_ms(now_ms)
    assert onlooker.name(due_ms) in ("steady", "off")
    assert onlooker.next_ms(due_ms) is None


def test_a_flicker_of_no_known_rhythm_has_no_name():
    onlooker, now_ms = _watch((1, 50, 0, 320, 1, 700, 0, 30), 10_000)
    assert onlooker.name(now_ms) == "changing"
