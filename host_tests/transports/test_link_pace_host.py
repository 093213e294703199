"""The link's pace on battery: a longer keep-alive by a new connection beside the old one, only when nothing waits."""

import asyncio
import time

import pytest

from host_tests.fakes.broker import FakeBroker
from host_tests.transports.link_process import LinkProcess, config

LIBRARIES = ("umqtt.simple", "host_tests.fakes.umqtt_1_8")


async def until(wanted, within_s=10):
    deadline = time.monotonic() + within_s
    while not wanted():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.01)


async def paced(link, calm):
    return (await link.ask("pace", "paced", calm=calm))["done"]


def subscribed(broker, count):
    """That many connections have got as far as the first messages."""
    return lambda: len(broker.subscribed) >= count


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_broker_is_told_60_s_and_12_s_again_and_the_application_hears_of_no_loss(library):
    async def run():
        async with FakeBroker() as broker, LinkProcess(config(broker.port, library=library)) as link:
            await link.online()
            assert await paced(link, False), "it has that pace already"
            for calm, count in ((True, 2), (False, 3)):
                assert not await paced(link, calm)
                await until(subscribed(broker, count))
                link.send(f"k{count}", "t/alarm")
                await link.acked(f"k{count}")
                assert await paced(link, calm)
            assert broker.keepalives_s == [12, 60, 12]
            assert [event["value"] for event in link.events if event["event"] == "online"] == [True]
            assert not broker.broken

    asyncio.run(run())


def test_a_calm_connection_pings_at_its_own_pace_and_a_quick_one_at_its():
    async def run():
        async with FakeBroker() as broker:
            pace = {"ping_ms": 300, "pong_ms": 400, "race_ms": 100, "calm_ping_ms": 3000}
            async with LinkProcess(config(broker.port, **pace)) as link:
                await link.online()
                await until(lambda: broker.pings.count(1) >= 2)
                await paced(link, True)
                await until(subscribed(broker, 2))
                begun = time.monotonic()
                await until(lambda: broker.pings.count(2) >= 1)
                assert time.monotonic() - begun > 2, "calm_ping_ms, not ping_ms"

    asyncio.run(run())


def test_while_something_waits_the_connection_stays():
    async def run():
        async with FakeBroker() as broker, LinkProcess(config(broker.port, race_ms=4000)) as link:
            await link.online()
            broker.fault("no_puback")
            link.send("alarm", "t/alarm")
            assert not await paced(link, True)
            await asyncio.sleep(1)
            assert broker.connections == 1
            broker.fault(None)

    asyncio.run(run())


def test_off_line_the_next_connection_has_the_new_pace():
    async def run():
        async with FakeBroker() as broker, LinkProcess(config(broker.port, gather_ms=1)) as link:
            await link.online()
            link.tell(do="bearer", up=False)
            broker.hang_up()
            await link.online(False)
            assert await paced(link, True), "nothing to replace"
            link.tell(do="bearer", up=True)
            await until(subscribed(broker, 2))
            assert broker.keepalives_s == [12, 60]

    asyncio.run(run())


def test_a_broker_that_is_gone_leaves_the_old_connection_to_it_and_the_link_up():
    async def run():
        async with FakeBroker() as broker, LinkProcess(config(broker.port)) as link:
            await link.online()
            broker.fault("refuse_login")
            assert not await paced(link, True)
            await until(lambda: len(broker.keepalives_s) >= 2)
            broker.fault(None)
            link.send("k", "t/alarm")
            await link.acked("k")
            assert [event["value"] for event in link.events if event["event"] == "online"] == [True]
            assert not await paced(link, True)
            await until(lambda: broker.keepalives_s[-1:] == [60] and len(broker.subscribed) == 2)

    asyncio.run(run())
