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


# Places in the list that is kept of a task.
_LIMIT_MS = const(0)
_BEAT = const(1)
_MOVED_MS = const(2)
_RESTARTED = const(3)  # times, within the window
_BEGUN_MS = const(4)  # of the window


class Supervision:
    """`now_ms` everywhere is a tick; limits are in ms."""

    def __init__(self):
        self._tasks = {}

    def watch(self, name, limit_ms, now_ms):
        """Takes task `name` under supervision; its beat must move within `limit_ms` (1 ... 3,600,000) from now on."""
        self._tasks[name] = [limit_ms, None, now_ms, 0, now_ms]

    def beat(self, name, beat, now_ms):
        """Tells how far the task has come; any value that differs from the last one is work done."""
        task = self._tasks[name]
        if beat != task[_BEAT]:
            task[_BEAT] = beat
            task[_MOVED_MS] = now_ms

    def ended(self, name, now_ms):
        """The task has died. True: start it again. False: too often, let the watchdog bite."""
        task = self._tasks[name]
        if clock.diff(now_ms, task[_BEGUN_MS]) >= _WINDOW_MS:
            task[_RESTARTED] = 0
            task[_BEGUN_MS] = now_ms
        task[_RESTARTED] += 1
        if task[_RESTARTED] > _RESTARTS:
            task[_LIMIT_MS] = -1
            return False
        task[_MOVED_MS] = now_ms
        return True

    def stale(self, now_ms):
        """Name of a task that is stale, or None while all are fresh. Allocates nothing."""
        for name in self._tasks:
            task = self._tasks[name]
            if clock.diff(now_ms, task[_MOVED_MS]) > task[_LIMIT_MS]:
                return name
        return None
