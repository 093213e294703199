"""core/walk/load_test.py: each limit and time from both sides; nothing passes that was not measured (P7)."""

from firmware.core.walk.load_test import LoadTest

TIMES_MS = 60000, 10000


def play(one, mv_at, start_s=0, on_mains=False, until_s=120):
    """Reads once a second; `mv_at(s, loaded)` gives mV or None. Returns [(s, load)] of what it asked for."""
    asked, loaded = [], False
    for s in range(start_s, until_s):
        load = one.read(on_mains, mv_at(s, loaded), "adc", s * 1000)
        if load is not None:
            asked.append((s, load))
            loaded = load
        if one.found:
            break
    return asked


def cell(rest_mv, loaded_mv):
    return lambda s, loaded: loaded_mv if loaded else rest_mv


def test_a_minute_of_rest_ten_seconds_of_load():
    one = LoadTest(*TIMES_MS)
    assert play(one, cell(3812, 3701)) == [(60, True), (70, False)]
    assert one.found == ("pass", "3812 mV, under load 3701 mV", 10000)


def test_the_limits_of_voltage_and_drop_count_from_both_sides():
    for rest_mv, loaded_mv, result in ((3700, 3500, "pass"), (3700, 3499, "fail"), (3900, 3650, "pass"), (3900, 3649, "fail"),
                                       (4150, 3899, "fail"), (3490, 3480, "fail")):
        one = LoadTest(*TIMES_MS)
        play(one, cell(rest_mv, loaded_mv))
        assert one.found[0] == result, (rest_mv, loaded_mv)


def test_the_lowest_of_the_load_counts_and_one_wild_reading_does_not():
    for at, result in (((65, 66), "fail"), ((65,), "pass"), ((62, 65, 68), "pass")):
        one = LoadTest(*TIMES_MS)
        play(one, lambda s, loaded, at=at: 3400 if s in at else 3800)
        assert one.found[0] == result, at


def test_a_cell_that_gives_way_is_relieved_at_once():
    one = LoadTest(*TIMES_MS)
    assert play(one, cell(3800, 3349)) == [(60, True), (63, False)]
    assert one.found == ("fail", "3800 mV, under load 3349 mV", 3000)
    one = LoadTest(*TIMES_MS)
    assert play(one, cell(3800, 3350))[-1] == (70, False)


def test_no_value_is_never_a_pass():
    one = LoadTest(*TIMES_MS)
    assert play(one, lambda s, loaded: None) == [] and one.found == ("fail", "no value because adc", None)
    one = LoadTest(*TIMES_MS)
    assert play(one, lambda s, loaded: None if s >= 65 else 3900) == [(60, True), (67, False)]
    assert one.found[0] == "fail" and one.found[1] == "no value because adc"
    one = LoadTest(*TIMES_MS)
    play(one, lambda s, loaded: None if s % 3 else 3900)
    assert one.found is not None and one.found[0] == "pass", "two of three missing, but measured all the same"


def test_on_mains_it_waits_and_mains_that_come_back_begin_it_anew():
    one = LoadTest(*TIMES_MS)
    assert play(one, cell(3800, 3700), on_mains=True) == [] and one.found is None
    assert play(one, cell(3800, 3700), start_s=120, until_s=170) == []
    assert one.read(True, 4100, "", 170000) is None
    assert play(one, cell(3800, 3700), start_s=171, until_s=240) == [(231, True)]
    assert one.read(True, 4100, "", 240000) is False
    assert play(one, cell(3800, 3700), start_s=241, until_s=400) == [(301, True), (311, False)]
    assert one.found[0] == "pass"


def test_a_call_relieves_it_and_it_begins_anew():
    one = LoadTest(*TIMES_MS)
    play(one, cell(3800, 3700), until_s=65)
    assert one.stop() is False and one.found is None
    assert play(one, cell(3800, 3700), start_s=100, until_s=300) == [(160, True), (170, False)]
    assert one.stop() is None and one.found[0] == "pass"


def test_a_board_that_cannot_tell_leaves_it_out():
    one = LoadTest(*TIMES_MS)
    one.read(None, 3900, "", 0)
    assert one.found == ("skip", "the board cannot tell that mains are out", None)
    assert one.read(None, 3900, "", 1000) is None


def test_rest_and_load_last_as_long_as_the_timers_say():
    one = LoadTest(2000, 1000)
    assert play(one, cell(3800, 3700)) == [(2, True), (5, False)], "three readings under load, however short it is"
    assert one.found == ("pass", "3800 mV, under load 3700 mV", 1000)
    one = LoadTest(120000, 30000)
    assert play(one, cell(3800, 3700), until_s=200) == [(120, True), (150, False)] and one.found[2] == 30000


def test_two_first_readings_without_a_value_fail_nothing_and_the_third_does():
    one = LoadTest(*TIMES_MS)
    play(one, lambda s, loaded: None, until_s=2)
    assert one.found is None
    play(one, lambda s, loaded: None, start_s=2, until_s=3)
    assert one.found[:2] == ("fail", "no value because adc")
