"""RTC memory over the stand-in of the chip: kept over a reset, lost with the power, garbage after a brown-out (P1, D6)."""

import machine

from firmware.core.calls import VOLATILE
from firmware.drivers.rtc_memory import COUNTERS, MUTE, SIZE, RtcMemory


def opened():
    return RtcMemory(machine.RTC())


def new():
    machine.world.clear()
    return opened()


def test_after_a_power_loss_it_is_empty_and_says_so_and_after_a_reset_it_is_not():
    one = new()
    assert one.lost and one.mark() == bytes(4) and one.calls() == [] and [one.counted(name) for name in COUNTERS] == [0] * 12
    one.count("power_on")
    assert not opened().lost
    machine.world.clear()
    assert opened().lost
    assert opened().keep_call(4, (1, 0, 0, 0)) and not opened().lost


def test_a_mark_alone_does_not_hide_that_the_power_was_lost_and_is_kept_p1():
    """A start that fails before it has taken up the last state sets a mark (main.py's rescue, too little memory): the calls that
    only that state has must not go with it."""
    one = new()
    one.count("power_on")
    one.keep_call(VOLATILE + 5, (1, 2, 0, 0))
    one.set_mark(MUTE)
    last = bytes(one.image())
    machine.world.clear()
    opened().set_mark(b"serv")
    two = opened()
    assert two.lost and two.mark() == b"serv"
    assert two.restore(last) and two.calls() == [(VOLATILE + 5, (1, 2, 0, 0))] and opened().mark() == b"serv"


def test_marks_counters_calls_and_the_flight_are_kept_over_a_reset():
    one = new()
    one.set_mark(MUTE)
    one.count("watchdog")
    one.count("watchdog")
    one.put("quick", 77)
    assert one.keep_call(VOLATILE + 5, (1, 2, 0, 0)) and one.keep_call(VOLATILE + 5, (2, 15, 1, 3))
    one.seconds = 90000
    one.flight[0], one.flight[575] = 11, 22
    one.save()
    two = opened()
    assert two.mark() == MUTE == b"mute" and two.counted("watchdog") == 2 and two.counted("quick") == 77 and two.seconds == 90000
    assert two.calls() == [(VOLATILE + 5, (1, 2, 0, 0)), (VOLATILE + 5, (2, 15, 1, 3))]
    assert len(two.flight) == 576 and (two.flight[0], two.flight[575]) == (11, 22)
    two.set_mark()
    assert opened().mark() == bytes(4)


def test_it_fits_into_what_the_chip_has():
    assert SIZE <= 2048 and len(new().image()) == SIZE


def test_a_call_that_is_over_is_forgotten_under_either_of_its_numbers_and_no_other_is():
    for kept, over in ((VOLATILE + 5, VOLATILE + 5), (5, VOLATILE + 5), (VOLATILE + 5, 5)):
        one = new()
        one.keep_call(kept, (1, 0, 0, 0))
        one.keep_call(VOLATILE + 6, (1, 1, 0, 0))
        one.keep_call(kept, (2, 0, 0, 0))
        one.drop_call(over)
        assert opened().calls() == [(VOLATILE + 6, (1, 1, 0, 0))]


def test_there_is_room_for_24_activations_and_the_25th_is_refused_until_one_is_over():
    one = new()
    assert [one.keep_call(n, (1, 0, 0, 0)) for n in range(25)] == [True] * 24 + [False]
    one.drop_call(7)
    assert one.keep_call(99, (1, 255, 255, 255)) and (99, (1, 255, 255, 255)) in opened().calls()


def test_a_changed_bit_in_a_call_or_in_the_counters_costs_only_that():
    for byte in range(10):
        one = new()
        one.keep_call(3, (1, 0, 0, 0))
        one.keep_call(4, (1, 0, 0, 0))
        image = bytearray(machine.world.rtc_memory)
        image[60 + byte] ^= 4
        machine.world.rtc_memory = bytes(image)
        assert opened().calls() == [(4, (1, 0, 0, 0))], byte
    for byte in range(8, 60):
        one = new()
        one.put("told", 1)
        one.keep_call(4, (1, 0, 0, 0))
        image = bytearray(machine.world.rtc_memory)
        image[byte] ^= 128
        machine.world.rtc_memory = bytes(image)
        two = opened()
        assert two.counted("told") == 0 and two.seconds == 0 and two.calls() == [(4, (1, 0, 0, 0))] and not two.lost, byte


def test_garbage_and_what_somebody_else_has_left_count_as_lost():
    for left in (b"mute", b"ILS0" + bytes(SIZE - 4), b"ILS1", b"ILS1" + bytes(SIZE - 5), b"\xa5" * 2048, bytes(SIZE)):
        new()
        machine.world.rtc_memory = left
        one = opened()
        assert one.lost and one.calls() == [] and one.mark() == bytes(4), left[:8]
        one.count("hard")
        assert opened().counted("hard") == 1


def test_an_image_brings_everything_back_after_a_power_loss_and_garbage_brings_nothing():
    one = new()
    one.keep_call(3, (1, 0, 0, 0))
    one.put("watchdog", 5)
    one.seconds = 40
    image = bytes(one.image())
    two = new()
    for wrong in (b"", image[:-1], b"X" + image[1:], image + b"\x00"):
        assert not two.restore(wrong) and two.calls() == [] and two.counted("watchdog") == 0
    assert two.restore(image) and two.calls() == [(3, (1, 0, 0, 0))] and two.counted("watchdog") == 5 and two.seconds == 40
    assert opened().calls() == [(3, (1, 0, 0, 0))]


def test_the_mark_of_a_start_is_not_brought_back_after_a_power_loss():
    one = new()
    one.set_mark(MUTE)
    image = bytes(one.image())
    two = new()
    assert two.restore(image) and two.mark() == bytes(4)


def test_an_unknown_counter_raises():
    one = new()
    for act in (one.counted, one.count):
        try:
            act("nonsense")
        except ValueError:
            continue
        raise RuntimeError("taken")
    assert len(COUNTERS) == 12
