"""core/contact.py: P1, P4. Values are such that a factor of 1000 or a swapped field shows."""

from firmware.core import clock, contact
from firmware.core.contact import ACTIVE, CLOSED, CLOSING, FREEING, OPENED, OPENING, PULSED, RESTING, STUCK, TICK, Contact

EVENTS = (CLOSED, OPENED, PULSED, TICK)
STATES = (RESTING, CLOSING, ACTIVE, OPENING, STUCK, FREEING)


def play(one, steps, start_ms=0):
    """Feeds (at_ms, closed, pulse_ms) samples; returns [(at_ms, action name)]."""
    seen = []
    for at_ms, closed, pulse_ms in steps:
        for action in one.sample(closed, pulse_ms, clock.add(start_ms, at_ms)):
            seen.append((at_ms, action[0]))
    return seen


def test_a_steady_closure_activates_once_after_the_debounce():
    for start_ms in (0, clock.PERIOD_MS - 31, clock.PERIOD_MS - 1):
        steps = [(0, True, None), (29, True, None), (30, True, None), (31, True, None), (500, True, None)]
        assert play(Contact(30), steps, start_ms) == [(30, "ACTIVATED")]


def test_the_cause_of_an_activation_is_named():
    one = Contact(30)
    one.sample(True, None, 0)
    assert one.sample(True, None, 30) == (("ACTIVATED", "activated"),)


def test_a_5_ms_glitch_while_awake_is_noise():
    one = Contact(30)
    assert play(one, [(0, True, None), (5, False, 5), (35, False, None), (1000, False, None)]) == []
    assert one.state == RESTING and one.next_due() is None


def test_a_glitch_that_nobody_saw_closed_is_noise_too():
    assert play(Contact(30), [(0, False, 5), (30, False, None)]) == []


def test_a_50_ms_press_that_ended_before_anybody_looked_is_an_activation():
    assert play(Contact(30), [(0, False, 50), (1, False, None)]) == [(0, "ACTIVATED"), (0, "RELEASED")]


def test_the_debounce_time_itself_is_long_enough_and_a_ms_less_is_not():
    assert [name for _, name in play(Contact(30), [(0, False, 30)])] == ["ACTIVATED", "RELEASED"]
    assert play(Contact(30), [(0, False, 29)]) == []


def test_after_a_release_no_timer_is_left():
    one = Contact(30)
    play(one, [(0, True, None), (30, True, None), (100, False, 100), (130, False, None)])
    assert one.next_due() is None


def test_a_press_during_the_debounce_of_a_release_puts_its_end_off():
    one = Contact(30)
    play(one, [(0, True, None), (30, True, None), (100, False, 100), (120, False, 45)])
    assert one.next_due() == 150
    assert play(one, [(149, False, None), (150, False, None)]) == [(150, "RELEASED")]


def test_a_press_that_began_in_sight_and_ended_in_a_starved_loop_activates_once():
    steps = [(0, True, None), (900, False, 200), (930, False, None)]
    assert play(Contact(30), steps) == [(900, "ACTIVATED"), (900, "RELEASED")]


def test_a_press_still_held_after_a_starved_loop_activates_once():
    assert play(Contact(30), [(0, True, None), (900, True, None), (930, True, None)]) == [(900, "ACTIVATED")]


def test_mains_hum_on_the_wire_never_activates_wherever_the_samples_fall():
    for offset_ms in range(20):
        one = Contact(30)
        steps = [(t, (t + offset_ms) % 20 < 10, 10 if (t + offset_ms) % 20 >= 10 or t > 9 else None) for t in range(0, 3000, 7)]
        assert play(one, steps) == []


def test_bounce_at_the_press_starts_the_debounce_anew_and_activates_once():
    steps = [(0, True, None), (3, True, 1), (6, False, 2), (8, True, None), (37, True, None), (38, True, None)]
    assert play(Contact(30), steps) == [(38, "ACTIVATED")]


def test_bounce_at_the_release_is_no_second_activation():
    one = Contact(30)
    steps = [(0, True, None), (30, True, None), (200, False, 200), (203, True, None), (206, False, 3), (236, False, None)]
    assert play(one, steps) == [(30, "ACTIVATED"), (236, "RELEASED")]


def test_a_second_press_is_a_second_activation():
    """P4: a further trigger during a call is reported too; the contact keeps no memory of the call."""
    press = [(0, True, None), (30, True, None), (100, False, 100), (130, False, None)]
    again = [(t + 150, closed, pulse_ms) for t, closed, pulse_ms in press]
    assert [name for _, name in play(Contact(30), press + again)] == ["ACTIVATED", "RELEASED", "ACTIVATED", "RELEASED"]


def test_a_held_contact_raises_once_then_held_at_60_s_and_rearms_on_release():
    """P4."""
    one = Contact(30)
    steps = [(0, True, None)] + [(t, True, None) for t in range(30, 200000, 970)]
    seen = play(one, steps)
    assert [name for _, name in seen] == ["ACTIVATED", "HELD"]
    assert 60030 <= seen[1][0] < 60030 + 970
    more = [(200000, False, 200000), (200030, False, None), (200100, True, None), (200130, True, None)]
    assert play(one, more) == [(200030, "REARMED"), (200130, "ACTIVATED")]


def test_held_is_due_to_the_millisecond_so_that_the_shell_can_sleep():
    one = Contact(30, held_ms=61007)
    one.sample(True, None, 5)
    assert one.next_due() == 35
    one.sample(True, None, 35)
    assert one.next_due() == 61042
    assert one.sample(True, None, 61041) == ()
    assert one.sample(True, None, 61042) == (("HELD",),)
    assert one.next_due() is None


def test_a_worn_contact_that_flickers_open_is_still_held_in_the_end():
    """P8: flicker must not put the fault off for ever."""
    one = Contact(30)
    seen = []
    for t in range(0, 70000, 10):
        closed = t % 100 != 0 or t == 0
        seen += one.sample(closed, None if closed else 90, t)
    assert [action[0] for action in seen] == ["ACTIVATED", "HELD"]


def test_a_contact_that_is_closed_at_the_start_raises_once_then_held():
    """A cord that is held through a power cut: raised, then held; a release re-arms."""
    one = Contact(30)
    seen = play(one, [(0, True, None), (30, True, None), (60030, True, None), (61000, False, 61000), (61030, False, None)])
    assert [name for _, name in seen] == ["ACTIVATED", "HELD", "REARMED"]


def test_release_and_second_press_within_a_starved_loop_both_count():
    one = Contact(30)
    assert play(one, [(0, True, None), (30, True, None), (100, False, 100)]) == [(30, "ACTIVATED")]
    assert [name for _, name in play(one, [(2100, False, 300)])] == ["RELEASED", "ACTIVATED", "RELEASED"]
    assert [name for _, name in play(one, [(2200, True, None), (2230, True, None), (2300, False, 100)])] == ["ACTIVATED"]
    assert [name for _, name in play(one, [(3000, True, None), (3030, True, None)])] == ["RELEASED", "ACTIVATED"]


def test_the_same_after_held():
    one = Contact(30)
    play(one, [(0, True, None), (30, True, None), (60030, True, None)])
    assert one.state == STUCK
    assert play(one, [(60100, False, 60100), (60110, True, None)]) == []
    assert one.state == STUCK
    assert play(one, [(60200, False, 90), (60210, False, 35)]) == []
    assert one.state == FREEING
    assert [name for _, name in play(one, [(63000, False, 40)])] == ["REARMED", "ACTIVATED", "RELEASED"]
    play(one, [(70000, True, None), (70030, True, None), (130030, True, None), (130100, False, None)])
    assert [name for _, name in play(one, [(131000, True, None)])] == ["REARMED"]
    assert one.state == CLOSING


def test_every_state_has_every_event_and_an_unknown_event_raises():
    assert sorted(contact._TABLE) == sorted(STATES)
    for state in STATES:
        assert sorted(contact._TABLE[state]) == sorted(EVENTS)
        for event in EVENTS:
            assert callable(getattr(Contact(30), contact._TABLE[state][event]))
    try:
        Contact(30).handle("PRESSED", 0)
    except ValueError as error:
        assert "PRESSED" in str(error)
    else:
        assert False, "an unknown event was taken"


def snapshot(one, now_ms):
    """What the machine can still do: the state and the distances of its timers."""
    dues = []
    for due_ms in (one._due, one._held_due):
        dues.append(None if due_ms is None else clock.diff(due_ms, now_ms))
    return (one.state, dues[0], dues[1])


def test_the_whole_state_space_is_reachable_leads_out_and_never_masks_a_press():
    """Walks every state the machine can be in, at a debounce of 2 and a held time of 5 steps of 1 ms. P4, P8.

    From each: a release of 3 steps and a press of 3 steps must activate, exactly once.
    """
    seen = {}
    todo = [()]
    while todo:
        path = todo.pop()
        one = Contact(2, 5)
        now_ms = 0
        for closed, pulse_ms in path:
            now_ms += 1
            one.sample(closed, pulse_ms, now_ms)
        key = snapshot(one, now_ms)
        if key in seen:
            continue
        seen[key] = path
        after = []
        for closed in (False, False, False, True, True, True):
            now_ms += 1
            before = len(after)
            after += one.sample(closed, None, now_ms)
            if closed is False:
                del after[before:]
        assert after == [("ACTIVATED", "activated")], (path, key, after)
        if len(path) < 9:
            todo += [path + ((closed, pulse_ms),) for closed in (False, True) for pulse_ms in (None, 1, 2)]
    assert sorted({key[0] for key in seen}) == sorted(STATES)


def test_stand_by_allocates_no_actions():
    one = Contact(30)
    assert one.sample(False, None, 0) is one.sample(False, None, 1000)
