"""Several bearers as one, after an error in between, and what counts as a network (P8)."""

import asyncio

from host_tests.transports.test_bearers import Bench, carrying


def test_ethernet_counts_as_there_by_its_link_alone_only_beside_wifi():
    bench = carrying("ethernet", "cellular")
    bench.parts["ethernet"].there = bench.link.online = False
    bench.parts["cellular"].there = True
    bench.run(20)
    bench.link.online = True
    bench.run(5)
    bench.waiting = bench.shell.calls.open = [1]
    bench.parts["ethernet"].linked = True
    bench.run(25)
    assert bench.bearers.name == "cellular" and bench.on() == ["ethernet", "cellular"]
    assert ("link", "go over") not in bench.said, "it has no address yet"
    bench.parts["ethernet"].there = True
    bench.run(1)
    assert ("link", "go over") in bench.said


def test_a_link_that_is_dialled_to_prove_a_bearer_is_told_to_stay_when_that_is_called_off():
    for how in ("rest", "lost"):
        bench = carrying("ethernet", "wifi")
        bench.parts["wifi"].there = True
        bench.bearers.pace(False, True)
        bench.run(1)
        assert bench.link.going_over and ("link", "stay") not in bench.said
        if how == "rest":
            bench.bearers.rest(True)
        else:
            bench.parts["wifi"].there = False
            bench.run(1)
        assert not bench.link.going_over and bench.said.count(("link", "stay")) == 1, how


def test_what_a_call_wants_of_the_supply_is_no_return_of_the_mains():
    bench = carrying("ethernet", "wifi")
    bench.parts["wifi"].there = True
    bench.bearers.pace(False, True)
    bench.run(1)
    bench.link.counters["connects"] += 1
    bench.run(1)
    assert bench.on() == ["wifi"]
    bench.bearers.pace(True, False)
    bench.run(75)
    assert bench.on() == ["wifi"]
    bench.bearers.pace(False, False)
    bench.run(75)
    assert bench.on() == ["ethernet"]


def beside_a_modem():
    """Wi-Fi leads nowhere, a call waits, the modem is switched on and comes to nothing."""
    bench = carrying("wifi", "cellular")
    bench.link.online = False
    bench.waiting = bench.shell.calls.open = [1]
    bench.run(15.25)
    assert bench.on() == ["wifi", "cellular"]
    return bench


def test_a_modem_that_is_dialled_in_vain_leaves_wifi_its_route_after_15_s_and_wifi_joins_anew_for_it():
    bench = beside_a_modem()
    bench.run(3)
    bench.parts["cellular"].dials += 1
    bench.run(12)
    assert bench.on() == ["wifi", "cellular"]
    said = bench.run(0.5)
    assert [one for one in said if one[0] in ("wifi", "cellular")] == [("cellular", "off"), ("wifi", "off"), ("wifi", "on")]
    assert bench.on() == ["wifi"] and ("fault", "path", "cellular", True) in said


def test_a_modem_that_was_dialled_in_the_same_moment_as_wifi_came_may_have_the_route():
    bench = beside_a_modem()
    bench.parts["wifi"].there = False
    bench.run(1)
    bench.parts["wifi"].there = True
    bench.parts["cellular"].dials += 1
    bench.run(15)
    assert bench.on() == ["wifi", "cellular"]
    said = bench.run(0.5)
    assert [one for one in said if one[0] in ("wifi", "cellular")] == [("cellular", "off"), ("wifi", "off"), ("wifi", "on")]


def test_a_carrier_is_begun_anew_for_its_route_when_a_modem_goes_off_and_not_when_another_does():
    bench = carrying("ethernet", "wifi", "cellular")
    bench.parts["ethernet"].there = bench.link.online = False
    bench.run(60)
    assert bench.on() == ["ethernet", "cellular"] and bench.parts["cellular"].dials == 1
    bench.said.clear()
    said = bench.run(65)
    assert bench.on() == ["ethernet", "cellular"], "Wi-Fi had its turn in between"
    names = [one for one in said if one[0] in bench.parts]
    assert names == [("cellular", "off"), ("ethernet", "off"), ("ethernet", "on"), ("wifi", "on"), ("wifi", "off"),
                     ("cellular", "on")]


def test_after_an_error_between_two_actions_the_one_that_carries_is_on_and_the_other_off():
    bench = carrying("ethernet", "wifi")
    bench.parts["ethernet"].there = bench.link.online = False
    bench.run(16)
    bench.parts["wifi"].there = True
    fault = bench.shell.reports.fault

    def full(*_):
        raise MemoryError

    bench.shell.reports.fault = full
    try:
        bench.run(1)
    except MemoryError:
        pass
    bench.shell.reports.fault = fault
    assert bench.on() == ["ethernet", "wifi"]
    begun(bench)
    assert bench.on() == ["wifi"]
    bench.link.online = True
    bench.run(1)
    assert ("fault", "path", "wifi", False) in bench.said and bench.run(120)[-1:] != [("wifi", "off")]


def begun(bench):
    """The task is started again, as the supervisor does, and cancelled after its first turns."""

    async def scene():
        task = asyncio.create_task(bench.bearers.run())
        for _ in range(3):
            await asyncio.sleep_ms(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass

    asyncio.run(scene())


def test_one_that_is_to_rest_before_its_task_runs_rests():
    bench = Bench("wifi", "cellular")
    bench.bearers.rest(True)
    begun(bench)
    assert bench.on() == []
