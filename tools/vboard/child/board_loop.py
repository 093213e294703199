"""asyncio's poller with a doorbell: an interrupt ends the wait at once, as it does on the board.

The unix port blocks in the system's poll() where the ESP32 keeps running scheduled handlers, and looks every
millisecond at objects without a file descriptor, such as a ThreadSafeFlag. Here those are looked at when the loop wakes, which
the doorbell guarantees after each interrupt: no busy waiting, no delay.
"""

import asyncio
import select
from asyncio import core

_world = None


def set_up(world):
    global _world
    _world = world
    core.IOQueue = BellQueue
    asyncio.new_event_loop()


def _is_flag(s):
    """True for what only an interrupt or another task can make ready, so that the bell is enough."""
    return isinstance(s, asyncio.ThreadSafeFlag) or getattr(s, "wakes_by_interrupt", False)


class BellQueue(core.IOQueue):
    def __init__(self):
        super().__init__()
        self.flags = {}  # id: [object, events] of Python objects with an ioctl of their own
        self.real = self.poller
        self.bell = _world.bell
        self.byte = bytearray(1)
        self.real.register(self.bell, select.POLLIN)
        self.poller = self  # what the base class registers comes here first

    def register(self, s, events):
        if _is_flag(s):
            self.flags[id(s)] = [s, events]
        else:
            self.real.register(s, events)

    def modify(self, s, events):
        if _is_flag(s):
            self.flags[id(s)][1] = events
        else:
            self.real.modify(s, events)

    def unregister(self, s):
        if _is_flag(s):
            del self.flags[id(s)]
        else:
            self.real.unregister(s)

    def ipoll(self, dt):
        return self.real.ipoll(dt)

    def wait_io_event(self, dt):
        if self.flags and self._look_at_flags():
            dt = 0
        for s, events in self.poller.ipoll(dt):  # whoever stands in front of the poller must see every rest
            if s is self.bell:
                _world.answer_bell(self.byte)
            else:
                self._wake(s, events)
        if self.flags:
            self._look_at_flags()

    def _look_at_flags(self):
        """True if one was ready. Starts over after each, because waking one takes it out of the table."""
        found = False
        again = True
        while again:
            again = False
            for key in self.flags:
                s, wanted = self.flags[key]
                events = s.ioctl(3, wanted)
                if events > 0:
                    self._wake(s, events)
                    found = again = True
                    break
        return found

    def _wake(self, s, events):
        waiting = self.map[id(s)]
        if events & ~select.POLLOUT and waiting[0] is not None:
            core._task_queue.push(waiting[0])
            waiting[0] = None
        if events & ~select.POLLIN and waiting[1] is not None:
            core._task_queue.push(waiting[1])
            waiting[1] = None
        if waiting[0] is None and waiting[1] is None:
            self._dequeue(s)
        elif waiting[0] is None:
            self.modify(s, select.POLLOUT)
        else:
            self.modify(s, select.POLLIN)
