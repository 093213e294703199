"""Each step of a connection fails within its bound and says which step it was; none of them holds the loop (P8)."""

import asyncio
import socket
import time

import pytest

from host_tests.fakes.broker import FakeBroker
from host_tests.fakes.name_server import FakeNameServer
from host_tests.transports.link_process import LinkProcess, config
from tools.brokers import free_port
from tools.vboard.relay import Relay

_GAP_MS = 150  # catches a blocked loop on a busy machine; the bench has the real figure


async def _error(link, word, within_s=8):
    deadline = time.monotonic() + within_s
    while True:
        health = await link.ask("health")
        if word in health["error"]:
            return health["error"]
        assert time.monotonic() < deadline, health
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("fault", [None, "lossy", "stranger"])
def test_name_is_looked_up_also_when_a_query_is_lost_and_not_taken_from_a_stranger(fault):
    async def run():
        async with FakeBroker() as broker, FakeNameServer({"broker.test": "127.0.0.1"}) as names:
            names.fault(fault)
            async with LinkProcess(config(broker.port, host="broker.test", dns=names.address, dns_ms=1500)) as link:
                if fault == "stranger":
                    await _error(link, "resolving: no answer within 1500 ms")
                    names.fault(None)
                await link.online(within_s=15)
                assert len(names.asked) >= (2 if fault else 1)

    asyncio.run(run())


@pytest.mark.parametrize(("fault", "word"), [("silent", "resolving: no answer within"), ("unknown", "no such name")])
def test_name_server_that_hangs_or_does_not_know_holds_nothing_up(fault, word):
    async def run():
        async with FakeBroker() as broker, FakeNameServer({"broker.test": "127.0.0.1"}) as names:
            names.fault(fault)
            settings = config(broker.port, host="broker.test", dns=names.address, dns_ms=700)
            async with LinkProcess(settings) as link:
                link.send("alarm", "t/alarm")
                assert "broker.test:%d" % broker.port in await _error(link, word)
                assert (await link.ask("gap"))["gap_ms"] < _GAP_MS
                names.fault(None)
                await link.acked("alarm", 10)

    asyncio.run(run())


def test_last_good_address_serves_an_alarm_when_the_name_server_is_gone():
    async def run():
        async with (
            FakeBroker() as broker,
            FakeNameServer({"broker.test": "127.0.0.1"}) as names,
            LinkProcess(config(broker.port, host="broker.test", dns=names.address)) as link,
        ):
            await link.online()
            names.fault("silent")
            asked = len(names.asked)
            broker.hang_up()
            link.send("alarm", "t/alarm")
            await link.acked("alarm", 3)
            assert len(names.asked) == asked

    asyncio.run(run())


def test_no_name_server_at_all_is_said():
    async def run():
        async with LinkProcess(config(1, host="broker.test")) as link:
            assert "no name server known" in await _error(link, "resolving")

    asyncio.run(run())


def test_refused_connection_is_named():
    async def run():
        port = free_port()
        async with LinkProcess(config(port)) as link:
            assert await _error(link, "refused") == f"broker 127.0.0.1:{port}: connecting: refused"

    asyncio.run(run())


def test_connect_that_hangs_ends_at_its_bound_and_holds_nothing_up():
    async def run():
        async with FakeBroker() as broker, Relay(0, broker.port) as relay:
            relay.mode("hang")
            async with LinkProcess(config(relay.port, connect_ms=400)) as link:
                await _error(link, "connecting: no answer within 400 ms")
                assert (await link.ask("gap"))["gap_ms"] < _GAP_MS

    asyncio.run(run())


def test_handshake_with_something_that_speaks_no_tls_fails_and_is_named(tmp_path):
    from tools import pki

    async def run():
        async def talk(_, writer):
            writer.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with LinkProcess(config(port, tls=pki.ensure(tmp_path))) as link:
            assert f"127.0.0.1:{port}: securing" in await _error(link, "securing")
        server.close()
        assert "Traceback" not in link.output

    asyncio.run(run())


def test_server_that_accepts_and_never_speaks_tls_ends_at_its_bound(tmp_path):
    from tools import pki

    async def run():
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(8)
            port = deaf.getsockname()[1]
            async with LinkProcess(config(port, tls=pki.ensure(tmp_path), tls_ms=400)) as link:
                await _error(link, "securing: no answer within 400 ms")
                assert (await link.ask("gap"))["gap_ms"] < _GAP_MS

    asyncio.run(run())
