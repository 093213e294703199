"""core/power.py: every limit from both sides, with the cell, the mains and the sense in any state (D6, P1, P4, P5, P8)."""

from firmware.core import clock, power
from firmware.core.power import CRITICAL, DYING, LOW, MAINS, MAINS_GONE, MAINS_SEEN, ON_BATTERY, READ, STATES, TICK
from firmware.core.timers import Timers
from host_tests.core.power_rules import make

BATTERY = {"pin": 36, "capacity_mah": 2000, "low_mv": 3600, "critical_mv": 3450, "off_mv": 3350}


def unit(battery=BATTERY, senses_mains=True, spread_ms=0):
    return make(battery, senses_mains, None, Timers(), lambda n: min(spread_ms, n - 1))


def failed(at_ms=0):
    one = unit()
    one.handle(MAINS_GONE, at_ms)
    return one


def read(one, *mvs, at_ms=1000):
    """All actions of these readings; None stands for no value because of `range`."""
    actions = []
    for mv in mvs:
        actions += one.handle(READ, at_ms, mv, "" if mv is not None else "range")
    return actions


def verbs(actions):
    return [action[0] for action in actions]


def brought_to(state):
    one = failed()
    read(one, *[{ON_BATTERY: 3800, LOW: 3500, CRITICAL: 3400, DYING: 3300}[state]] * 3)
    assert one.state == state
    return one


def test_it_begins_on_mains_and_goes_on_battery_with_their_failure():
    for at_ms in (0, clock.PERIOD_MS - 1):
        one = unit()
        assert one.state == MAINS and one.may_write() and one.depth == 0
        assert one.handle(MAINS_GONE, at_ms) == [("SHED", 1), ("SAY", "mains_failed")]
        assert one.state == ON_BATTERY and one.depth == 1
        assert one.handle(MAINS_SEEN, clock.add(at_ms, 60000)) == [("SHED", 0)]
        assert one.state == MAINS


def test_each_limit_falls_with_the_third_reading_below_it_and_not_at_it():
    for mv, state in ((3600, ON_BATTERY), (3599, LOW), (3450, LOW), (3449, CRITICAL), (3350, CRITICAL), (3349, DYING)):
        one = failed()
        read(one, mv, mv)
        assert one.state == ON_BATTERY, mv
        read(one, mv)
        assert one.state == state, mv


def test_each_limit_rises_with_the_third_reading_100_mv_above_it():
    for state, mv, above in ((LOW, 3700, ON_BATTERY), (CRITICAL, 3550, LOW), (DYING, 3450, CRITICAL), (DYING, 3700, ON_BATTERY)):
        one = brought_to(state)
        read(one, *[mv - 1] * 9)
        assert STATES.index(one.state) > STATES.index(above), (state, mv)
        one = brought_to(state)
        read(one, mv, mv)
        assert one.state == state
        read(one, mv)
        assert one.state == above, (state, mv)


def test_a_cell_that_goes_up_and_down_within_the_hysteresis_changes_nothing():
    one = brought_to(LOW)
    assert verbs(read(one, *[3580, 3699] * 30)) == []
    one = failed()
    read(one, *[3590, 3590, 3610] * 30)
    assert one.state == ON_BATTERY


def test_wild_readings_lead_to_the_least_grave_of_three():
    one = failed()
    read(one, 3000, 3590, 2600)
    assert one.state == LOW
    one = failed()
    read(one, 2600, 2600, 3900, 2600, 2600, 3900)
    assert one.state == ON_BATTERY
    one = brought_to(DYING)
    read(one, 4200, 3560, 3900)
    assert one.state == LOW


def test_a_boards_own_limits_are_used():
    one = unit({"low_mv": 3500, "critical_mv": None})
    one.handle(MAINS_GONE, 0)
    read(one, 3500, 3500, 3500)
    assert one.state == ON_BATTERY
    read(one, 3449, 3449, 3449)
    assert one.state == CRITICAL


def test_the_last_state_is_saved_while_flash_may_still_be_written():
    one = failed()
    actions = read(one, 3400, 3400, 3400)
    assert [verb for verb in verbs(actions) if verb != "FAULT"][:2] == ["SAVE_STATE", "SHED"] and not one.may_write()
    assert verbs(read(one, 3300, 3300, 3300)) == ["SHED", "SAY", "REPORT_BATTERY"], "once"
    one = failed()
    assert "SAVE_STATE" in verbs(read(one, 3300, 3300, 3300)), "also on the way past it"


def test_flash_may_be_written_in_all_states_but_two():
    for state, may in ((ON_BATTERY, True), (LOW, True), (CRITICAL, False), (DYING, False)):
        one = brought_to(state)
        assert one.may_write() is may, state
        one.handle(MAINS_SEEN, 2000)
        assert one.may_write(), state


def test_low_is_said_and_reported_at_once_and_on_battery_only_with_the_mains():
    one = failed()
    assert read(one, 3800, 3800, 3800) == [("FAULT", "battery", "no_value", False)]
    actions = read(one, 3500, 3500, 3500)
    assert actions == [("FAULT", "battery", "low", True), ("SHED", 2), ("SAY", "low_battery"), ("REPORT_BATTERY",)]
    assert verbs(read(one, 3400, 3400, 3400)) == ["SAVE_STATE", "SHED", "SAY", "REPORT_BATTERY"]
    assert verbs(read(one, 3550, 3550, 3550)) == ["SHED", "REPORT_BATTERY"], "better is no news for the tenant"
    one = unit(spread_ms=9000)
    one.handle(MAINS_GONE, 0)
    assert verbs(one.handle(TICK, 68999)) == []
    assert verbs(one.handle(TICK, 69000)) == ["REPORT_MAINS", "FAULT", "REPORT_BATTERY"]


def test_a_low_battery_that_was_reported_is_taken_back_though_the_mains_failure_never_was():
    one = failed()
    read(one, 3500, 3500, 3500)
    one.handle(MAINS_SEEN, 30000)
    assert "REPORT_BATTERY" not in verbs(one.handle(TICK, 89999))
    assert one.handle(TICK, 90000)[-1] == ("REPORT_BATTERY",)
    assert one.handle(TICK, 900000) == []


def test_without_a_value_on_battery_it_is_low_but_flash_stays_open_and_nothing_is_said():
    one = failed()
    assert read(one, None, None) == [] and one.state == ON_BATTERY
    actions = read(one, None)
    assert actions == [("FAULT", "battery", "no_value", True), ("SHED", 2), ("REPORT_BATTERY",)]
    assert one.state == LOW and one.may_write() and one.mv is None and one.why == "range"
    read(one, *[None] * 99)
    assert one.state == LOW
    read(one, 3700, 3700, 3700)
    assert one.state == ON_BATTERY


def test_a_state_that_readings_have_led_to_outlasts_them():
    for state in (CRITICAL, DYING):
        one = brought_to(state)
        read(one, *[None] * 9)
        assert one.state == state and not one.may_write()


def test_who_was_blind_on_mains_is_low_at_once_when_they_fail():
    one = unit()
    read(one, None, None, None)
    assert one.state == MAINS
    assert one.handle(MAINS_GONE, 2000)[0] == ("SHED", 2)
    assert one.state == LOW and one.may_write()


def test_nothing_is_shed_on_mains_whatever_the_battery_reads():
    for mv in (2500, 3300, None, 4500):
        one = unit()
        assert not {"SHED", "SAVE_STATE", "SAY"} & set(verbs(read(one, *[mv] * 9)))
        assert one.state == MAINS and one.may_write()


def test_a_board_without_a_mains_sense_goes_by_its_battery():
    one = unit(senses_mains=False)
    read(one, *[3600] * 9)
    assert one.state == MAINS
    assert "REPORT_BATTERY" in verbs(read(one, 3590, 3590, 3590)) and one.state == LOW
    read(one, *[3699] * 9)
    assert one.state == LOW
    assert verbs(read(one, 3700, 3700, 3700)) == ["SHED", "REPORT_BATTERY"] and one.state == MAINS
    read(one, *[None] * 9)
    assert one.state == MAINS, "nobody knows that it is on battery"


def test_a_board_without_a_battery_that_runs_without_mains_saves_power():
    one = unit(battery=None)
    assert read(one, None, None, None) == []
    one.handle(MAINS_GONE, 0)
    assert one.state == LOW and one.may_write()
    assert read(one, *[None] * 9) == [] and one.state == LOW


def test_readings_come_slower_on_mains_and_faster_just_after_they_failed():
    one = unit()
    assert one.every_ms() == 30000
    one.handle(MAINS_GONE, 0)
    for want_ms in (1000, 1000, 1000, 5000, 5000):
        assert one.every_ms() == want_ms
        read(one, 3800)
    one.handle(MAINS_SEEN, 9000)
    assert one.every_ms() == 30000


def test_an_unknown_event_raises_and_an_unexpected_one_is_counted():
    one = unit()
    assert one.handle(MAINS_SEEN, 0) == [] and one.ignored == 1
    for state in (MAINS, ON_BATTERY, LOW, CRITICAL, DYING):
        one = brought_to(state) if state != MAINS else unit()
        try:
            one.handle("CHARGED", 0)
        except ValueError as problem:
            assert "CHARGED" in str(problem)
        else:
            raise AssertionError("no ValueError in %s" % state)


def test_every_state_is_left_and_none_writes_to_flash_that_may_not():
    """All ways of length 5 through events that matter: what holds in each state holds on every way to it."""
    events = ((MAINS_GONE,), (MAINS_SEEN,), (READ, 3800, ""), (READ, 3500, ""), (READ, 3300, ""), (READ, None, "jump"))
    seen = set()
    for way in range(len(events) ** 5):
        one = unit()
        gone, at_ms, saved = False, 0, True
        for _ in range(5):
            event = events[way % len(events)]
            way //= len(events)
            for _ in range(3 if event[0] == READ else 1):
                before = one.may_write()
                actions = one.handle(event[0], at_ms, *event[1:])
                at_ms += 1000
                if before and not one.may_write():
                    saved = ("SAVE_STATE",) in actions
                assert saved, "closed without having saved"
                shed = [action[1] for action in actions if action[0] == "SHED"]
                assert shed == [] or shed == [one.depth]
            gone = gone if event[0] == READ else event[0] == MAINS_GONE
            assert (one.state == MAINS) is not gone and one.mains.on is not gone
            seen.add(one.state)
        one.handle(MAINS_SEEN, at_ms)
        assert one.state == MAINS
    assert seen == set(STATES)


def test_states_are_the_protocols():
    assert [state.lower() for state in power.STATES] == ["mains", "on_battery", "low", "critical", "dying"]
