"""The desk on real brokers, with the fake unit: the whole path from the alarm to `cleared`."""

import asyncio
import contextlib

import pytest

from host_tests.fakes.desk import FAST, KEY, DeskProcess, write_config
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.unit_link import UnitOnBroker
from host_tests.peers import need
from tools.brokers import Broker

WAIT_S = 20  # bound on every wait: generous, since nothing here measures speed


@pytest.fixture(params=["nats", "mosquitto"])
def kind(request):
    need(request.param)
    return request.param


@contextlib.asynccontextmanager
async def scene(kind, tmp_path, faults=(), timers=None, slower=1.0, **more):
    """Broker, desk with a subscribed client, and one fake unit on line."""
    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(Broker(kind, dir=tmp_path / "broker"))
        desk = await stack.enter_async_context(DeskProcess(write_config(tmp_path, [broker.port], timers, **more)))
        client = await stack.enter_async_context(desk.client())
        await client.subscribe(since=0)
        await client.wait_for(lambda event: event["event"] == "broker" and event["connected"], WAIT_S)
        unit = await stack.enter_async_context(UnitOnBroker(FakeUnit(KEY, faults=faults, slower=slower), broker.port))
        yield broker, desk, client, unit


async def until(condition, what):
    """Wait for `condition()`, bounded."""
    for _ in range(WAIT_S * 50):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"waited {WAIT_S} s for {what}")


def in_state(state):
    return lambda call: call["state"] == state


def test_a_call_is_received_answered_and_cleared(kind, tmp_path):
    async def run():
        async with scene(kind, tmp_path) as (_, _, client, unit):
            await unit.trigger()
            await until(lambda: unit.fake.light == "flashing", "the receipt")
            call = (await client.calls())[0]
            assert (call["state"], call["ringing"], call["triggers"]) == ("open", ["centre"], 1)
            assert call["inputs"][0]["location"] == "bathroom"
            await client.answer(call["n"], party="centre", who="Mary")
            await until(lambda: unit.fake.light == "double", "the answer")
            await client.wait_for_call(lambda view: view["confirmed"], WAIT_S)
            await client.clear(call["n"], "mistake", "present", "A. Jones")
            call = await client.wait_for_call(in_state("closed"), WAIT_S)
            assert unit.fake.light == "off"
            assert (call["closed"]["by"], call["closed"]["outcome"], call["closed"]["who"]) == ("service", "mistake", "A. Jones")
            assert await client.calls() == []

    asyncio.run(run())


def test_the_light_stays_steady_while_receipts_are_withheld(kind, tmp_path):
    async def run():
        async with scene(kind, tmp_path, slower=0.05) as (_, _, client, unit):
            await client.inject("withhold_receipts", 3)
            await unit.trigger()
            for _ in range(3):
                await client.wait_for(lambda event: event["event"] == "injected", WAIT_S)
                assert unit.fake.light == "steady"
            await until(lambda: unit.fake.light == "flashing", "the fourth alarm's receipt")
            assert unit.fake.call.attempt == 4

    asyncio.run(run())


def test_a_desk_killed_between_store_and_receipt_has_the_call_once_after_its_restart(kind, tmp_path):
    """P1: stored before the receipt; a copy makes no second call."""

    async def run():
        async with scene(kind, tmp_path, slower=0.1) as (_, desk, client, unit):
            await client.inject("crash_after_store", 1)
            await unit.trigger()
            await asyncio.wait_for(desk.process.wait(), WAIT_S)
            assert desk.process.returncode == -9
            assert unit.fake.light == "steady"
            await desk.start()
            async with desk.client() as again:
                await until(lambda: unit.fake.light == "flashing", "the receipt after the restart")
                calls = await again.calls(closed=True)
                assert [call["call"] for call in calls] == [unit.fake.call.id]
                assert calls[0]["copies"] >= 2

    asyncio.run(run())


def test_a_desk_restart_in_mid_call_keeps_the_hold_and_never_reuses_a_number(kind, tmp_path):
    async def run():
        async with scene(kind, tmp_path, timers=FAST | {"unanswered_s": 60}) as (_, desk, client, unit):
            await unit.trigger()
            call = await client.wait_for_call(in_state("open"), WAIT_S)
            await client.answer(call["n"], party="coordinator", who="Ann")
            await until(lambda: unit.fake.light == "double", "the answer")
            before = unit.fake.received[-1]["ctr"]
            await desk.kill()
            await desk.start()
            count = len(unit.fake.received)
            await until(lambda: len(unit.fake.received) > count, "`answered` from the new desk")
            assert min(message["ctr"] for message in unit.fake.received[count:]) > before
            assert unit.fake.refused == {}
            async with desk.client() as again:
                held = (await again.calls())[0]
                assert (held["state"], held["held_by"]["who"]) == ("answered", "Ann")
                await again.clear(held["n"], "help_sent", "present", "Ann")
                await until(lambda: unit.fake.light == "off", "the clear")

    asyncio.run(run())
