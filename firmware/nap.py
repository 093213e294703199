"""A sleep that ends early when something happens, and leaves no garbage behind.

asyncio's own ways (`wait_for_ms` around an Event) make a task and several objects for each wait; the unit naps day and night.
Source: D9; asyncio's task queue is used the way its own Task.cancel does.
"""

import asyncio


class Nap:
    """One task naps: `await nap.begin(ms)`, then `nap.end()`. Any other code of the loop may `wake()` it, also before it naps.

    Interrupts must not wake it: they set a flag that a task waits for.
    """

    def __init__(self):
        self._task = None
        self._woken = False

    def begin(self, ms):
        """What to await: up to `ms`, or nothing if it was woken since the last nap. Allocates nothing."""
        if self._woken:
            return asyncio.sleep_ms(0)
        self._task = asyncio.core.cur_task
        return asyncio.sleep_ms(ms)

    def end(self):
        self._task = None
        self._woken = False

    def wake(self):
        self._woken = True
        if self._task is not None:
            asyncio.core._task_queue.remove(self._task)
            asyncio.core._task_queue.push(self._task)
            self._task = None
