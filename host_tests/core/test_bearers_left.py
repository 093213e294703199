"""core/bearers.py: how long who carries is borne with, what a change leaves behind, and what calls it off (P4, P8)."""

from firmware.core.bearers import CARRYING, CHANGING, PROVING
from host_tests.core.bearers_bench import Bench


def test_a_modem_may_be_without_a_network_three_times_as_long():
    for called, wanted_s in ((False, 45), (True, 15)):
        bench = Bench("cellular", "wifi").well("cellular")
        if called:
            bench.tell("CALLED")
        bench.went("cellular")
        bench.tell("OFFLINE")
        bench.run(wanted_s - 0.25)
        assert bench.on == {"cellular"}, called
        bench.run(0.25)
        assert bench.on == {"cellular", "wifi"}, called


def test_a_network_that_leads_nowhere_is_no_slower_over_a_modem():
    bench = Bench("cellular", "wifi").well("cellular")
    bench.tell("OFFLINE")
    bench.run(89.75)
    assert bench.on == {"cellular"}
    bench.run(0.25)
    assert bench.on == {"cellular", "wifi"}


def test_after_a_change_without_proof_the_link_is_not_taken_for_up():
    bench = Bench("ethernet", "wifi").well("ethernet")
    bench.tell("ON_BATTERY")
    bench.came("wifi")
    assert bench.rules.state == PROVING
    bench.went("ethernet")
    assert bench.said[-1] == ("CARRY", "wifi", "ethernet", "supply", True)
    bench.tell("ON_MAINS")
    bench.run(75)
    assert bench.on == {"wifi"}, "back only with the link up"
    bench.tell("ONLINE")
    bench.run(1)
    assert bench.on == {"wifi", "ethernet"}


def test_one_that_fails_again_within_ten_minutes_is_gone_back_to_after_twice_as_long():
    bench = Bench("wifi", "cellular").well("wifi")
    bench.run(100)
    bench.went("wifi")
    bench.tell("OFFLINE")
    bench.run(15)
    bench.came("cellular")
    bench.tell("ONLINE")
    bench.run(119.75)
    assert bench.on == {"cellular"}
    bench.run(0.25)
    assert bench.on == {"cellular", "wifi"}


def test_one_that_was_tried_for_a_call_alone_goes_off_when_that_has_its_receipt():
    bench = Bench("ethernet", "wifi").well("ethernet")
    bench.tell("ON_BATTERY")
    bench.came("wifi")
    bench.tell("JOINED")
    bench.went("wifi")
    bench.tell("OFFLINE")
    bench.tell("CALLED")
    bench.run(5)
    assert bench.on == {"wifi", "ethernet"}
    bench.tell("SERVED")
    bench.run(19.75)
    assert bench.on == {"wifi", "ethernet"} and bench.rules.state == CHANGING
    bench.run(0.25)
    assert bench.on == {"wifi"} and bench.rules.state == CARRYING and bench.said[-1] == ("FAULT", "ethernet", True)
    assert bench.run(600) == [] and bench.on == {"wifi"}


def test_a_change_for_the_battery_is_called_off_by_a_call_by_speech_and_by_the_mains():
    for event, over in (("BUSY", "CALM"), ("ON_MAINS", "ON_BATTERY")):
        bench = Bench("ethernet", "wifi").well("ethernet")
        bench.tell("ON_BATTERY")
        assert bench.on == {"ethernet", "wifi"} and bench.rules.state == CHANGING
        bench.tell(event)
        assert bench.on == {"ethernet"} and bench.rules.state == CARRYING, event
        bench.run(10)
        assert bench.on == {"ethernet"} and ("FAULT", "wifi", True) not in bench.said, event
        bench.tell(over)
        assert bench.on == {"ethernet", "wifi"}, event


def test_when_all_were_tried_and_the_old_one_has_a_network_the_others_go_off():
    bench = Bench("wifi", "cellular").well("wifi")
    bench.tell("OFFLINE")
    bench.run(90)
    assert bench.on == {"wifi", "cellular"}
    bench.run(74.75)
    assert bench.on == {"wifi", "cellular"}
    bench.run(0.25)
    assert bench.on == {"wifi"} and bench.said[-1] == ("FAULT", "cellular", True)
    bench.run(90)
    assert bench.on == {"wifi", "cellular"}, "and begin anew when it is dead for as long again"
    bench.went("wifi")
    bench.run(200)
    assert bench.on == {"wifi", "cellular"}, "without a network of its own it keeps the other beside it"


def test_the_third_has_its_turn_at_once_when_the_second_has_come_to_nothing():
    bench = Bench("ethernet", "wifi", "cellular").well("ethernet")
    bench.went("ethernet")
    bench.tell("OFFLINE")
    bench.run(15)
    assert bench.on == {"ethernet", "wifi"}
    bench.run(15)
    assert bench.on == {"ethernet", "cellular"} and bench.said[-1] == ("FAULT", "wifi", True)


def test_a_better_one_that_does_not_come_is_let_be_and_no_other_is_asked_for_it():
    bench = Bench("ethernet", "wifi", "cellular").well("ethernet")
    bench.went("ethernet")
    bench.tell("OFFLINE")
    bench.run(30)
    bench.came("cellular")
    bench.tell("ONLINE")
    bench.run(120)
    assert bench.on == {"cellular", "wifi"}, "which has not failed yet"
    bench.run(15)
    assert bench.on == {"cellular"}
    bench.run(119)
    assert bench.on == {"cellular"}
    bench.run(1)
    assert bench.on == {"cellular", "ethernet"}
    bench.run(20)
    assert bench.on == {"cellular"}
