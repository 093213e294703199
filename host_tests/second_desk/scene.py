"""A house, a flat and the second desk that serves it; and what a test waits for there."""

import asyncio
import contextlib

from tools.ending import end

from .desk import Desk
from .house import ADDRESS, KEY, Flat, House, until


@contextlib.asynccontextmanager
async def scene_of(kind, path, lies=False, **settings):
    """House, flat and desk that are up. At the end no message may have been wrong, but for what was told when `lies`.

    `settings`: fields of the flat's settings.json, in place of the usual ones.
    """
    async with House(kind, path) as house:
        desk = Desk({ADDRESS: KEY}, path / "calls.json", repeat_s=1.0, retry_s=1.0)
        serving = asyncio.create_task(desk.run(**house.where()))
        try:
            async with Flat(house, settings) as flat:
                await until(lambda: desk.units[ADDRESS].health, "the desk has asked for a report")
                yield house, flat, desk
                assert not serving.done()
        finally:
            await end([serving])
            await desk.talks.close()
    assert (house.wrong_upwards() if lies else house.wrong) == []
    assert desk.refused == {}


async def word(desk, ref):
    """The unit's word on the command with this ctr."""
    return await until(lambda: desk.results.get(ref), "the unit's word on command %d" % ref)


async def closes(desk, call, by="service"):
    await until(lambda: desk.calls[call]["closed"], "%s is closed" % call)
    assert desk.calls[call]["closed"] == by
