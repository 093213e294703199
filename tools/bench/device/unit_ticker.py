"""Takes main.py's place on a unit: the same application, and beside it a ticker that tells each second how late it was woken.

A line `bench-ticker 3:97 4:2 18:1`: so often so many quarters of a millisecond late; the last quarter stands for all above.
"""

import asyncio
import time
from array import array

from firmware import app

_run = asyncio.run
_PERIOD_MS = 10
_TICKS = 100
_BIN_US = 250
_BINS = 400


async def _tick():
    bins = array("H", bytes(2 * _BINS))
    while True:
        for i in range(_BINS):
            bins[i] = 0
        last_us = time.ticks_us()
        for _ in range(_TICKS):
            await asyncio.sleep_ms(_PERIOD_MS)
            now_us = time.ticks_us()
            late_us = time.ticks_diff(now_us, last_us) - 1000 * _PERIOD_MS
            last_us = now_us
            bins[min(max(late_us, 0) // _BIN_US, _BINS - 1)] += 1
        print("bench-ticker", " ".join("%d:%d" % (i, bins[i]) for i in range(_BINS) if bins[i]))


def _both(unit):
    async def run():
        asyncio.create_task(_tick())
        await unit

    return _run(run())


asyncio.run = _both
app.run()
