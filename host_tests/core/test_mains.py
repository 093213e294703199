"""core/mains.py: spoken at once and seldom, reported late, scattered, and once (DESIGN timers)."""

from firmware.core import clock
from firmware.core.mains import Mains
from firmware.core.timers import Timers

STARTS_MS = (0, clock.PERIOD_MS - 30000)


def mains(spread_ms=0):
    return Mains(Timers(), lambda n: min(spread_ms, n - 1))


def says(actions):
    return [action[1] for action in actions if action[0] == "SAY"]


def reports(actions):
    return [action[1:] for action in actions if action[0] == "REPORT_MAINS"]


def test_a_change_counts_after_100_ms_without_a_gap():
    one = mains()
    assert not one.sample(False, 1000) and not one.sample(False, 1099) and one.sample(False, 1100)
    one = mains()
    one.sample(False, 1000)
    assert not one.sample(True, 1050) and not one.sample(False, 1060) and not one.sample(False, 1159) and one.sample(False, 1160)
    assert not mains().sample(True, 0)


def test_a_failure_is_spoken_at_once_and_reported_after_60_s():
    for start_ms in STARTS_MS:
        one = mains()
        assert one.changed(start_ms) == [("SAY", "mains_failed")] and not one.on and one.report_due is not None
        assert one.tick(clock.add(start_ms, 59999)) == [] and one.settled
        assert one.tick(clock.add(start_ms, 60000)) == [("REPORT_MAINS", False, 60, 1), ("FAULT", "mains", "", True)]
        assert not one.settled and one.report_due is None and one.tick(clock.add(start_ms, 900000)) == []


def test_the_report_is_put_off_by_the_spread_and_by_no_more_than_5_min():
    one = mains(spread_ms=10**9)
    one.changed(0)
    assert reports(one.tick(359998)) == [] and reports(one.tick(359999)) == [(False, 359, 1)]
    one = mains(spread_ms=123456)
    one.changed(0)
    assert reports(one.tick(183455)) == [] and reports(one.tick(183456)) == [(False, 183, 1)]


def test_what_is_restored_is_spoken_of_and_reported_likewise():
    one = mains()
    one.changed(0)
    one.tick(60000)
    assert one.changed(200000) == [("SAY", "mains_back")]
    assert one.tick(259999) == []
    assert one.tick(260000) == [("REPORT_MAINS", True, 60, 1), ("FAULT", "mains", "", False)]


def test_a_failure_that_is_over_before_its_report_is_none():
    one = mains()
    one.changed(0)
    assert one.changed(40000) == [], "60 s after the last message"
    assert one.tick(59999) == [] and one.tick(60000) == [("SAY", "mains_back")]
    assert one.tick(100000) == [] and one.report_due is None


def test_100_edges_in_a_minute_are_spoken_of_twice_and_reported_once():
    for last_on in (True, False):
        one = mains(spread_ms=7000)
        actions = []
        edges = 100 if last_on else 99
        for i in range(edges):
            actions += one.tick(i * 600) + one.changed(i * 600)
        for at_ms in range(60000, 1000000, 500):
            actions += one.tick(at_ms)
        assert says(actions) == (["mains_failed", "mains_back"] if last_on else ["mains_failed"])
        assert reports(actions) == [(last_on, 67, edges)]


def test_mains_that_never_rest_are_reported_after_10_min_all_the_same():
    one = mains()
    at_ms, actions = 0, []
    while at_ms <= 600000:
        actions += one.tick(at_ms)
        if reports(actions):
            break
        if at_ms % 50000 == 0:
            actions += one.changed(at_ms)
        at_ms += 1000
    assert at_ms == 600000 and len(reports(actions)) == 1
    assert len(says(actions)) <= 10


def test_nine_changes_that_came_to_nothing_are_no_report_and_ten_are():
    for edges, want in ((8, []), (10, [(True, 60, 10)])):
        one = mains()
        for i in range(edges):
            one.changed(i * 1000)
        found = reports(one.tick((edges - 1) * 1000 + 59999))
        assert found == []
        assert reports(one.tick((edges - 1) * 1000 + 60000)) == want, edges


def test_next_due_is_the_soonest_of_all():
    one = mains(spread_ms=5000)
    assert one.next_due() is None
    one.sample(False, 1000)
    assert one.next_due() == 1100
    one.sample(False, 1100)
    one.changed(1100)
    assert one.next_due() == 61100
    one.tick(61100)
    assert one.next_due() == 66100
    one.tick(66100)
    assert one.next_due() is None
