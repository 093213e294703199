"""A stalled, a dead and a slow link are told apart (P1, P8)."""

from firmware.core import clock
from firmware.core.link_watch import LinkWatch

_SETTINGS = {"ping_ms": 5000, "pong_ms": 3000, "race_ms": 500, "race_ceiling_ms": 4000, "race_initial_ms": 1000}


def _up(at_ms=0, join_ms=10):
    watch = LinkWatch(_SETTINGS)
    watch.start(at_ms, join_ms)
    return watch


def test_idle_link_is_pinged_after_5_s_and_lives_while_it_answers():
    for begin_ms in (0, 2**30 - 7000):  # the second one crosses the wrap of the ticks
        watch = _up(begin_ms)
        now_ms = begin_ms
        for _ in range(5):
            assert not watch.ping_now(clock.add(now_ms, 4999))
            now_ms = clock.add(now_ms, 5000)
            assert watch.next_due() == now_ms
            assert watch.ping_now(now_ms)
            watch.asked(now_ms)
            assert not watch.ping_now(now_ms)
            now_ms = clock.add(now_ms, 20)
            assert watch.check_dead(now_ms, None) is None
            watch.ponged(now_ms, False)


def test_link_that_does_not_answer_a_ping_is_dead_after_3_s():
    watch = _up()
    watch.asked(5000)
    assert watch.next_due() == 8000
    assert watch.check_dead(7999, None) is None
    assert "3000 ms" in watch.check_dead(8000, None)


def test_dead_link_gives_the_next_one_more_time_until_something_is_confirmed():
    watch = _up()
    for _ in range(4):
        watch.asked(0)
        watch.check_dead(100000, None)
        watch.end()
    watch.start(0, 10)
    watch.asked(0)
    assert watch.check_dead(7999, None) is None
    assert watch.check_dead(8000, None)
    watch.confirmed(8000, 10, False, False)
    watch.asked(9000)
    assert watch.check_dead(12000, None)


def test_alarm_without_puback_stalls_after_the_timeout_once():
    watch = _up()
    watch.asked(100, True)
    assert watch.next_due() == 600
    assert not watch.check_stall(599)
    assert watch.check_stall(600)
    assert watch.racing
    assert not watch.check_stall(601)


def test_routine_message_never_races():
    watch = _up()
    watch.asked(100)
    assert not watch.check_stall(60000)


def test_each_puback_gives_those_that_still_wait_their_full_time():
    watch = _up()
    watch.asked(0, True)
    for now_ms in (400, 800, 1200):
        assert not watch.check_stall(now_ms)
        watch.confirmed(now_ms, 400, True, True)
    assert not watch.check_stall(1600)
    assert watch.check_stall(6000)


def test_puback_during_a_race_calls_it_off():
    watch = _up()
    watch.asked(0, True)
    watch.check_stall(500)
    watch.confirmed(700, 700, False, False)
    assert not watch.racing
    assert not watch.check_stall(60000)


def test_second_race_for_the_same_message_comes_later_than_the_first():
    watch = _up()
    waits = []
    for _ in range(4):
        watch.start(0, 10)
        watch.asked(0, True)
        at_ms = 0
        while not watch.check_stall(at_ms):
            at_ms += 50
        waits.append(at_ms)
    assert waits == [500, 1000, 2000, 4000]


def test_message_taken_back_ends_the_race_and_proves_nothing():
    watch = _up()
    watch.asked(0, True)
    watch.check_stall(500)
    watch.unwanted(True)
    assert watch.racing
    watch.unwanted(False)
    assert not watch.racing
    assert watch.check_dead(3000, None)


def test_time_in_which_the_loop_stood_still_counts_against_nobody():
    watch = _up()
    watch.asked(0, True)
    watch.forgive(2800)
    assert not watch.check_stall(3000)
    assert watch.check_dead(3000, None) is None
    assert watch.check_stall(3300)
    assert watch.check_dead(5800, None)


def test_message_that_alone_is_never_confirmed_ends_the_link_after_10_s():
    watch = _up()
    watch.asked(0)
    for now_ms in range(1000, 10000, 1000):
        watch.answered(now_ms, True)  # pings or other messages are answered all the time
        assert watch.check_dead(now_ms, 0) is None
    assert "PUBACK" in watch.check_dead(10000, 0)
