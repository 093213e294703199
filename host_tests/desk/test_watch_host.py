"""The unit watch, rule by rule, and its table walked."""

import copy

import pytest

from host_tests.fakes.desk import KEY
from tools.desk import watch as w
from tools.desk.config import TIMERS, Unit
from tools.desk.units import Strangers, UnitRecord

SILENT_MS, PERIOD_MS = 20_000, 600_000


def started():
    return w.UnitWatch(0, SILENT_MS, PERIOD_MS)


def heard():
    unit = started()
    unit.handle(w.HEARD, 100)
    unit.handle(w.ASKED, 100)
    unit.handle(w.HEARD, 200)
    return unit


def test_a_unit_that_is_never_heard_is_silent_after_20_s():
    unit = started()
    assert unit.handle(w.TICK, 19_999) == []
    assert unit.handle(w.TICK, 20_000) == [("SHOW",), ("QUERY",)]
    assert (unit.state, unit.reason) == ("silent", "never_heard")


def test_the_will_makes_it_silent_at_once_and_any_word_online_with_a_question():
    unit = heard()
    assert unit.handle(w.WILLED, 300) == [("SHOW",), ("QUERY",)]
    assert unit.handle(w.WILLED, 310) == []
    assert (unit.state, unit.reason) == ("silent", "will")
    assert unit.handle(w.HEARD, 400) == [("SHOW",), ("QUERY",)]
    assert unit.state == "online"


def test_a_reply_owed_for_20_s_makes_it_silent():
    unit = heard()
    unit.handle(w.ASKED, 1000)
    unit.handle(w.ASKED, 15_000)
    assert unit.handle(w.TICK, 20_999) == []
    assert unit.handle(w.TICK, 21_000) == [("SHOW",), ("QUERY",)]
    assert unit.reason == "no_reply"


def test_a_silent_unit_is_asked_again_every_minute():
    unit = heard()
    unit.handle(w.WILLED, 1000)
    asked = [at_ms for at_ms in range(1000, 182_000, 1000) if unit.handle(w.TICK, at_ms) == [("QUERY",)]]
    assert asked == [61_000, 121_000, 181_000]


def test_without_a_broker_for_20_s_nobody_is_called_online():
    unit = heard()
    unit.handle(w.BROKER_LOST, 1000)
    unit.handle(w.BROKER_LOST, 9000)
    assert unit.handle(w.TICK, 20_999) == []
    assert unit.handle(w.TICK, 21_000) == [("SHOW",)]
    assert unit.reason == "no_broker"
    assert unit.handle(w.BROKER_BACK, 22_000) == [("QUERY",)]


def test_a_short_loss_of_the_broker_is_forgiven():
    unit = heard()
    unit.handle(w.BROKER_LOST, 1000)
    unit.handle(w.BROKER_BACK, 20_000)
    assert unit.handle(w.TICK, 30_000) == []
    assert unit.state == "online"


def test_health_is_overdue_after_two_periods_and_asked_for_each_period():
    unit = heard()
    assert unit.handle(w.TICK, 2 * PERIOD_MS - 1) == []
    assert unit.handle(w.TICK, 2 * PERIOD_MS) == [("SHOW",), ("QUERY",)]
    assert unit.health_overdue
    assert unit.handle(w.TICK, 3 * PERIOD_MS) == [("QUERY",)]
    assert unit.handle(w.HEALTH_HEARD, 3 * PERIOD_MS + 1) == [("SHOW",)]
    assert not unit.health_overdue


def test_the_walk_has_no_dead_end():
    """All sequences of five events with pauses: it always knows when to look again, and silence always has a reason."""
    frontier = [(started(), 0)]
    for _ in range(5):
        nexts = []
        for unit, now_ms in frontier:
            for event in w.EVENTS:
                later = copy.copy(unit)
                later.handle(event, now_ms + 7000)
                assert later.next_due() is not None
                assert (later.state == w.SILENT) == bool(later.reason)
                nexts.append((later, now_ms + 7000))
        frontier = nexts
    assert len(frontier) == 7**5
    assert {unit.state for unit, _ in frontier} == set(w.STATES)


def test_unknown_events_raise():
    with pytest.raises(ValueError):
        started().handle("SEEN", 0)


def record():
    unit = UnitRecord(Unit("demo", "f12", "u1", KEY), None, 0, {name: timer[0] for name, timer in TIMERS.items()})
    unit.judge({"session": "a", "seq": 1, "boot": 1, "epoch": "e"})
    return unit


def state(conn, online):
    return {"conn": conn, "online": online}


def test_a_will_of_a_replaced_connection_is_ignored():
    unit = record()
    assert unit.state_event(state(2, True)) == w.HEARD
    assert unit.state_event(state(3, True)) == w.HEARD
    assert unit.state_event(state(2, False)) is None
    assert unit.state_event(state(3, False)) == w.WILLED


def test_an_online_message_that_its_own_will_overtook_does_not_undo_it():
    unit = record()
    assert unit.state_event(state(3, False)) == w.WILLED
    assert unit.state_event(state(3, True)) is None
    assert unit.state_event(state(4, True)) == w.HEARD


def test_a_new_session_counts_its_connections_anew():
    unit = record()
    unit.state_event(state(9, True))
    unit.judge({"session": "b", "seq": 1, "boot": 2, "epoch": "e"})
    assert unit.state_event(state(1, True)) == w.HEARD


def test_strangers_are_listed_up_to_64_topics():
    strangers = Strangers()
    for i in range(100):
        strangers.count(f"ils/v1/demo/f{i}/u1/alarm")
    assert len(strangers.counts) == 65
    assert strangers.counts["others"] == 36
