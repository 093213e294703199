"""A bed for bearers: the loop's waits are made to pass in the stand-ins' world, so that hours of a bearer take no time."""

import asyncio

import machine

import host_tests.transports.loop  # noqa: F401 - gives CPython's asyncio what the code under test needs
from firmware.core import clock


def now():
    return machine.world.now_ms & (clock.PERIOD_MS - 1)


def new_world(board=None):
    """A world just before the ticks wrap."""
    machine.world.clear()
    machine.world.now_ms = clock.PERIOD_MS - 3000


def passing(bearer, seconds, until=None):
    """Runs the task of `bearer` for so long, or until `until()` is true; True if it was."""
    slept = asyncio.sleep_ms
    end_ms = machine.world.now_ms + int(seconds * 1000)

    class Over(Exception):
        pass

    async def sleep(ms):
        machine.world.advance(ms)
        await slept(0)
        if machine.world.now_ms >= end_ms or (until is not None and until()):
            raise Over

    async def run():
        try:
            await bearer.run()
        except Over:
            pass

    asyncio.sleep_ms = sleep
    try:
        asyncio.run(run())
    finally:
        asyncio.sleep_ms = slept
    return until is not None and until()
