"""Takes main.py's place on a unit: the same application, and beside it a look at the heap each few seconds.

A line `bench-heap FREE USED BYTES MS name=bytes ...`: free and used after a collection, then what was allocated in so many ms
with the collector off, and how much of that in the parts that are looked at: each call of them measured by itself, so that
`poll` is in `step` too.
"""

import asyncio
import gc
import sys
import time

from firmware import app

_run = asyncio.run
_START_MS = 1500  # the connection is made with TLS, which wants the heap to itself
_LOOK_MS = 2000
_SLICE_MS = 20
_AHEAD_BYTES = 10000  # garbage that may lie about: a start of a call takes much at once
_LOOKED_AT = (("Talk", "step"), ("MediaPath", "poll"), ("MediaPath", "housekeep"), ("Speech", "tick"))
_taken = {}


def _measure(kind, name):
    inner, label = getattr(kind, name), kind.__name__ + "." + name
    _taken[label] = 0

    def outer(self):
        before = gc.mem_alloc()
        result = inner(self)
        _taken[label] += gc.mem_alloc() - before
        return result

    setattr(kind, name, outer)


async def _look():
    await asyncio.sleep_ms(_START_MS)
    while True:
        gc.collect()
        free, used = gc.mem_free(), gc.mem_alloc()
        for label in _taken:
            _taken[label] = 0
        gc.disable()
        grown, before, begun_ms = 0, used, time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), begun_ms) < _LOOK_MS:
            await asyncio.sleep_ms(_SLICE_MS)
            if gc.mem_free() < free - _AHEAD_BYTES:
                grown += gc.mem_alloc() - before
                gc.collect()
                before = gc.mem_alloc()
        grown, took_ms = grown + gc.mem_alloc() - before, time.ticks_diff(time.ticks_ms(), begun_ms)
        gc.enable()
        print("bench-heap", free, used, grown, took_ms, " ".join("%s=%d" % item for item in _taken.items()))


def _both(unit):
    async def run():
        asyncio.create_task(_look())
        await unit

    return _run(run())


def _forget():
    """The application is about to forget what only the start names: while it can be named, it gets its measuring."""
    for kind, name in _LOOKED_AT:
        for module in sys.modules:  # whichever it is: an image has many modules joined to one
            if module.startswith("firmware.") and kind in sys.modules[module].__dict__ and kind + "." + name not in _taken:
                _measure(getattr(sys.modules[module], kind), name)
    _inner()


_inner, app._forget = app._forget, _forget
asyncio.run = _both
app.run()
