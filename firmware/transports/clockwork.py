"""Calls a piece of work when it is due, no sooner and no later: a task that sleeps exactly, and can be hurried without a lock."""

import asyncio

from micropython import const

from firmware.core import clock

_LATE_MS = const(50)  # later than this: the loop itself stood still (flash, TLS calculation)


class Clockwork:
    """`work(late_ms)` -> ms until it wants to be called again. `late_ms`: 0, or more than the loop stood still before.

    `beat` grows with each turn of `run`, for the supervisor.
    """

    def __init__(self, now, work):
        self._now = now
        self._work = work
        self._wake_ms = self._last_ms = now()  # when run() works next; when the work was done last
        self._nudge_ms = None  # when an extra turn comes before run()'s
        self._working = False
        self.beat = 0

    async def run(self):
        """Ends only when cancelled. Sleeping allocates nothing."""
        while True:
            self.beat += 1
            pause_ms = self._turn(self._wake_ms)
            self._wake_ms = clock.add(self._now(), pause_ms)
            await asyncio.sleep_ms(pause_ms)

    def hurry(self):
        """Something may be due before run() wakes: work now, and once more when that says so. From inside the work: no effect."""
        now_ms = self._now()
        if self._working or clock.reached(now_ms, self._wake_ms) or clock.reached(now_ms, self._nudge_ms):
            return  # a turn comes in a moment, and knows how late it is
        self._by(clock.add(now_ms, self._turn(now_ms)))

    def _by(self, due_ms):
        if clock.diff(due_ms, self._wake_ms) >= 0 or (self._nudge_ms is not None and clock.diff(due_ms, self._nudge_ms) >= 0):
            return
        self._nudge_ms = due_ms
        asyncio.create_task(self._nudge(max(1, clock.diff(due_ms, self._now())), due_ms))

    async def _nudge(self, pause_ms, due_ms):
        await asyncio.sleep_ms(pause_ms)
        if self._nudge_ms == due_ms:
            self._nudge_ms = None
            pause_ms = self._turn(due_ms)
            self._by(clock.add(self._now(), pause_ms))

    def _turn(self, expected_ms):
        """Does the work. Late, what came in meanwhile has not been read yet: the margin lets the readers go first."""
        now_ms = self._now()
        late_ms = min(clock.diff(now_ms, expected_ms), clock.diff(now_ms, self._last_ms))
        self._last_ms = now_ms
        self._working = True
        try:
            return max(1, self._work(late_ms + _LATE_MS if late_ms > _LATE_MS else 0))
        finally:
            self._working = False
