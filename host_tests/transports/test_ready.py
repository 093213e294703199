"""Waiting for a socket puts the task into asyncio's own queue, in the right direction, and gives way once."""

import asyncio

from firmware.transports.ready import readable, writable


class FakeQueue:
    def __init__(self):
        self.waiting = []

    def queue_read(self, sock):
        self.waiting.append(("read", sock))

    def queue_write(self, sock):
        self.waiting.append(("write", sock))


class FakeCore:
    pass


def test_each_direction_waits_in_its_own_queue_and_returns_when_woken():
    core = getattr(asyncio, "core", None) or FakeCore()
    before = getattr(core, "_io_queue", None)
    had_core = hasattr(asyncio, "core")
    core._io_queue = queue = FakeQueue()
    asyncio.core = core
    try:
        for wait, wanted in ((readable, "read"), (writable, "write")):
            steps = list(wait("socket"))
            assert len(steps) == 1
            assert queue.waiting.pop() == (wanted, "socket")
    finally:
        core._io_queue = before
        if not had_core:
            del asyncio.core
