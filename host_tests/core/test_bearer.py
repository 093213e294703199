"""core/bearer.py: what is kept of one bearer."""

from firmware.core import clock
from firmware.core.bearer import Bearer, better, young


def test_a_switch_says_whether_it_changed_anything_and_off_is_without_a_network():
    one = Bearer("wifi")
    assert not one.switch(False) and one.switch(True) and not one.switch(True)
    one.up_ms = 5
    assert one.switch(False) and one.up_ms is None and not one.lasts(0, 10)


def test_it_lasts_from_when_it_came_also_over_the_wrap():
    one = Bearer("wifi")
    one.up_ms = clock.PERIOD_MS - 5000
    assert one.lasts(10000, 5000) and not one.lasts(10001, 5000)


def test_doubt_doubles_up_to_an_hour_and_ends_with_forgiveness():
    one = Bearer("cellular")
    held = []
    for _ in range(8):
        held.append(one.hold_ms // 60000)
        one.doubt()
    assert held == [1, 2, 4, 8, 16, 32, 60, 60]
    one.forgive()
    assert one.hold_ms == 60000


def test_a_modem_has_more_patience_than_a_radio_and_ethernet_is_the_hungry_one():
    wifi, ethernet, cellular = Bearer("wifi"), Bearer("ethernet"), Bearer("cellular")
    assert wifi.patience_ms < ethernet.patience_ms < cellular.patience_ms and (wifi.slow, cellular.slow) == (1, 3)
    assert (wifi.hungry, ethernet.hungry, cellular.hungry) == (False, True, False)


def test_gone_back_to_is_who_failed_least_before_the_carrier_the_preferred_one_of_equals_and_none_that_is_too_hungry():
    ethernet, wifi, cellular = three = [Bearer(name) for name in ("ethernet", "wifi", "cellular")]
    assert better(three, 0, False) is None
    assert better(three, 2, False) == 0 and better(three, 2, True) == 1 and better(three, 1, True) is None
    ethernet.doubt()
    assert better(three, 2, False) == 1 and better(three, 1, False) == 0
    wifi.doubt()
    cellular.hold_ms = 0
    assert better(three, 2, False) == 0


def test_an_old_tick_is_kept_just_old_enough_to_be_compared():
    for age_ms in (0, 1000, 7200000, 7200001, clock.PERIOD_MS // 2 - 1):
        now_ms = 77
        found_ms = young(clock.add(now_ms, -age_ms), now_ms)
        assert clock.diff(now_ms, found_ms) == min(age_ms, 7200000)
    assert young(None, 5) is None
