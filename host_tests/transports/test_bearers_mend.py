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
    bench.run(40)
    assert bench.bearers.name == "cellular" and bench.on() == ["ethernet", "cellular"]
    assert ("link", "go over") not in bench.said, "it has no address yet"
    bench.parts["ethernet"].there = True
    bench.run(1)
    assert ("link", "go over") in bench.said


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
