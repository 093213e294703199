"""A desk and a unit joined in memory under a virtual clock, and an operator who speaks: for the tests of speech sessions."""

import asyncio

from host_tests.fakes.desk import KEY
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.wire import joined

LONG = {"media_silent_s": 3600}  # nobody sends sound here


def play(tmp_path, script, faults=(), timers=LONG, **config):
    """Run `script(wire, unit)` with a unit that has just connected."""

    async def run():
        unit = FakeUnit(KEY, faults=faults)
        with joined(tmp_path, unit, timers=timers, **config) as wire:
            unit.will()
            wire.up(unit.connected(wire.now_ms))
            await wire.settle()
            await script(wire, unit)

    asyncio.run(run())


async def raised_and_answered(wire, unit, who="Mary"):
    wire.up(unit.trigger(wire.now_ms))
    await wire.settle()
    wire.act("answer", "centre", who)
    await wire.settle()


async def speaking(wire, unit, who="Mary"):
    """View of the session of an answered call."""
    await raised_and_answered(wire, unit, who)
    return await talk(wire, who)


async def talk(wire, who="Mary"):
    talks = wire.desk.talks
    call = wire.desk.book.get(wire.call()["n"])
    view = wire.desk.act(lambda: talks.talk(call, who).view())
    await wire.settle()
    return view


async def call_flat(wire, kind="welfare", who="Mary", take_over=False):
    (record,) = wire.desk.units.values()
    view = wire.desk.act(lambda: wire.desk.talks.call_flat(record, kind, who, take_over).view())
    await wire.settle()
    return view


async def command(wire, do):
    (session,) = wire.desk.talks.sessions.values()
    wire.desk.act(lambda: wire.desk.talks.command(session, do))
    await wire.settle()


def session(wire):
    """View of the one session that is on."""
    (only,) = wire.desk.talks.sessions.values()
    return only.view()


def last(wire):
    """Body of the newest session that is over."""
    return wire.desk.talks.store.talks(True, 1)[0][3]


def whys(wire):
    return [event["why"] for event in wire.events("talk")]


def kinds(wire, kind):
    return [down for down in wire.downs if down["type"] == kind]
