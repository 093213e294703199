"""Work is called when it is due (P8): exactly, sooner when hurried, and it is told when the loop stood still."""

import asyncio
import time

import host_tests.transports.loop  # noqa: F401 - gives CPython's asyncio what the code under test needs
from firmware.transports.clockwork import Clockwork

_PERIOD = 2**30 - 1


def now():
    return int(time.time() * 1000) & _PERIOD


class Work:
    """`pauses`: what each call answers; the last one for ever. `calls`: (ms since start, late_ms)."""

    def __init__(self, *pauses):
        self.pauses = list(pauses)
        self.calls = []
        self.begun = now()

    def __call__(self, late_ms):
        self.calls.append((now() - self.begun, late_ms))
        return self.pauses.pop(0) if len(self.pauses) > 1 else self.pauses[0]


async def _for(ms, work, during=None):
    works = Clockwork(now, work)
    task = asyncio.create_task(works.run())
    await asyncio.sleep_ms(0)
    if during:
        await during(works)
    end = now() + ms
    while now() < end:
        await asyncio.sleep_ms(5)
    task.cancel()
    return works


def test_work_is_called_again_after_the_pause_it_asked_for():
    work = Work(30, 60, 10000)
    asyncio.run(_for(400, work))
    assert len(work.calls) == 3
    assert work.calls[1][0] >= 29
    assert work.calls[2][0] - work.calls[1][0] >= 59


def test_hurried_work_is_called_at_once_and_again_when_due_before_the_task_wakes():
    work = Work(5000, 50, 10000)

    async def hurry(works):
        works.hurry()
        assert len(work.calls) == 2

    asyncio.run(_for(500, work, hurry))
    assert len(work.calls) == 3
    assert work.calls[2][0] >= 49


def test_hurrying_from_inside_the_work_does_nothing():
    work = Work(5000)
    works = Clockwork(now, lambda late_ms: (work(late_ms), works.hurry())[0])

    async def once():
        await asyncio.sleep_ms(3)
        works._wake_ms = (now() + 1000) & _PERIOD
        works.hurry()

    asyncio.run(once())
    assert len(work.calls) == 1


def test_a_loop_that_stood_still_is_told_and_an_idle_one_is_not():
    work = Work(50, 10000)

    async def block(works):
        works.hurry()  # a hurried call while nothing is late
        time.sleep(0.3)

    asyncio.run(_for(200, work, block))
    assert max(late for _, late in work.calls) >= 200
    assert work.calls[0][1] == work.calls[1][1] == 0


def test_beat_grows_with_each_turn():
    work = Work(20)
    works = asyncio.run(_for(300, work))
    assert works.beat >= 3
