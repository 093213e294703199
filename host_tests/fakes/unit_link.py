"""The fake unit on a real broker: aiomqtt carries what `FakeUnit` says and hears."""

import asyncio
import socket
import struct
import time

import aiomqtt

from tools.ending import end

_TICK_S = 0.02


def now_ms():
    return time.monotonic_ns() // 1_000_000


class UnitOnBroker:
    """`async with`: connected. One connection at a time; `lose_power` drops it without a word, so the will goes out."""

    def __init__(self, fake, port, user=None, password=None):
        self.fake, self._port, self._user, self._password = fake, port, user, password
        self._client = self._tasks = None

    async def __aenter__(self):
        await self.connect()
        return self

    async def __aexit__(self, *error):
        await self.leave()

    async def connect(self):
        topic, payload = self.fake.will()
        self._client = aiomqtt.Client(
            "127.0.0.1", self._port, username=self._user, password=self._password, identifier=self.fake.unit,
            will=aiomqtt.Will(topic, payload, 1, True), keepalive=12, clean_session=True,
        )  # fmt: skip
        await self._client.__aenter__()
        await self._client.subscribe(self.fake.base + "/down", 1)
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._tick())]
        await self.say(self.fake.connected(now_ms()))

    async def leave(self):
        """A clean end: no will."""
        await self._stop_tasks()
        if self._client is not None:
            client, self._client = self._client, None
            await client.__aexit__(None, None, None)

    async def lose_power(self):
        """The connection is reset, the model forgets all but its journal."""
        await self._stop_tasks()
        client, self._client = self._client, None
        raw = client._client.socket()  # a reset, not an MQTT DISCONNECT: aiomqtt has no word for that
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        asyncio.get_running_loop().remove_reader(raw.fileno())
        raw.close()
        self.fake.power_cut()

    async def start_again(self):
        self.fake.boot(now_ms())
        await self.connect()

    async def say(self, messages):
        for topic, payload in messages:
            await self._client.publish(topic, payload, qos=1, retain=topic.endswith("/state"))

    async def trigger(self, **fields):
        await self.say(self.fake.trigger(now_ms(), **fields))

    async def _stop_tasks(self):
        await end(self._tasks or ())
        self._tasks = None

    async def _read(self):
        async for message in self._client.messages:
            await self.say(self.fake.receive(str(message.topic), bytes(message.payload), now_ms()))

    async def _tick(self):
        while True:
            await asyncio.sleep(_TICK_S)
            await self.say(self.fake.tick(now_ms()))
