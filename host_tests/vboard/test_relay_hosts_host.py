"""The relay tells a unit's bearers apart by their addresses: one dies, another goes on. Real sockets on loopback."""

import asyncio
import contextlib

import pytest

from tools.vboard.relay import Relay

_SOON_S = 5.0
_CABLE, _RADIO = "127.0.0.50", "127.0.0.1"


class _Far:
    """An echo server that remembers which of its connections have ended."""

    def __init__(self):
        self.open, self.ended = 0, 0

    async def serve(self, reader, writer):
        self.open += 1
        try:
            while data := await reader.read(1000):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            self.ended += 1
            writer.close()


@contextlib.asynccontextmanager
async def _set_up():
    far = _Far()
    server = await asyncio.start_server(far.serve, "127.0.0.1", 0)
    async with Relay(0, server.sockets[0].getsockname()[1]) as relay:
        yield relay, far
    server.close()


async def _from(relay, host):
    return await asyncio.wait_for(asyncio.open_connection("127.0.0.1", relay.port, local_addr=(host, 0)), _SOON_S)


async def _echoed(stream, data=b"ping"):
    stream[1].write(data)
    return await asyncio.wait_for(stream[0].readexactly(len(data)), _SOON_S) == data


async def _silent(stream):
    stream[1].write(b"lost")
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(stream[0].read(1), 0.2)
    return True


def test_a_dead_address_swallows_old_and_new_and_the_other_goes_on():
    async def run():
        async with _set_up() as (relay, far):
            cable, radio = await _from(relay, _CABLE), await _from(relay, _RADIO)
            assert await _echoed(cable) and await _echoed(radio)
            relay.kill(_CABLE)
            assert await _silent(cable) and await _silent(await _from(relay, _CABLE)) and await _echoed(radio)
            assert relay.is_dead(_CABLE) and not relay.is_dead(_RADIO)
            relay.revive(_CABLE)
            assert await _silent(cable), "what lost bytes never recovers"
            assert await _echoed(await _from(relay, _CABLE))
            assert far.ended == 0

    asyncio.run(run())


def test_an_abandoned_connection_ends_for_the_unit_and_not_for_the_broker():
    async def run():
        async with _set_up() as (relay, far):
            cable, radio = await _from(relay, _CABLE), await _from(relay, _RADIO)
            assert await _echoed(cable) and await _echoed(radio)
            relay.abandon(_CABLE)
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(cable[0].readexactly(1), _SOON_S)
            assert await _echoed(radio) and await _echoed(await _from(relay, _CABLE))
            assert (far.open, far.ended) == (3, 0)

    asyncio.run(run())


def test_a_connection_that_was_dead_already_can_be_abandoned_too():
    async def run():
        async with _set_up() as (relay, far):
            relay.kill(_CABLE)
            born_dead = await _from(relay, _CABLE)
            assert await _silent(born_dead)
            relay.abandon(_CABLE)
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(born_dead[0].readexactly(1), _SOON_S)
            assert far.open == 0

    asyncio.run(run())


def test_it_tells_over_which_address_the_newest_living_connection_goes():
    async def run():
        async with _set_up() as (relay, _):
            told = []
            relay.on_carrying = lambda: told.append(relay.carrying)
            cable = await _from(relay, _CABLE)
            assert relay.carrying is None, "a connection that has carried nothing does not count"
            assert await _echoed(cable)
            radio = await _from(relay, _RADIO)
            assert await _echoed(radio) and told == [_CABLE, _RADIO]
            relay.kill(_RADIO)
            assert told[2:] == [_CABLE]
            cable[1].close()
            for _ in range(500):
                if relay.carrying is None:
                    break
                await asyncio.sleep(0.01)
            assert told == [_CABLE, _RADIO, _CABLE, None]

    asyncio.run(run())
