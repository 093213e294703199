"""Memory: the whole unit, connected with TLS, in a heap of 320 KB; what it allocates while nothing happens; its compiled size."""

import asyncio
import re

from tools.bench import standins
from tools.bench.figure import Figure
from tools.bench.probe import ProbeError
from tools.bench.whole import Flat
from tools.deploy import FORMS

NAMES = ("heap_free", "heap_free_unit", "heap_allocated_idle", "mpy_bytes")
_MARK = "bench-heap"
_WAIT_S = 60.0
_TARGET_FORM = "rom"  # as a unit is installed; the others are for development

# Takes main.py's place: the same application, and one task more that looks at the heap once all is quiet.
_MAIN = """
import gc

gc.collect()
_before = gc.mem_alloc()

import asyncio

from firmware import app

_run = asyncio.run
_QUIET_S = %d
_IDLE_S = %d


async def _look():
    await asyncio.sleep(_QUIET_S)
    gc.collect()
    free, used = gc.mem_free(), gc.mem_alloc()
    gc.disable()
    before = gc.mem_alloc()
    await asyncio.sleep(_IDLE_S)
    grown = gc.mem_alloc() - before
    gc.enable()
    print("%s", free, used, grown, _IDLE_S, _before)


def _both(unit):
    async def run():
        asyncio.create_task(_look())
        await unit

    return _run(run())


asyncio.run = _both
app.run()
"""


async def measure_all(lab):
    quiet_s, idle_s = (4, 4) if lab.quick else (8, 12)
    results, size = {}, 0
    for form in (_TARGET_FORM,) if lab.quick else FORMS:
        lab.say(f"heap of the whole unit over TLS, modules as {form} ...")
        try:
            text, deployed = await _run(lab, form, _MAIN % (quiet_s, idle_s, _MARK))
        except (ProbeError, asyncio.TimeoutError):
            if form == _TARGET_FORM:
                raise
            continue  # its heap is too small for this form: the table says so
        results[form] = reading(text)
        if form == _TARGET_FORM:
            size = sum(count for path, count in deployed.sizes.items() if path.endswith(".mpy"))
    lab.say("heap that the virtual board's stand-ins take ...")
    return _figures(lab, results, size, idle_s, await standins.share_bytes(lab))


async def _run(lab, form, main):
    async with Flat(lab, f"heap-{form}", tls=True, form=form, main=main) as flat:
        event = await flat.board.wait_event(lambda e: e["event"] == "console" and _MARK in e["text"], _WAIT_S, since_ms=0)
        return event["text"], flat.deployed


def reading(text):
    """(free bytes after collection, used, allocated in the idle time, idle s, used before main.py) of the unit's console line."""
    found = re.search(_MARK + r" (\d+) (\d+) (-?\d+) (\d+) (\d+)", text)
    if not found:
        raise ValueError(f"not a heap line: {text!r}")
    return tuple(int(group) for group in found.groups())


def _figures(lab, results, size, idle_s, stand_ins):
    free = {form: 100 * free / (free + used) for form, (free, used, *_) in results.items()}
    unit = {form: value + 100 * stand_ins / sum(results[form][:2]) for form, value in free.items()}
    rate = {form: grown / seconds for form, (_, _, grown, seconds, _) in results.items()}
    how = (
        "whole unit on the virtual board, TLS, -X heapsize=320k, after a collection; its modules run from a read-only image "
        "(rom); below it the same as source and as .mpy files. The board's stand-ins are in the same heap"
    )
    without = f"the same less the {stand_ins} bytes that the stand-ins take (measured on their own, in the same run)"
    idle = f"growth of gc.mem_alloc() in {idle_s} idle seconds on line, collection off; the highest of all forms"
    share, pace = _texts(lab, free, "%.1f %%"), _texts(lab, rate, "%.0f bytes/s")
    return [
        Figure("heap_free", free[_TARGET_FORM], "%", how, 30, "higher", share),
        Figure("heap_free_unit", unit[_TARGET_FORM], "%", without, 30, "higher", _texts(lab, unit, "%.1f %%")),
        Figure("heap_allocated_idle", max(rate.values()), "bytes/s", idle, 200, peers=pace),
        Figure("mpy_bytes", size, "bytes", "all .mpy files of a deployed unit, mpy-cross -O1", None),
    ]


def _texts(lab, values, pattern):
    wanted = values if lab.quick else FORMS
    return {form: pattern % values[form] if form in values else "does not fit" for form in wanted}
