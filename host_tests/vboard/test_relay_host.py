"""The relay does what each mode's line in its table says. Real sockets on loopback."""

import asyncio
import contextlib
import time

import pytest

from tools.vboard.relay import Relay

_SOON_S = 5.0  # bound for what should happen at once


@contextlib.asynccontextmanager
async def _echo_server():
    async def serve(reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(1000):
                writer.write(data)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@contextlib.asynccontextmanager
async def _set_up():
    async with _echo_server() as port, Relay(0, port) as relay:
        yield relay


async def _connect(relay):
    return await asyncio.wait_for(asyncio.open_connection("127.0.0.1", relay.port), _SOON_S)


async def _echoed(stream, data=b"ping"):
    stream[1].write(data)
    return await asyncio.wait_for(stream[0].readexactly(len(data)), _SOON_S) == data


async def _silent(stream, for_s=0.2):
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(stream[0].read(1), for_s)
    return True


def test_passes_bytes_both_ways_and_the_end_too():
    async def run():
        async with _set_up() as relay:
            stream = await _connect(relay)
            assert await _echoed(stream, bytes(range(256)) * 3)
            stream[1].write_eof()
            assert await asyncio.wait_for(stream[0].read(), _SOON_S) == b""
            assert relay.connections == 1 and relay.bytes_up == relay.bytes_down == 768

    asyncio.run(run())


def test_a_large_transfer_arrives_whole():
    async def run():
        async with _set_up() as relay:
            stream = await _connect(relay)
            data = bytes(range(256)) * 20_000
            stream[1].write(data)
            assert await asyncio.wait_for(stream[0].readexactly(len(data)), 20) == data

    asyncio.run(run())


def test_delay_counts_each_way_and_does_not_add_up_over_packets():
    async def run():
        async with _set_up() as relay:
            stream = await _connect(relay)
            relay.mode("pass", delay_ms=100)
            begun = time.monotonic()
            for number in range(10):
                stream[1].write(bytes([number]))
                await asyncio.sleep(0.005)
            assert await asyncio.wait_for(stream[0].readexactly(10), _SOON_S) == bytes(range(10))
            took_s = time.monotonic() - begun
            assert 0.2 <= took_s < 1.0, took_s

    asyncio.run(run())


def test_freeze_swallows_bytes_and_the_connection_never_recovers():
    async def run():
        async with _set_up() as relay:
            stream = await _connect(relay)
            assert await _echoed(stream)
            relay.mode("freeze")
            stream[1].write(b"lost")
            assert await _silent(stream)
            assert relay.swallowed_bytes == 4
            relay.mode("pass")
            stream[1].write(b"also lost")
            assert await _silent(stream)
            assert await _echoed(await _connect(relay))

    asyncio.run(run())


def test_a_connection_that_lost_nothing_goes_on_after_a_freeze():
    async def run():
        async with _set_up() as relay:
            stream = await _connect(relay)
            assert await _echoed(stream)
            relay.mode("freeze")
            relay.mode("pass")
            assert await _echoed(stream)

    asyncio.run(run())


def test_a_connection_made_while_frozen_stays_dead():
    async def run():
        async with _set_up() as relay:
            relay.mode("freeze")
            stream = await _connect(relay)
            stream[1].write(b"hello?")
            assert await _silent(stream)
            relay.mode("pass")
            assert await _silent(stream)

    asyncio.run(run())


def test_freezing_the_way_down_lets_the_way_up_through():
    async def run():
        async with _set_up() as relay:
            stream = await _connect(relay)
            assert await _echoed(stream)
            relay.mode("freeze", way="down")
            stream[1].write(b"heard")
            assert await _silent(stream)
            assert relay.bytes_up == 9 and relay.swallowed_bytes == 5

    asyncio.run(run())


def test_hold_delivers_everything_afterwards():
    async def run():
        async with _set_up() as relay:
            stream = await _connect(relay)
            assert await _echoed(stream)
            relay.mode("hold")
            stream[1].write(b"late")
            assert await _silent(stream)
            relay.mode("pass")
            assert await asyncio.wait_for(stream[0].readexactly(4), _SOON_S) == b"late"

    asyncio.run(run())


def test_refuse_resets_connections_and_refuses_new_ones_on_the_same_port_later():
    async def run():
        async with _set_up() as relay:
            stream = await _connect(relay)
            assert await _echoed(stream)
            relay.mode("refuse")
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(stream[0].readexactly(1), _SOON_S)
            with pytest.raises(ConnectionRefusedError):
                await _connect(relay)
            relay.mode("pass")
            assert await _echoed(await _connect(relay))

    asyncio.run(run())


def test_reset_kills_what_is_there_and_takes_new_ones():
    async def run():
        async with _set_up() as relay:
            stream = await _connect(relay)
            assert await _echoed(stream)
            relay.mode("reset")
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(stream[0].readexactly(1), _SOON_S)
            assert await _echoed(await _connect(relay))

    asyncio.run(run())


def test_hang_leaves_a_connect_without_answer_until_it_ends():
    async def run():
        async with _set_up() as relay:
            relay.mode("hang")
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.open_connection("127.0.0.1", relay.port), 0.4)
            relay.mode("pass")
            assert await _echoed(await _connect(relay))

    asyncio.run(run())


def test_a_dead_target_ends_the_connection():
    async def run():
        async with Relay(0, 1) as relay:
            stream = await _connect(relay)
            assert await asyncio.wait_for(stream[0].read(), _SOON_S) == b""

    asyncio.run(run())


def test_unknown_modes_and_values_are_refused():
    async def run():
        relay = Relay(0, 1)
        for arguments in ({"name": "storm"}, {"name": "pass", "delay_ms": -1}, {"name": "freeze", "way": "sideways"}):
            with pytest.raises(ValueError, match="wanted"):
                relay.mode(**arguments)
        await relay.close()

    asyncio.run(run())


def test_forget_kills_what_exists_for_good_and_lets_new_ones_through():
    async def run():
        async with _set_up() as relay:
            old = await _connect(relay)
            assert await _echoed(old)
            relay.mode("forget")
            old[1].write(b"lost")
            assert await _silent(old)
            assert await _echoed(await _connect(relay))
            relay.mode("pass")
            assert await _silent(old)

    asyncio.run(run())


def test_tap_sees_bytes_of_both_ways():
    async def run():
        async with _set_up() as relay:
            seen = []
            relay.tap = lambda link, way, data: seen.append((way, data))
            assert await _echoed(await _connect(relay), b"tapped")
            assert ("up", b"tapped") in seen and ("down", b"tapped") in seen

    asyncio.run(run())
