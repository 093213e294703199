"""The desk on real brokers, with the fake unit: the whole path from the alarm to `cleared`."""

import asyncio
import contextlib

import pytest

from host_tests.fakes.desk import FAST, KEY, DeskProcess, write_config
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.unit_link import UnitOnBroker
from host_tests.peers import need
from tools import pki
from tools.brokers import Broker, desk_user

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


def test_a_unit_that_loses_power_is_silent_by_its_will_and_comes_back(kind, tmp_path):
    async def run():
        async with scene(kind, tmp_path) as (_, _, client, unit):
            await unit.trigger()
            await until(lambda: unit.fake.light == "flashing", "the receipt")
            await unit.lose_power()
            event = await client.wait_for(lambda item: item["event"] == "unit" and item["view"]["status"] == "silent", WAIT_S)
            assert event["view"]["reason"] == "will"
            await unit.start_again()
            await client.wait_for(lambda item: item["event"] == "unit" and item["view"]["status"] == "online", WAIT_S)
            await until(lambda: unit.fake.light == "flashing", "the receipt of the resumed call")
            assert [call["triggers"] for call in await client.calls(closed=True)] == [1]

    asyncio.run(run())


def test_a_broker_that_restarts_in_mid_call_is_found_again(kind, tmp_path):
    async def run():
        async with scene(kind, tmp_path, timers={"answer_repeat_s": 1}) as (broker, _, client, unit):
            await unit.trigger()
            call = await client.wait_for_call(in_state("open"), WAIT_S)
            await client.answer(call["n"])
            await until(lambda: unit.fake.light == "double", "the answer")
            await unit.leave()
            await broker.stop()
            event = await client.wait_for(lambda item: item["event"] == "broker" and not item["connected"], WAIT_S)
            assert event["text"]
            await broker.start()
            await client.wait_for(lambda item: item["event"] == "broker" and item["connected"], WAIT_S)
            await unit.connect()
            count = len(unit.fake.received)
            await until(lambda: len(unit.fake.received) > count, "`answered` over the new connection")
            await client.clear(call["n"], "emergency", "present", "C. Owen")
            await client.wait_for_call(in_state("closed"), WAIT_S)

    asyncio.run(run())


def test_a_frozen_broker_is_noticed_by_the_desk_and_by_the_watch(tmp_path):
    """Bytes are swallowed: the desk's keep-alive (12 s) ends it. On one broker only, as it takes that long."""
    need("nats")

    async def run():
        async with scene("nats", tmp_path, timers={"unit_silent_s": 0.5}) as (broker, _, client, unit):
            await client.wait_for(lambda item: item["event"] == "health", WAIT_S)
            broker.freeze()
            await client.wait_for(lambda item: item["event"] == "broker" and not item["connected"], 2 * WAIT_S)
            event = await client.wait_for(lambda item: item["event"] == "unit" and item["view"]["status"] == "silent", WAIT_S)
            assert event["view"]["reason"] in ("no_broker", "no_reply")
            broker.thaw()
            await client.wait_for(lambda item: item["event"] == "broker" and item["connected"], WAIT_S)

    asyncio.run(run())


def test_each_fault_mode_between_desk_and_unit_ends_with_the_light_flashing(kind, tmp_path):
    """P2: dropped, delayed, doubled, forged, misaddressed receipts never make the light lie, and the next right one counts."""

    async def run():
        async with scene(kind, tmp_path, slower=0.05) as (_, _, client, unit):
            modes = [("wrong_seal", 1), ("wrong_call", 1), ("drop_down", 1), ("drop_up", 1), ("delay_ms", 50), ("replay_down", 1)]
            for mode, value in modes:
                await client.inject(mode, value)
                await unit.trigger()
                await until(lambda: unit.fake.call.received, f"a right receipt after {mode}")
                assert unit.fake.light == "flashing"
                await client.inject(mode, 0)
            assert (await client.calls())[0]["triggers"] == len(modes)
            assert unit.fake.refused["seal"] == 1
            assert unit.fake.refused["replay"] >= 1

    asyncio.run(run())


def test_the_desk_serves_each_unit_on_its_own_broker(tmp_path):
    """Several brokers: two units on two of them, one desk on both; nothing is sent twice."""
    need("nats")
    need("mosquitto")

    async def run():
        async with contextlib.AsyncExitStack() as stack:
            brokers = [await stack.enter_async_context(Broker(kind, dir=tmp_path / kind)) for kind in ("nats", "mosquitto")]
            flats = ["demo/f12/u1", "demo/f13/u1"]
            config = write_config(tmp_path, [broker.port for broker in brokers], units=flats)
            desk = await stack.enter_async_context(DeskProcess(config))
            client = await stack.enter_async_context(desk.client())
            await client.subscribe(since=0)
            for _ in brokers:
                await client.wait_for(lambda event: event["event"] == "broker" and event["connected"], WAIT_S)
            fakes = [FakeUnit(KEY, flat=flat) for flat in ("f12", "f13")]
            for fake, broker in zip(fakes, brokers, strict=True):
                unit = await stack.enter_async_context(UnitOnBroker(fake, broker.port))
                await unit.trigger()
            for fake in fakes:
                await until(lambda fake=fake: fake.light == "flashing", "the receipt")
                assert fake.refused == {}
            assert {unit["flat"]: unit["broker"] for unit in await client.units()} == {"f12": "b0", "f13": "b1"}

    asyncio.run(run())


def test_tls_with_the_right_name_works_and_every_wrong_thing_is_named(kind, tmp_path):
    async def run():
        right, other = pki.ensure(tmp_path / "right"), pki.ensure(tmp_path / "other")
        async with Broker(kind, dir=tmp_path / "broker", tls=right, users=[desk_user("p")]) as broker:
            tls = {"name": "b", "host": "127.0.0.1", "port": broker.port, "password": "p"}
            tls |= {"ca_file": str(right.ca_pem), "server_name": right.server_name}
            table = [
                ({}, ""),
                ({"server_name": "elsewhere.example"}, "certificate refused: Hostname mismatch"),
                ({"ca_file": str(other.ca_pem)}, "certificate refused"),
                ({"password": "wrong"}, "the broker refused us"),
            ]
            for i, (change, words) in enumerate(table):
                config = write_config(tmp_path / str(i), [], brokers=[tls | change])
                async with DeskProcess(config) as desk, desk.client() as client:
                    await client.subscribe(since=0)
                    event = await client.wait_for(lambda item: item["event"] == "broker", WAIT_S)
                    assert (event["connected"], words in event["text"]) == (not words, True), event

    asyncio.run(run())
