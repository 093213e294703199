"""Ends tasks for certain, and waits for nothing without a bound."""

import asyncio

_AGAIN_S = 0.2  # between two cancellations
_BOUND_S = 15.0  # longer than any tidying up in this repository: aiomqtt gives a broker 10 s to say good-bye


class StubbornError(RuntimeError):
    """Tasks went on whatever was said to them; the text names them and where they stand."""


async def end(tasks):
    """Cancel `tasks` until each is done; their results and errors are dropped. Raises StubbornError after 15 s.

    Once is not enough: before Python 3.12 `asyncio.wait_for` loses a cancellation that comes together with its result, and the
    task then goes on as if nothing had been said. aiomqtt waits that way for every PUBACK.
    """
    tasks = [task for task in tasks if task is not asyncio.current_task()]
    end_s = asyncio.get_running_loop().time() + _BOUND_S
    while pending := [task for task in tasks if not task.done()]:
        if asyncio.get_running_loop().time() > end_s:
            raise StubbornError("will not end: " + "; ".join(map(repr, pending)))
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
