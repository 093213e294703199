"""Ends tasks for certain."""

import asyncio

_AGAIN_S = 0.2  # between two cancellations


async def end(tasks):
    """Cancel `tasks` until each is done; their results and errors are dropped.

    Once is not enough: before Python 3.12 `asyncio.wait_for` loses a cancellation that comes together with its result, and the
    task then goes on as if nothing had been said. aiomqtt waits that way for every PUBACK.
    """
    tasks = [task for task in tasks if task is not asyncio.current_task()]
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
