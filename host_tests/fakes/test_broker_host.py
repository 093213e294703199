"""The fake broker behaves as one to a real client, and misbehaves exactly as its table says."""

import asyncio
import contextlib

import aiomqtt
import pytest

from host_tests.fakes.broker import FakeBroker

CONNECT = b"\x10\x0e\0\4MQTT\4\2\0\x0c\0\2u1"
CONNACK = b"\x20\2\0\0"


def _publish(pid, payload=b"x"):
    return bytes((0x32, 5 + len(payload), 0, 1)) + b"t" + bytes((0, pid)) + payload


def _run(script, fault=None, **more):
    async def run():
        async with FakeBroker() as broker:
            broker.fault(fault, **more)
            reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
            writer.write(CONNECT)
            await script(broker, reader, writer)
            writer.close()

    asyncio.run(run())


async def _read(reader, count):
    return await asyncio.wait_for(reader.readexactly(count), 5)


async def _silent(reader):
    with contextlib.suppress(asyncio.TimeoutError):
        return await asyncio.wait_for(reader.read(1), 0.15) is None
    return True


def test_real_client_connects_subscribes_publishes_and_hears():
    async def run():
        async with FakeBroker() as broker, aiomqtt.Client("127.0.0.1", broker.port, identifier="u1") as client:
            await client.subscribe("t/down", qos=1)
            await client.publish("t/alarm", b"help", qos=1)
            broker.publish("t/down", b"receipt", 9)
            message = await asyncio.wait_for(anext(aiter(client.messages)), 5)
            assert (str(message.topic), message.payload) == ("t/down", b"receipt")
            assert broker.subscribed == ["t/down"]
            assert [(one.topic, one.payload, one.again) for one in broker.published] == [("t/alarm", b"help", False)]
            for _ in range(200):
                if broker.confirmed:
                    break
                await asyncio.sleep(0.01)
            assert broker.confirmed == [9]
            assert not broker.broken

    asyncio.run(run())


@pytest.mark.parametrize(("fault", "answer"), [("session_present", b"\x20\2\1\0"), ("refuse_login", b"\x20\2\0\5")])
def test_connack_with_session_present_and_with_a_refusal(fault, answer):
    async def script(_, reader, writer):
        assert await _read(reader, 4) == answer

    _run(script, fault)


@pytest.mark.parametrize(
    ("fault", "packet"), [("no_connack", b""), ("no_puback", _publish(1)), ("no_pong", b"\xc0\0"), ("lose_pubacks", _publish(1))]
)
def test_answers_that_never_come(fault, packet):
    async def script(_, reader, writer):
        if fault != "no_connack":
            assert await _read(reader, 4) == CONNACK
        writer.write(packet)
        assert await _silent(reader)

    _run(script, fault)


def test_only_as_many_pubacks_are_lost_as_asked_for():
    async def script(_, reader, writer):
        await _read(reader, 4)
        writer.write(_publish(1) + _publish(2))
        assert await _read(reader, 4) == b"\x40\2\0\2"

    _run(script, "lose_pubacks")


def test_pubacks_come_late_and_together_and_byte_by_byte():
    async def late(_, reader, writer):
        await _read(reader, 4)
        writer.write(_publish(1))
        assert await _silent(reader)
        assert await _read(reader, 4) == b"\x40\2\0\1"

    async def together(_, reader, writer):
        await _read(reader, 4)
        writer.write(_publish(1) + _publish(2))
        assert await _silent(reader)
        writer.write(_publish(3))
        assert await _read(reader, 12) == b"\x40\2\0\1\x40\2\0\2\x40\2\0\3"

    async def dribble(_, reader, writer):
        pieces = []
        while sum(map(len, pieces)) < 4:
            pieces.append(await asyncio.wait_for(reader.read(4), 5))
        assert len(pieces) > 1
        assert b"".join(pieces) == CONNACK

    _run(late, "late_puback", delay_s=0.4)
    _run(together, "together", count=3)
    _run(dribble, "dribble")


def test_what_a_client_does_wrong_is_recorded():
    async def script(broker, reader, writer):
        await _read(reader, 4)
        writer.write(b"\x30\3\0\1t")
        assert await asyncio.wait_for(reader.read(1), 5) == b""
        assert broker.broken

    _run(script)


def test_unknown_fault_is_refused():
    with pytest.raises(ValueError, match="no fault"):
        FakeBroker().fault("explode")
