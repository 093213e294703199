"""drivers/busy.py with a poller of its own, and in front of asyncio's real one under MicroPython."""

import sys

from firmware.core import clock
from firmware.drivers.busy import Busy


class Poller:
    """Rests for 300 ms and, while it does, asks the meter as an interrupt would."""

    def __init__(self):
        self.now_ms = clock.PERIOD_MS - 100
        self.calls = []
        self.meter = None
        self.fails = False

    def now(self):
        return self.now_ms & (clock.PERIOD_MS - 1)

    def register(self, *what):
        self.calls.append(("register",) + what)

    def modify(self, *what):
        self.calls.append(("modify",) + what)

    def unregister(self, *what):
        self.calls.append(("unregister",) + what)

    def ipoll(self, timeout_ms):
        self.now_ms += 300
        self.calls.append(("ipoll", timeout_ms, self.meter.busy_ms()))
        if self.fails:
            raise OSError(22)
        return iter(())


def meter():
    poller = Poller()
    poller.meter = Busy(poller, poller.now)
    return poller, poller.meter


def test_resting_counts_as_zero_and_busy_time_from_the_end_of_the_rest():
    poller, busy = meter()
    poller.now_ms += 47
    assert busy.busy_ms() == 47
    assert list(busy.ipoll(1000)) == []
    assert poller.calls == [("ipoll", 1000, 0)]
    assert busy.busy_ms() == 0
    poller.now_ms += 83  # over the wrap of the ticks
    assert busy.busy_ms() == 83


def test_a_poll_that_fails_ends_the_rest_too():
    poller, busy = meter()
    poller.fails = True
    try:
        busy.ipoll(5)
    except OSError:
        pass
    else:
        assert False, "the failure was swallowed"
    poller.now_ms += 12
    assert busy.busy_ms() == 12


def test_everything_else_is_passed_on():
    poller, busy = meter()
    busy.register("s", 1)
    busy.modify("s", 5)
    busy.unregister("s")
    assert poller.calls == [("register", "s", 1), ("modify", "s", 5), ("unregister", "s")]


def test_asyncio_runs_with_it_and_a_blocked_loop_is_measured():
    if sys.implementation.name != "micropython":
        return  # CPython's loop has no such poller; the meter is for the board
    import asyncio
    import time
    from asyncio import core

    asyncio.new_event_loop()
    busy = core._io_queue.poller = Busy(core._io_queue.poller, time.ticks_ms)
    seen = []

    async def main():
        await asyncio.sleep_ms(5)
        time.sleep_ms(60)  # a C call that blocks
        seen.append(busy.busy_ms())
        await asyncio.sleep_ms(5)
        seen.append(busy.busy_ms())

    asyncio.run(main())
    assert seen[0] >= 60 and seen[1] < 55, seen
