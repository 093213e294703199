"""No silent task death (P8)."""

from firmware.core.supervision import Supervision


def test_a_beat_that_moves_is_fresh_and_one_that_stands_still_is_stale_after_its_limit():
    for start in (0, (1 << 30) - 3000):
        watch = Supervision()
        watch.watch("link", 5000, start)
        watch.beat("link", 1, (start + 4000) % (1 << 30))
        assert watch.stale((start + 9000) % (1 << 30)) is None
        watch.beat("link", 1, (start + 9000) % (1 << 30))
        assert watch.stale((start + 9001) % (1 << 30)) == "link"


def test_one_stale_task_is_enough_however_fresh_the_others_are():
    watch = Supervision()
    for name in ("inputs", "link", "light"):
        watch.watch(name, 2000, 0)
    for now in range(0, 10000, 500):
        watch.beat("inputs", now, now)
        watch.beat("light", now, now)
        assert watch.stale(now) == ("link" if now > 2000 else None)


def test_a_task_that_ends_is_started_again_five_times_an_hour_and_then_is_stale_for_good():
    watch = Supervision()
    watch.watch("link", 5000, 0)
    assert [watch.ended("link", now) for now in range(0, 6000, 1000)] == [True] * 5 + [False]
    watch.beat("link", 99, 6000)
    assert watch.stale(6001) == "link"


def test_restarts_of_an_hour_ago_are_forgiven():
    watch = Supervision()
    watch.watch("link", 5000, 0)
    for now in range(0, 5000, 1000):
        assert watch.ended("link", now)
    assert watch.ended("link", 3600000)


def test_a_task_that_was_started_again_has_its_whole_time_to_show_that_it_lives():
    watch = Supervision()
    watch.watch("link", 5000, 0)
    watch.beat("link", 1, 100)
    assert watch.ended("link", 5000)
    assert watch.stale(9900) is None and watch.stale(10001) == "link"
