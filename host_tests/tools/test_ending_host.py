"""Tasks end, also stubborn ones; what does not end is named within a bound."""

import asyncio
import os

import pytest

from tools import child, ending
from tools.ending import StubbornError, end


async def deaf(times):
    """Swallows so many cancellations, as asyncio.wait_for may on Python 3.10 and 3.11."""
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            times -= 1
            if times < 0:
                raise


async def failing():
    raise OSError("gone")


def test_a_task_that_swallows_cancellations_ends_all_the_same():
    async def run():
        tasks = [asyncio.create_task(deaf(times)) for times in (0, 1, 2)] + [asyncio.create_task(failing())]
        await asyncio.sleep(0)
        await asyncio.wait_for(end(tasks), 10)
        assert all(task.done() for task in tasks)

    asyncio.run(run())


def test_nothing_to_end_is_no_trouble_and_nobody_ends_itself():
    async def run():
        await end([])
        await end([asyncio.current_task()])

    asyncio.run(asyncio.wait_for(run(), 10))


def test_a_task_that_never_ends_is_named_within_the_bound(monkeypatch):
    monkeypatch.setattr(ending, "_BOUND_S", 0.5)

    async def run():
        task = asyncio.create_task(deaf(20), name="the deaf one")
        await asyncio.sleep(0)
        with pytest.raises(StubbornError, match="the deaf one"):
            await asyncio.wait_for(end([task]), 10)
        monkeypatch.setattr(ending, "_BOUND_S", 15.0)
        await end([task])

    asyncio.run(run())


class Staying:
    """A process that has been killed and is still there."""

    pid = os.getpid()
    returncode = -9

    async def wait(self):
        await asyncio.sleep(60)


def test_a_killed_process_that_does_not_end_is_named_within_the_bound(monkeypatch):
    monkeypatch.setattr(child, "_GONE_S", 0.2)
    with pytest.raises(child.ChildError, match=f"process {os.getpid()} was killed.*Name.*State"):
        asyncio.run(asyncio.wait_for(child.kill(Staying()), 10))
    monkeypatch.setattr(Staying, "pid", 2**22 + 1)  # above the highest that Linux gives
    with pytest.raises(child.ChildError, match="its output is open"):
        asyncio.run(asyncio.wait_for(child.stop(Staying()), 10))
