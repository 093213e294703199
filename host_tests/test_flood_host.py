"""A hostile broker floods the real unit with garbage: its heart, its memory and its alarm go on as if nothing were (P1, P8)."""

import asyncio
import json

from host_tests import real_unit
from host_tests.fakes.broker import FakeBroker
from host_tests.second_desk.wire import sealed
from tools.vboard import VirtualBoard

BASE = "ils/v1/demo/f12/u1/"
DOWN = BASE + "down"
PER_S = 1000
FLOOD_S = 4
GARBAGE = (
    (DOWN, b"\xff" * 900), (DOWN, b'{"v":1,"type":"receipt"' + b'"' * 800 + b',"mac":"' + b"0" * 64 + b'"}'), (DOWN, b""),
    (DOWN, b"x" * 5000), (BASE + "alarm", b"{}"), ("some/other/topic", b"[" * 500),
)  # fmt: skip


async def heard(broker, wanted, within_s=real_unit.SOON_S):
    """The newest message of the unit for which `wanted(channel, message)` is true."""
    for _ in range(within_s * 50):
        for one in reversed(broker.published):
            if one.topic.startswith(BASE) and wanted(one.topic[len(BASE) :], message := json.loads(one.payload)):
                return message
        await asyncio.sleep(0.02)
    raise TimeoutError("the unit did not say it")


def counted(broker):
    events = [json.loads(one.payload) for one in broker.published if one.topic == BASE + "event"]
    return [event["counts"] for event in events if event["event"] == "refused"]


async def health(broker, session, ctr):
    """Asks for a health report and waits for it."""
    known = sum(one.topic == BASE + "health" for one in broker.published)
    query = {"v": 1, "type": "query", "unit": "u1", "session": session, "from": "desk", "ctr": ctr}
    broker.publish(DOWN, sealed(real_unit.KEY, DOWN, query))
    return await heard(broker, lambda channel, _: channel == "health" and
                       sum(one.topic == BASE + "health" for one in broker.published) > known)


async def flood(broker):
    """PER_S messages a second; every third with QoS 1, so that the unit has to answer too."""
    for turn in range(FLOOD_S * 50):
        for i in range(PER_S // 50):
            topic, payload = GARBAGE[(turn + i) % len(GARBAGE)]
            broker.publish(topic, payload, 1 + (turn + i) % 65535 if i % 3 == 0 else None)
        await asyncio.sleep(0.02)


def test_a_flood_of_garbage_delays_no_alarm_takes_no_memory_and_is_told_once_p1_p8(tmp_path):
    async def scene():
        async with FakeBroker() as broker:
            root = real_unit.make_root(tmp_path, port=broker.port)
            async with VirtualBoard(root, tmp_path / "state") as board:
                session = (await heard(broker, lambda channel, _: channel == "state"))["session"]
                before = await health(broker, session, 1)
                flooding = asyncio.create_task(flood(broker))
                await asyncio.sleep(FLOOD_S / 2)
                since_ms = board.now_ms()
                await real_unit.calls(board)
                assert board.now_ms() - since_ms < 2000
                await heard(broker, lambda channel, message: channel == "alarm")
                await flooding
                after = await health(broker, session, 2)
                assert after["uptime_s"] >= before["uptime_s"] + FLOOD_S - 1 and board.status()["boots"] == 1
                assert after["heap_free_bytes"] > before["heap_free_bytes"] - 8000
                assert len(counted(broker)) == 1 and broker.connections == 1
                assert board.light_pattern() == "steady"

    asyncio.run(scene())
