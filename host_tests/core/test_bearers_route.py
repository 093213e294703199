"""core/bearers.py: a modem tried in vain has the route of a carrier that heals; a call waits 15 s for that at most (P1, P8)."""

from firmware.core.bearers import CARRYING, CHANGING
from host_tests.core.bearers_bench import Bench


def tried(*names):
    """A call waits, the first bearer has a network that leads nowhere, and the modem is switched on beside it."""
    bench = Bench(*(names or ("wifi", "cellular"))).well((names or ("wifi",))[0])
    bench.run(700)
    bench.tell("CALLED")
    bench.tell("OFFLINE")
    bench.run(15)
    assert "cellular" in bench.on or names
    bench.said.clear()
    return bench


def test_a_modem_that_comes_to_nothing_after_it_was_dialled_leaves_the_route_after_15_s():
    bench = tried()
    bench.run(5)
    bench.tell("DIALLED")
    assert bench.run(14.75) == [] and bench.on == {"wifi", "cellular"}
    assert bench.run(0.25) == [("FAULT", "cellular", True)]
    assert bench.on == {"wifi"} and bench.rules.state == CARRYING
    bench.tell("ONLINE")
    bench.tell("SERVED")
    assert bench.said[-1] == ("FAULT", "wifi", False) and bench.run(100) == [] and bench.on == {"wifi"}


def test_a_carrier_that_was_lost_and_came_back_without_a_way_has_the_route_again_as_well():
    bench = Bench("wifi", "cellular").well("wifi")
    bench.tell("CALLED")
    bench.went("wifi")
    bench.tell("OFFLINE")
    bench.run(5)
    assert bench.on == {"wifi", "cellular"}
    bench.came("wifi")
    bench.run(20)
    bench.tell("DIALLED")
    bench.run(14.75)
    assert bench.on == {"wifi", "cellular"}
    bench.run(0.25)
    assert bench.on == {"wifi"}


def test_until_it_is_dialled_it_takes_nothing_and_has_its_whole_time():
    bench = tried()
    bench.run(74.75)
    assert bench.on == {"wifi", "cellular"} and bench.rules.state == CHANGING
    bench.run(0.25)
    assert bench.on == {"wifi"}


def test_a_network_that_comes_after_it_was_dialled_has_the_route_by_itself_and_a_modem_that_dials_again_takes_it():
    bench = tried()
    bench.tell("DIALLED")
    bench.run(2)
    bench.went("wifi")
    bench.run(2)
    bench.came("wifi")
    bench.run(40)
    assert bench.on == {"wifi", "cellular"}
    bench.tell("DIALLED")
    bench.run(15)
    assert bench.on == {"wifi"}


def test_dialling_again_and_again_is_no_new_beginning():
    bench = tried()
    for _ in range(5):
        bench.tell("DIALLED")
        bench.run(3)
    assert bench.on == {"wifi"}


def test_a_call_that_begins_when_that_has_gone_on_for_long_waits_no_more_and_without_one_there_is_time():
    bench = Bench("wifi", "cellular").well("wifi")
    bench.tell("OFFLINE")
    bench.run(90)
    bench.tell("DIALLED")
    bench.run(60)
    assert bench.on == {"wifi", "cellular"}
    bench.tell("CALLED")
    assert bench.on == {"wifi"}
    bench.run(15)
    assert bench.on == {"wifi", "cellular"}


def test_a_link_that_is_up_or_a_carrier_without_a_network_leaves_the_modem_its_time():
    bench = Bench("wifi", "cellular").well("wifi")
    bench.tell("CALLED")
    bench.run(15)
    bench.tell("DIALLED")
    assert bench.run(59) == [] and bench.on == {"wifi", "cellular"}, "brokers answer: the connection stays where it began"
    bench = tried()
    bench.tell("DIALLED")
    bench.went("wifi")
    assert bench.run(59) == [] and bench.on == {"wifi", "cellular"}


def comes_after(bench, joins_s, wifi, limit_s):
    """Seconds until a modem carries that needs `joins_s` after it was dialled, and is dialled 1 s after it was switched on;
    `wifi(bench, second)` plays the other one. Turns of the modem are noted in `bench.turns`."""
    bench.turns = []
    since = 0
    for second in range(limit_s):
        wifi(bench, second)
        if bench.carrier() == "cellular":
            return second
        since = since + 1 if "cellular" in bench.on else 0
        if since == 1:
            bench.turns.append(0)
        if since == 2:
            bench.tell("DIALLED")
        if since:
            bench.turns[-1] += 1
        if since == 2 + joins_s:
            bench.came("cellular")
        bench.run(1)
    return None


def joins_anew(bench, second):
    """A Wi-Fi that leads nowhere; switched off and on for its route it is back after 3 s."""
    if "cellular" in bench.on or bench.rules.state != CARRYING:
        bench.away = 0
        return
    bench.away = getattr(bench, "away", 0) + 1
    if bench.away == 1:
        bench.went("wifi")
    if bench.away == 4:
        bench.came("wifi")


def test_a_wifi_that_leads_nowhere_keeps_no_modem_away_not_even_a_slow_one():
    assert comes_after(tried(), 8, joins_anew, 60) <= 11
    bench = tried()
    assert comes_after(bench, 25, joins_anew, 120) is not None, "each second time it has 30 s"
    assert len(bench.turns) == 2
    bench = tried()
    assert comes_after(bench, 1000, joins_anew, 1000) is None
    assert bench.turns == [16, 31] * 13, "and a Wi-Fi that has healed has its turn between"


def test_a_wifi_that_comes_and_goes_for_ever_keeps_no_modem_away():
    def flaps(up_s, down_s):
        def play(bench, second):
            if second % (up_s + down_s) == 0:
                bench.came("wifi")
            if second % (up_s + down_s) == up_s:
                bench.went("wifi")

        return play

    for up_s, down_s in ((3, 10), (10, 3), (14, 1), (20, 10), (40, 4)):
        for joins_s in (8, 25):
            found = comes_after(tried(), joins_s, flaps(up_s, down_s), 300)
            assert found is not None, (up_s, down_s, joins_s)


def test_among_three_the_one_that_was_not_tried_has_its_turn_then():
    bench = Bench("wifi", "cellular", "ethernet").well("wifi")
    bench.tell("CALLED")
    bench.tell("OFFLINE")
    bench.run(15)
    assert bench.on == {"wifi", "cellular"}
    bench.tell("DIALLED")
    bench.run(15)
    assert bench.on == {"wifi", "ethernet"} and bench.rules.state == CHANGING
    bench.run(19)
    assert bench.on == {"wifi", "ethernet"}, "it has its own time"


def test_what_changed_before_the_call_makes_it_wait_no_longer():
    bench = Bench("wifi", "cellular").well("wifi")
    for _ in range(3):
        bench.went("wifi")
        bench.tell("OFFLINE")
        bench.run(15)
        bench.came("cellular")
        bench.tell("ONLINE")
        while "wifi" not in bench.on:
            bench.run(1)
        bench.came("wifi")
        bench.run(10)
        bench.tell("JOINED")
        assert bench.carrier() == "wifi"
    bench.tell("CALLED")
    bench.run(14.75)
    assert bench.on == {"wifi"}
    bench.run(0.25)
    assert bench.on == {"wifi", "cellular"}, "brokers answer, and there is no receipt"
