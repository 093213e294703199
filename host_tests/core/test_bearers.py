"""core/bearers.py: who carries, when another is tried, when it is gone back; and every state that can be reached (P4, P5, P8)."""

from firmware.core import clock
from firmware.core.bearers import CARRYING, CHANGING, PROVING, RESTING
from host_tests.core.bearers_bench import Bench


def olimex():
    return Bench("ethernet", "wifi").well("ethernet")


def lilygo():
    return Bench("wifi", "cellular").well("wifi")


def test_it_begins_with_the_preferred_one_alone():
    bench = Bench("ethernet", "wifi", "cellular")
    assert bench.on == {"ethernet"} and bench.rules.state == CARRYING
    bench.well("ethernet")
    assert bench.said == [("FAULT", "ethernet", False)] and bench.run(100000) == [] and bench.on == {"ethernet"}


def test_a_preferred_one_that_never_comes_up_is_left_after_15_s_and_nobody_carried_before():
    bench = Bench("ethernet", "wifi")
    bench.run(14.75)
    assert bench.on == {"ethernet"}
    bench.run(0.25)
    assert bench.on == {"ethernet", "wifi"} and bench.rules.state == CHANGING
    bench.came("wifi")
    assert bench.said == [("FAULT", "ethernet", True), ("CARRY", "wifi", None, "lost", True)] and bench.on == {"wifi"}


def test_a_cable_that_is_pulled_brings_wifi_after_15_s_and_5_s_while_a_call_waits():
    for called, wanted_s in ((False, 15), (True, 5)):
        bench = olimex()
        bench.run(1000)
        if called:
            bench.tell("CALLED")
        bench.went("ethernet")
        bench.tell("OFFLINE")
        bench.run(wanted_s - 0.25)
        assert bench.on == {"ethernet"}, called
        bench.run(0.25)
        assert bench.on == {"ethernet", "wifi"}, called
        bench.run(3)
        bench.said.clear()
        bench.came("wifi")
        assert bench.said == [("FAULT", "ethernet", True), ("CARRY", "wifi", "ethernet", "lost", True)]
        assert bench.on == {"wifi"}


def test_a_short_loss_changes_nothing():
    bench = olimex()
    for _ in range(20):
        bench.went("ethernet")
        bench.run(14)
        bench.came("ethernet")
        bench.run(1)
    assert bench.said == [("FAULT", "ethernet", False)] and bench.on == {"ethernet"}


def test_a_network_that_leads_nowhere_is_dead_after_90_s_and_15_s_while_a_call_waits():
    for called, wanted_s in ((False, 90), (True, 15)):
        bench = lilygo()
        bench.run(1000)
        bench.tell("OFFLINE")
        if called:
            bench.tell("CALLED")
        bench.run(wanted_s - 0.25)
        assert bench.on == {"wifi"}, called
        bench.run(0.25)
        assert bench.on == {"wifi", "cellular"}, called
        bench.run(60)
        bench.came("cellular")
        assert bench.said[-1] == ("CARRY", "cellular", "wifi", "dead", True) and bench.on == {"cellular"}
        bench.tell("ONLINE")
        assert bench.said[-1] == ("FAULT", "cellular", False)


def test_a_call_that_begins_in_a_trouble_of_long_standing_waits_no_more():
    bench = lilygo()
    bench.tell("OFFLINE")
    bench.run(80)
    bench.tell("CALLED")
    assert bench.on == {"wifi", "cellular"}


def test_a_call_never_waits_longer_than_15_s_for_another_bearer_however_the_carrier_behaves():
    """Up and down, on line and off: each begins the time for itself anew, but not that of the call."""
    for script in (("DOWN", "UP"), ("OFFLINE", "ONLINE"), ("DOWN", "OFFLINE", "UP"), ()):
        bench = lilygo()
        bench.run(500)
        bench.tell("CALLED")
        for quarter in range(59):
            if script:
                event = script[quarter % len(script)]
                bench.tell(event, 0) if event in ("UP", "DOWN") else bench.tell(event)
            bench.run(0.25)
        bench.run(0.25)
        assert "cellular" in bench.on, script


def test_while_brokers_answer_and_the_service_does_not_bearers_change_less_and_less_often():
    bench = lilygo()
    bench.tell("CALLED")
    changes = []
    for second in range(2000):
        other = ({"wifi", "cellular"} - {bench.carrier()}).pop()
        if other in bench.on and bench.rules.state == CHANGING:
            bench.came(other)
        if bench.rules.state == PROVING:
            changes.append(second)
            bench.tell("JOINED")
        bench.run(1)
    gaps = [changes[i + 1] - changes[i] for i in range(len(changes) - 1)]
    assert changes[0] <= 16 and gaps[:5] == [30, 60, 120, 240, 240] and set(gaps[4:]) == {240}


def test_the_link_goes_over_before_the_old_bearer_goes_off_where_the_routes_allow_it():
    bench = olimex()
    bench.tell("ON_BATTERY")
    assert bench.on == {"ethernet", "wifi"} and bench.rules.state == CHANGING
    bench.came("wifi")
    assert bench.said[-1] == ("GO_OVER",) and bench.rules.state == PROVING and bench.on == {"ethernet", "wifi"}
    bench.tell("JOINED")
    assert bench.said[-2:] == [("FAULT", "wifi", False), ("CARRY", "wifi", "ethernet", "supply", False)] and bench.on == {"wifi"}


def test_a_bearer_that_is_not_proven_is_left_and_is_a_fault():
    for end in (("FAILED",), ("DOWN", 1), None):
        bench = olimex()
        bench.tell("ON_BATTERY")
        bench.came("wifi")
        if end:
            bench.tell(*end)
        else:
            bench.run(30)
        assert bench.said[-1] == ("FAULT", "wifi", True) and bench.carrier() == "ethernet" and bench.on == {"ethernet"}
        assert (("STAY",) in bench.said) == (end != ("FAILED",))
        bench.run(118)
        assert bench.on == {"ethernet"}, "again after two minutes"
        bench.run(3)
        assert bench.on == {"ethernet", "wifi"}


def test_an_old_bearer_that_is_lost_while_the_new_one_is_proven_is_left_at_once():
    for event in (("OFFLINE",), ("DOWN", 0)):
        bench = olimex()
        bench.tell("ON_BATTERY")
        bench.came("wifi")
        bench.tell(*event)
        assert bench.said[-2:] == [("STAY",), ("CARRY", "wifi", "ethernet", "supply", True)] and bench.on == {"wifi"}


def test_on_battery_wifi_takes_over_and_ethernet_comes_back_a_minute_after_the_mains():
    bench = olimex()
    bench.run(3000)
    bench.tell("ON_BATTERY")
    bench.came("wifi")
    bench.tell("JOINED")
    assert bench.run(10000) == [] and bench.on == {"wifi"}
    bench.tell("ON_MAINS")
    bench.run(59.5)
    assert bench.on == {"wifi"}
    bench.run(0.5)
    assert bench.on == {"wifi", "ethernet"}
    bench.came("ethernet")
    assert bench.run(9.5) == []
    assert bench.run(0.5) == [("CARRY", "ethernet", "wifi", "back", True)] and bench.on == {"ethernet"}
    bench.tell("ONLINE")
    assert bench.said[-1] == ("FAULT", "ethernet", False)


def test_mains_that_come_and_go_leave_wifi_alone():
    bench = olimex()
    bench.tell("ON_BATTERY")
    bench.came("wifi")
    bench.tell("JOINED")
    for _ in range(20):
        bench.tell("ON_MAINS")
        bench.run(55)
        bench.tell("ON_BATTERY")
        bench.run(5)
        assert bench.on == {"wifi"}


def test_a_call_or_speech_is_not_disturbed_for_the_battery_or_to_go_back():
    for begin, end in (("CALLED", "SERVED"), ("BUSY", "CALM")):
        bench = olimex()
        bench.run(20)
        bench.tell(begin)
        bench.tell("ON_BATTERY")
        bench.run(10)
        assert bench.on == {"ethernet"}, begin
        bench.tell(end)
        assert bench.on == {"ethernet", "wifi"}, begin
        bench.came("wifi")
        bench.tell("JOINED")
        bench.tell("ON_MAINS")
        bench.tell("BUSY")
        bench.run(500)
        assert bench.on == {"wifi"}
        bench.tell("CALM")
        bench.run(1)
        assert bench.on == {"wifi", "ethernet"}
        bench.tell("BUSY")
        assert bench.on == {"wifi"} and bench.rules.state == CARRYING


def test_on_battery_with_nothing_else_ethernet_goes_on():
    bench = Bench("ethernet").well("ethernet")
    bench.tell("ON_BATTERY")
    bench.run(1000)
    assert bench.on == {"ethernet"} and bench.rules.state == CARRYING
    bench = olimex()
    bench.tell("ON_BATTERY")
    bench.run(14.75)
    assert bench.on == {"ethernet", "wifi"}
    bench.run(0.25)
    assert bench.on == {"ethernet"} and bench.said[-1] == ("FAULT", "wifi", True), "the router has no mains either"


def test_on_battery_ethernet_is_tried_for_a_call_that_nobody_else_carries_and_only_then():
    bench = olimex()
    bench.tell("ON_BATTERY")
    bench.came("wifi")
    bench.tell("JOINED")
    bench.went("wifi")
    bench.tell("OFFLINE")
    bench.run(600)
    assert bench.on == {"wifi"}
    bench.tell("CALLED")
    assert bench.on == {"wifi", "ethernet"}
    bench.came("ethernet")
    assert bench.carrier() == "ethernet" and bench.on == {"ethernet"}


def test_it_starts_on_battery_with_what_the_battery_feeds():
    bench = Bench("ethernet", "wifi")
    bench.tell("RESTED")
    assert bench.on == set() and bench.rules.state == RESTING
    bench.tell("ON_BATTERY")
    bench.tell("WOKEN")
    assert bench.on == {"wifi"}


def test_back_to_the_preferred_one_after_1_2_4_minutes_up_to_an_hour_and_from_one_minute_once_it_held():
    bench = lilygo()
    bench.run(700)
    bench.went("wifi")
    bench.tell("OFFLINE")
    bench.run(15)
    bench.came("cellular")
    bench.tell("ONLINE")
    waits = []
    while len(waits) < 9:
        quarters = 0
        while "wifi" not in bench.on:
            bench.run(0.25)
            quarters += 1
        waits.append(quarters // 4)
        bench.run(15)  # it does not come
        assert bench.on == {"cellular"} and bench.carrier() == "cellular"
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    while "wifi" not in bench.on:
        bench.run(1)
    bench.came("wifi")
    bench.run(10)
    assert bench.said[-1] == ("GO_OVER",) and bench.on == {"wifi", "cellular"}
    bench.tell("JOINED")
    assert bench.said[-1] == ("CARRY", "wifi", "cellular", "back", False) and bench.on == {"wifi"}
    bench.run(600)
    bench.went("wifi")
    bench.tell("OFFLINE")
    bench.run(15)
    bench.came("cellular")
    bench.tell("ONLINE")
    bench.run(59.5)
    assert bench.on == {"cellular"}
    bench.run(0.5)
    assert bench.on == {"cellular", "wifi"}


def test_a_carrier_that_recovers_while_another_is_coming_stays():
    bench = lilygo()
    bench.went("wifi")
    bench.tell("OFFLINE")
    bench.run(20)
    assert bench.on == {"wifi", "cellular"}
    bench.came("wifi")
    assert bench.on == {"wifi", "cellular"}, "an address alone proves nothing"
    bench.tell("ONLINE")
    assert bench.on == {"wifi"} and bench.rules.state == CARRYING and bench.said[-1] == ("FAULT", "wifi", False)


def test_ethernet_and_wifi_take_turns_when_neither_comes_and_a_modem_goes_on_beside():
    bench = Bench("ethernet", "wifi")
    together = 0
    for _ in range(3000):
        bench.run(0.25)
        together += bench.on == {"ethernet", "wifi"}
    assert 1000 < together < 2000 and bench.said.count(("FAULT", "wifi", True)) > 10
    bench = Bench("wifi", "cellular")
    bench.run(1000)
    assert bench.on == {"wifi", "cellular"} and ("FAULT", "cellular", True) in bench.said
    bench.came("cellular")
    assert bench.carrier() == "cellular"


def test_each_of_three_is_tried_before_any_is_tried_again():
    bench = Bench("ethernet", "wifi", "cellular")
    tried = []
    for _ in range(1200):
        bench.run(0.25)
        coming = bench.rules.coming
        if coming is not None and (not tried or tried[-1] != bench.names[coming]):
            tried.append(bench.names[coming])
    assert tried[:4] == ["wifi", "cellular", "wifi", "cellular"]


def test_a_dead_one_is_followed_by_one_that_was_not_tried():
    """Two with a network that lead nowhere do not keep the third from its turn."""
    bench = Bench("ethernet", "wifi", "cellular").well("ethernet")
    bench.tell("OFFLINE")
    carried = []
    for _ in range(2000):
        bench.run(0.25)
        for name in sorted(bench.on):
            if name != bench.carrier():
                bench.came(name)
        if not carried or carried[-1] != bench.carrier():
            carried.append(bench.carrier())
    assert carried[:4] == ["ethernet", "wifi", "cellular", "ethernet"]


def test_a_rest_switches_everything_off_in_any_state_and_calls_a_proof_off():
    for state in (CARRYING, CHANGING, PROVING):
        bench = olimex()
        if state != CARRYING:
            bench.tell("ON_BATTERY")
        if state == PROVING:
            bench.came("wifi")
        assert bench.rules.state == state
        bench.tell("RESTED")
        assert bench.on == set() and bench.rules.state == RESTING
        assert (bench.said[-1] == ("STAY",)) == (state == PROVING)
        assert bench.run(1000) == [] and bench.on == set()
        bench.tell("WOKEN")
        assert bench.rules.state == CARRYING and len(bench.on) == 1


def test_times_of_weeks_ago_are_no_times_of_the_future():
    bench = lilygo()
    day_ms = 86400000
    for _ in range(40 * 24):
        bench.now_ms = clock.add(bench.now_ms, day_ms // 24)
        bench.tell("TICK")
    assert bench.said == [("FAULT", "wifi", False)]
    bench.went("wifi")
    bench.tell("OFFLINE")
    bench.run(15)
    bench.came("cellular")
    bench.tell("ONLINE")
    bench.run(60)
    assert bench.on == {"wifi", "cellular"}, "it had carried well"


def test_what_is_not_expected_is_counted_and_what_nobody_knows_is_refused():
    bench = olimex()
    for event in ("JOINED", "FAILED", "WOKEN"):
        bench.tell(event)
    assert bench.rules.ignored == 3
    bench.tell("UP", 1)  # late word of one that is off
    assert bench.run(200) == []
    try:
        bench.tell("MENDED")
    except ValueError as problem:
        assert "MENDED" in str(problem)
    else:
        raise RuntimeError("taken")
