"""The bench's words for a broken network do to a connection what they say."""

import asyncio

import pytest

from tools.bench.network import Network

_SOON_S = 5.0


async def _echo(reader, writer):
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


async def _connect(network):
    return await asyncio.wait_for(asyncio.open_connection("127.0.0.1", network.port), _SOON_S)


async def _alive(stream):
    stream[1].write(b"x")
    return await asyncio.wait_for(stream[0].read(1), _SOON_S) == b"x"


async def _silent(stream):
    stream[1].write(b"x")
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(stream[0].read(1), 0.2)
    return True


def _with_network(check):
    async def run():
        server = await asyncio.start_server(_echo, "127.0.0.1", 0)
        async with Network(server.sockets[0].getsockname()[1]) as network:
            stream = await _connect(network)
            assert await _alive(stream)
            await check(network, stream)
        server.close()

    asyncio.run(run())


def test_half_open_kills_the_old_and_lets_the_new_through():
    async def check(network, old):
        network.set("half_open")
        assert await _silent(old)
        assert await _alive(await _connect(network))

    _with_network(check)


def test_frozen_takes_new_connections_and_swallows_them():
    async def check(network, old):
        network.set("frozen")
        assert await _silent(old)
        assert await _silent(await _connect(network))

    _with_network(check)


def test_what_existed_in_a_blackout_stays_dead_after_it_and_new_ones_work():
    async def check(network, old):
        network.set("dark")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.open_connection("127.0.0.1", network.port), 0.3)
        network.set("pass")
        assert await _silent(old)
        assert await _alive(await _connect(network))

    _with_network(check)


def test_refuse_resets_the_old_and_refuses_the_new_until_it_ends():
    async def check(network, old):
        network.set("refuse")
        with pytest.raises(ConnectionError):
            while await asyncio.wait_for(old[0].read(1), _SOON_S):
                pass
        with pytest.raises(ConnectionRefusedError):
            await _connect(network)
        network.set("pass")
        assert await _alive(await _connect(network))

    _with_network(check)
