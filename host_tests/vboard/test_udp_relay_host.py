"""The UDP relay: each fault does what it says, seeded."""

import asyncio
import socket

import pytest

from tools.vboard.errors import BoardError
from tools.vboard.udp_relay import UdpRelay

WAIT_S = 5


def end(target=None):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made.bind(("127.0.0.1", 0))
    if target:
        made.connect(("127.0.0.1", target))
    return made


async def take(sock, count):
    """`count` datagrams that came within 5 s; fewer if no more came."""
    got = []
    loop = asyncio.get_running_loop()
    try:
        while len(got) < count:
            got.append(await asyncio.wait_for(loop.sock_recv(sock, 2000), WAIT_S))
    except asyncio.TimeoutError:
        pass
    return got


def drain(sock):
    got = []
    while True:
        try:
            got.append(sock.recv(2000))
        except BlockingIOError:
            return got


def run(play, **weather):
    """Plays with (relay, left end, right end); the left one speaks up to the right one."""

    async def all_of_it():
        right = end()
        async with UdpRelay(right.getsockname(), seed=weather.pop("seed", 1)) as relay:
            left = end(relay.port)
            for name, value in weather.items():
                assert hasattr(relay, name)
                setattr(relay, name, value)
            try:
                return await play(relay, left, right)
            finally:
                left.close()
                right.close()

    return asyncio.run(all_of_it())


def numbered(count):
    return [b"%04d" % i + bytes(100) for i in range(count)]


def send(sock, datagrams):
    for data in datagrams:
        sock.send(data)


def test_fair_weather_passes_all_both_ways_in_order():
    async def play(relay, left, right):
        send(left, numbered(50))
        assert await take(right, 50) == numbered(50)
        right.connect(("127.0.0.1", relay.back_port))
        send(right, numbered(50))
        assert await take(left, 50) == numbered(50)
        assert relay.passed == {"up": 50, "down": 50} and relay.lost == {"up": 0, "down": 0}

    run(play)


def test_loss_and_duplicates_come_as_often_as_told_and_the_same_with_one_seed():
    async def play(relay, left, right):
        got = []
        for i in range(20):
            send(left, numbered(500)[i * 25 : i * 25 + 25])
            while relay.passed["up"] - relay.duplicated["up"] + relay.lost["up"] < 25 * (i + 1):
                await asyncio.sleep(0.001)
            got += drain(right)
        return relay.lost["up"], relay.duplicated["up"], got + drain(right)

    lost, doubled, got = run(play, loss_pct=10, duplicate_pct=20, seed=7)
    assert 25 <= lost <= 75 and 60 <= doubled <= 120 and len(got) == 500 - lost + doubled
    assert run(play, loss_pct=10, duplicate_pct=20, seed=7) == (lost, doubled, got)
    assert run(play, loss_pct=10, duplicate_pct=20, seed=8) != (lost, doubled, got)


def test_jitter_makes_datagrams_late_and_overtake():
    async def play(relay, left, right):
        began = asyncio.get_running_loop().time()
        send(left, numbered(100))
        got = await take(right, 100)
        return got, asyncio.get_running_loop().time() - began

    got, seconds = run(play, jitter_ms=20)
    assert sorted(got) == numbered(100) != got and seconds > 0.04


def test_reordered_datagrams_come_behind_the_next_one_and_the_last_comes_too():
    async def play(relay, left, right):
        send(left, numbered(40))
        got = await take(right, 40)
        return got, relay.reordered["up"]

    got, count = run(play, reorder_pct=30)
    assert sorted(got) == numbered(40) and 4 <= count <= 25
    assert all(abs(int(data[:4]) - i) <= 2 for i, data in enumerate(got))


def test_a_hold_gives_all_at_once_and_swallowing_gives_nothing():
    async def play(relay, left, right):
        relay.held = True
        send(left, numbered(30))
        while len(relay._waiting) < 30:
            await asyncio.sleep(0.001)
        assert drain(right) == []
        relay.release()
        assert await take(right, 30) == numbered(30)
        relay.swallowing = True
        send(left, numbered(10))
        while relay.lost["up"] < 10:
            await asyncio.sleep(0.001)
        assert drain(right) == []

    run(play)


def test_forged_datagrams_come_from_where_the_peer_comes_from_and_are_altered():
    async def play(relay, left, right):
        with pytest.raises(BoardError):
            relay.forge("up")
        send(left, numbered(1))
        original = (await take(right, 1))[0]
        right.connect(("127.0.0.1", relay.back_port))
        relay.forge("up", 100)
        forged = await take(right, 100)
        assert len(forged) == 100 == relay.forged["up"] and original not in forged
        assert any(len(data) < len(original) for data in forged)

    run(play)


def test_a_flood_comes_as_fast_as_told():
    async def play(relay, left, right):
        sent = await relay.flood("up", 5000, 0.4, lambda i: b"%d" % i)
        got = await take(right, sent)
        return sent, got

    sent, got = run(play)
    assert 200 <= sent <= 2000 and got == [b"%d" % i for i in range(sent)]
