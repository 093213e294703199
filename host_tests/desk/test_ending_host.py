"""Tasks end, also stubborn ones."""

import asyncio

from tools.desk.ending import end


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
