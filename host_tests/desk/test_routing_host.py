"""Routing: the table walked to its end, and each rule by itself."""

import copy

import pytest

from tools.desk import routing as r

PERIOD_MS = 60_000
_STEP_MS = 10_000  # granularity of time in the walk
_MOVES = [(event, party) for event in r.EVENTS for party in (r.PARTIES if event == r.ANSWERED else [None])]


def key(call, now_ms):
    """What tells two situations apart, with times relative to now."""
    due = None if call.next_due() is None else max(0, call.next_due() - now_ms)
    since = None if call.state != r.RINGING else min(PERIOD_MS, now_ms - call._since_ms)
    return call.state, call.ringing, call.party, call.confirmed, call.on_duty, due, since


def consistent(call):
    ringing = call.state == r.RINGING
    assert (call.ringing is not None) == ringing, call.state
    held_by_test = call.party == r.TEST and call.state in (r.HELD, r.CLEARING)
    assert (call.next_due() is not None) == (ringing or held_by_test), call.state
    assert (call.party is not None) == (call.state in (r.HELD, r.CLEARING)), call.state


def right_actions(before, call, actions):
    sends = [action[1] for action in actions if action[0] == "SEND"]
    stops = [action[1] for action in actions if action[0] == "STOP_SENDING"]
    names = [action[0] for action in actions]
    if call.state == r.HELD and before != r.HELD:
        assert "answered" in sends or before == r.CLEARING
    if call.state == r.CLEARING and before != r.CLEARING:
        assert "clear" in sends
    if call.party == r.TEST:
        assert not {"RING", "ALERT_HOLDER"} & set(names)
    if call.state == r.RINGING and before != r.RINGING:
        assert "RING" in names and (before == r.CLOSED or "answered" in stops)
    if before == r.CLEARING and call.state in (r.HELD, r.RINGING):
        assert "clear" in stops
    if call.state == r.CLOSED and before != r.CLOSED:
        assert set(stops) == {"answered", "released", "clear"}
    if "RING" in names:
        assert call.state == r.RINGING


def walk():
    """Every situation that can be reached, all depths, time in steps of 10 s. Returns their number and the depth."""
    frontier, seen, depth = [], set(), 0
    for on_duty in (False, True):
        for raised_as in (r.RAISED, r.TEST_RAISED):
            call = r.Routing(on_duty, PERIOD_MS, test_ms=_STEP_MS)
            call.handle(raised_as, 0)
            frontier.append((call, 0))
    while frontier:
        depth += 1
        nexts = []
        for call, now_ms in frontier:
            for event, party in _MOVES:
                for wait_ms in (0, _STEP_MS):
                    later = copy.copy(call)
                    actions = later.handle(event, now_ms + wait_ms, party)
                    consistent(later)
                    right_actions(call.state, later, actions)
                    where = key(later, now_ms + wait_ms)
                    if where not in seen:
                        seen.add(where)
                        nexts.append((later, now_ms + wait_ms))
        frontier = nexts
    return len(seen), depth


def test_every_situation_that_can_be_reached_is_consistent():
    """Exhaustive: to the fixed point, all events in all situations."""
    situations, depth = walk()
    assert situations >= 90
    assert depth >= 8  # from calls and from test calls: half the ways begin further in


def test_no_situation_is_a_dead_end():
    """P8: a ringing call rings again within a period by itself; every other state waits for a person or the unit."""
    call = r.Routing(True, PERIOD_MS)
    call.handle(r.RAISED, 0)
    rung = []
    for now_ms in range(0, 10 * PERIOD_MS, 1000):
        rung += [(now_ms, action[1]) for action in call.handle(r.TICK, now_ms) if action[0] == "RING"]
    assert rung[:3] == [(60_000, "centre"), (120_000, "everyone"), (180_000, "everyone")]
    assert len(rung) == 9


def raised(on_duty=True):
    call = r.Routing(on_duty, PERIOD_MS)
    return call, call.handle(r.RAISED, 0)


def test_duty_decides_who_rings_first():
    assert raised(True)[1] == [("RING", "coordinator")]
    assert raised(False)[1] == [("RING", "centre")]


def test_the_units_escalation_hurries_but_skips_nobody():
    call, _ = raised()
    assert call.handle(r.ESCALATED, 61_000) == [("RING", "centre")]
    assert call.handle(r.ESCALATED, 62_000) == [("RING", "centre")]
    assert call.handle(r.TICK, 120_999) == []
    assert call.handle(r.TICK, 121_000) == [("RING", "everyone")]


def test_a_second_trigger_does_not_lengthen_the_turn():
    call, _ = raised()
    call.handle(r.TRIGGERED, 59_000)
    assert call.next_due() == 60_000


def test_duty_on_leaves_a_ringing_call_where_it_is():
    call, _ = raised(False)
    assert call.handle(r.DUTY_ON, 10) == []
    assert call.ringing == "centre"


def test_given_back_it_rings_the_next_after_who_gave_it_back():
    for party, following in (("coordinator", "centre"), ("centre", "everyone")):
        call, _ = raised()
        call.handle(r.ANSWERED, 10, party)
        assert call.handle(r.RELEASED, 20)[-1] == ("RING", following)


def test_an_escalation_that_crosses_the_answer_keeps_the_hold():
    call, _ = raised()
    call.handle(r.ANSWERED, 10, "centre")
    assert call.handle(r.ESCALATED, 20) == [("SEND", "answered")]
    call.handle(r.ANSWER_CONFIRMED, 30)
    assert call.handle(r.ESCALATED, 40) == [("STOP_SENDING", "answered"), ("RING", "everyone")]


def test_a_held_call_is_sent_its_answer_again_only_while_unconfirmed():
    call, _ = raised()
    call.handle(r.ANSWERED, 10, "centre")
    assert call.handle(r.REPEATED, 20) == [("SEND", "answered")]
    call.handle(r.ANSWER_CONFIRMED, 30)
    assert call.handle(r.REPEATED, 40) == []


def test_a_second_trigger_takes_a_clear_back_and_alerts_the_holder():
    call, _ = raised()
    call.handle(r.ANSWERED, 10, "centre")
    call.handle(r.CLEAR_ASKED, 20)
    assert call.handle(r.TRIGGERED, 30) == [("STOP_SENDING", "clear"), ("ALERT_HOLDER",)]
    assert call.state == r.HELD


def test_a_closed_call_gets_answered_and_clear_again_and_opens_only_for_a_new_trigger():
    call, _ = raised()
    call.handle(r.CLEARED, 10)
    for event in (r.REPEATED, r.ESCALATED):
        assert call.handle(event, 20) == [("SEND", "answered"), ("SEND", "clear")]
        assert call.state == r.CLOSED
    assert call.handle(r.TRIGGERED, 30) == [("RING", "everyone")]


def rehearsed(on_duty=True, test_ms=2000):
    call = r.Routing(on_duty, PERIOD_MS, test_ms=test_ms)
    return call, call.handle(r.TEST_RAISED, 0)


def test_a_test_call_rings_nobody_and_is_cleared_after_its_time():
    call, actions = rehearsed()
    assert actions == [("STOP_RINGING",), ("HOLD_AS_TEST",), ("STOP_SENDING", "released"), ("SEND", "answered")]
    assert call.handle(r.TICK, 1999) == []
    assert call.handle(r.TICK, 2000) == [("CLEAR_AS_TEST",), ("SEND", "clear")]
    assert (call.state, call.party, call.rings) == (r.CLEARING, r.TEST, 0)


def test_each_further_test_pull_gives_the_time_anew_and_takes_a_clear_back():
    call, _ = rehearsed()
    call.handle(r.TEST_TRIGGERED, 1500)
    assert call.handle(r.TICK, 3499) == []
    assert call.handle(r.TICK, 3500)[-1] == ("SEND", "clear")
    assert call.handle(r.TEST_TRIGGERED, 3600) == [("STOP_SENDING", "clear"), ("SEND", "answered")]
    assert (call.state, call.next_due()) == (r.HELD, 5600)


def test_a_test_call_that_becomes_real_rings_whoever_is_on_duty_from_every_state():
    taken_back = [("STOP_SENDING", "answered"), ("STOP_SENDING", "clear"), ("SEND", "released")]
    for on_duty, party in ((True, "coordinator"), (False, "centre")):
        for until_ms in (0, 2000):  # while it is held, and while it is being cleared
            for event in (r.MADE_REAL, r.TRIGGERED):
                call, _ = rehearsed(on_duty)
                call.handle(r.TICK, until_ms)
                assert call.handle(event, 2100) == taken_back + [("RING", party)]
                assert call.handle(r.TICK, 2100 + PERIOD_MS)[0][0] == "RING"


def test_a_closed_test_call_that_becomes_real_rings_everyone():
    call, _ = rehearsed()
    call.handle(r.CLEARED, 10)
    assert call.handle(r.MADE_REAL, 20) == [("RING", "everyone")]


def test_a_test_call_that_the_unit_raises_again_is_answered_again_and_still_rings_nobody():
    call, _ = rehearsed()
    call.handle(r.ANSWER_CONFIRMED, 5)
    assert call.handle(r.ESCALATED, 10) == [("SEND", "answered")]
    call.handle(r.TICK, 2010)
    assert call.handle(r.ESCALATED, 2020) == [("SEND", "answered"), ("SEND", "clear")]


def test_a_test_call_that_does_not_end_alerts_each_period():
    call, _ = rehearsed()
    call.handle(r.TICK, 2000)
    assert call.handle(r.TICK, 61_999) == []
    assert call.handle(r.TICK, 62_000) == call.handle(r.TICK, 122_000) == [("ALERT_ABOUT_TEST",)]


def test_a_person_who_answers_a_test_call_holds_it_as_any_other():
    call, _ = rehearsed()
    call.handle(r.ANSWERED, 100, "centre")
    assert (call.party, call.next_due(), call.handle(r.TICK, 99_000)) == ("centre", None, [])
    assert call.handle(r.MADE_REAL, 200) == [("ALERT_HOLDER",)]
    call.handle(r.CLEAR_ASKED, 300)
    assert call.handle(r.MADE_REAL, 400) == [("STOP_SENDING", "clear"), ("ALERT_HOLDER",)]


def test_after_a_restart_of_the_desk_a_test_call_ends_as_it_would_have():
    for state in (r.HELD, r.CLEARING):
        call = r.Routing(True, PERIOD_MS, state, None, r.TEST)
        assert ("SEND", "answered") in call.handle(r.RESUMED, 100)
        assert call.handle(r.TICK, 100 + PERIOD_MS) != []


def test_unexpected_events_are_ignored_and_counted():
    call, _ = raised()
    for event in (r.RELEASED, r.CLEAR_ASKED, r.CLEAR_REFUSED, r.ANSWER_CONFIRMED):
        assert call.handle(event, 10) == []
    assert call.ignored == 4


def test_unknown_names_raise():
    call, _ = raised()
    for event, party in (("PULLED", None), (r.ANSWERED, "nobody"), (r.ANSWERED, None)):
        with pytest.raises(ValueError):
            call.handle(event, 0, party)
    with pytest.raises(ValueError):
        r.Routing(True, PERIOD_MS, state="lost")


_ROWS = [(state, event) for state, row in r._TABLE.items() for event in row]


@pytest.mark.parametrize(("state", "event"), _ROWS, ids=[f"{state}-{event}" for state, event in _ROWS])
def test_each_row_of_the_table_changes_something(state, event):
    """A row that could be left out unnoticed would be dead weight: here each one acts or changes the state."""
    acted = False
    for confirmed in (False, True):
        for ringing, party in ((r.COORDINATOR, r.CENTRE), (r.CENTRE, r.CENTRE), (None, r.TEST)):
            call = r.Routing(True, PERIOD_MS, state, ringing or r.CENTRE if state == r.RINGING else None, party)
            call.confirmed = confirmed
            if party == r.TEST and state != r.RINGING:
                call._due_ms = 90
            before = copy.copy(call).__dict__
            acted |= bool(call.handle(event, 100, "centre")) or call.__dict__ != before
    assert acted
