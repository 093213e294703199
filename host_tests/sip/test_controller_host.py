"""The controller leaves whatever it is doing: also at the moment at which its receipt is confirmed."""

import asyncio
import json

import aiomqtt
import pytest

from host_tests import schemas
from host_tests.sip.controller import Controller
from tools.brokers import Broker

ALARM = {"v": 1, "type": "alarm", "session": 1, "call": "x", "triggers": 1, "escalation": 1}
_TURNS = 8  # of the loop, from the confirmation to where it has reached whoever waited for it


async def turn(times):
    for _ in range(times):
        await asyncio.sleep(0)


class Held:
    """In place of the client's `publish`: waits as aiomqtt does for a PUBACK, which comes when the test says so."""

    def __init__(self):
        self.began, self._confirmed = asyncio.Event(), asyncio.Event()

    async def publish(self, topic, payload, qos):
        self.began.set()
        await asyncio.wait_for(self._confirmed.wait(), 10)

    def confirm(self):
        self._confirmed.set()


@pytest.mark.parametrize("turns", range(_TURNS))
def test_it_leaves_while_a_confirmation_is_on_its_way(tmp_path, turns, monkeypatch):
    """Before Python 3.12 one of these turns loses the cancellation; a single one left the listener there for ever."""
    monkeypatch.setattr(schemas, "check", lambda topic, payload: json.loads(payload))

    async def scene():
        async with Broker("nats", dir=tmp_path / "broker") as broker, aiomqtt.Client("127.0.0.1", broker.port) as unit:
            controller = await Controller(broker.port, bytes(32)).__aenter__()
            held = Held()
            controller._client.publish = held.publish
            monkeypatch.setattr(controller._sealer, "seal", lambda topic, text: text)
            await unit.publish("ils/v1/demo/f12/u1/alarm", json.dumps(ALARM), qos=1)
            await asyncio.wait_for(held.began.wait(), 10)
            held.confirm()
            await turn(turns)
            await asyncio.wait_for(controller.__aexit__(None, None, None), 10)
            assert controller._task.done()

    asyncio.run(scene())
