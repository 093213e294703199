"""Who of the tasks is alive. Pure.

Each task counts the work it has done in a beat. A task whose beat has not moved for longer than its limit is stale; the shell
then stops feeding the hardware watchdog, and the unit starts anew with its calls from the journal. A task that ended is started
again, but not for ever: more than _RESTARTS in an hour of the same task is taken as stale too.

Source: D8, P8; FACTS (per-task supervision recovered 96 of 96 injected faults, a watchdog with a task of its own 12 of 96).
"""

from micropython import const

from firmware.core import clock

_RESTARTS = const(5)  # of one task within the window: a task that dies again and again will not be cured by a sixth start
_WINDOW_MS = const(3600000)


class _Watched:
    def __init__(self, limit_ms, now_ms):
        self.limit_ms = limit_ms
        self.beat = None
        self.moved_ms = now_ms
        self.restarts = 0
        self.window_ms = now_ms


class Supervision:
    """`now_ms` everywhere is a tick; limits are in ms."""

    def __init__(self):
        self._tasks = {}

    def watch(self, name, limit_ms, now_ms):
        """Takes task `name` under supervision; its beat must move within `limit_ms` (1 ... 3,600,000) from now on."""
        self._tasks[name] = _Watched(limit_ms, now_ms)

    def beat(self, name, beat, now_ms):
        """Tells how far the task has come; any value that differs from the last one is work done."""
        task = self._tasks[name]
        if beat != task.beat:
            task.beat = beat
            task.moved_ms = now_ms

    def ended(self, name, now_ms):
        """The task has died. True: start it again. False: too often, let the watchdog bite."""
        task = self._tasks[name]
        if clock.diff(now_ms, task.window_ms) >= _WINDOW_MS:
            task.restarts = 0
            task.window_ms = now_ms
        task.restarts += 1
        if task.restarts > _RESTARTS:
            task.limit_ms = -1
            return False
        task.moved_ms = now_ms
        return True

    def stale(self, now_ms):
        """Name of a task that is stale, or None while all are fresh. Allocates nothing."""
        for name in self._tasks:
            task = self._tasks[name]
            if clock.diff(now_ms, task.moved_ms) > task.limit_ms:
                return name
        return None
