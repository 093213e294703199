"""A broker with TLS and access list, a witness who hears every message, and a virtual unit driven through its control channel."""

import asyncio
import json
import os
import ssl
import sys
from pathlib import Path

import aiomqtt
import jsonschema

from host_tests.peers import need
from host_tests.schemas import check
from tools import pki
from tools.brokers import Broker, desk_user, flat_user, free_port
from tools.ending import end

from .wire import Refused, opened

PROJECT = Path(__file__).resolve().parents[2]
ADDRESS, KEY, OTHER_KEY = "demo/f12/u1", bytes(range(7, 39)), bytes(range(40, 72))
BASE = "ils/v1/" + ADDRESS + "/"
_START_S = 20  # of a child on a busy machine
_LINE_BYTES = 1 << 20  # asyncio's own limit is shorter than a line of either interface may be


async def until(condition, what, bound_s=10):
    """Wait for `condition()` to be true; its value. Fails after `bound_s` with the words `what`."""
    for _ in range(int(bound_s / 0.02)):
        value = condition()
        if value:
            return value
        await asyncio.sleep(0.02)
    raise AssertionError("not within %g s: %s" % (bound_s, what))


class Child:
    """A child program that ends with its `async with`, by SIGTERM, then SIGKILL."""

    def __init__(self, *arguments):
        self._arguments, self._child = arguments, None

    async def __aenter__(self):
        self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *self._arguments, stdout=asyncio.subprocess.PIPE, limit=_LINE_BYTES,
            cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)})
        return self

    async def __aexit__(self, *_):
        if self._child.returncode is None:
            self._child.terminate()
        try:
            await asyncio.wait_for(self._child.communicate(), _START_S)
        except asyncio.TimeoutError:
            self._child.kill()
            await self._child.communicate()

    async def line(self):
        return json.loads(await asyncio.wait_for(self._child.stdout.readline(), _START_S))

    async def done(self):
        """Wait for its end; fails unless it went well."""
        if await asyncio.wait_for(self._child.wait(), _START_S):
            raise AssertionError("%s: exit code %d" % (self._arguments, self._child.returncode))


class Lines:
    """Requests and events as lines of JSON on one TCP connection: the control channel, and the desk's API."""

    def __init__(self, port):
        self._port, self._replies, self._last, self.events = port, {}, 0, []

    async def __aenter__(self):
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=_LINE_BYTES)
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        self._writer.close()

    async def ask(self, do, bound_s=_START_S, **fields):
        """The reply, good or not."""
        self._last += 1
        reply = self._replies[self._last] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps({"v": 1, "id": self._last, "do": do, **fields}).encode() + b"\n")
        return await asyncio.wait_for(reply, bound_s)

    async def do(self, do, **fields):
        """The reply, which must be good."""
        reply = await self.ask(do, **fields)
        assert reply["ok"], (do, fields, reply)
        return reply

    async def _read(self):
        while line := await self._reader.readline():
            message = json.loads(line)
            if "event" in message:
                self.events.append(message)
            else:
                self._replies.pop(message["id"]).set_result(message)


class House:
    """`async with House(kind, tmp_path) as house`: the broker runs and `heard` fills with (topic, payload, message)."""

    def __init__(self, kind, path):
        need(kind)
        self._kind, self.path, self.heard, self.wrong, self.witness = kind, path, [], [], None

    async def __aenter__(self):
        self.pki = pki.ensure(self.path / "pki")
        users = [flat_user("demo", "f12", "flat-word"), desk_user("desk-word")]
        self.broker = Broker(self._kind, dir=self.path / "broker", tls=self.pki, users=users)
        await self.broker.__aenter__()
        self._task = asyncio.create_task(self._witness())
        await until(lambda: self.witness or self._task.done(), "the witness is connected")
        return self

    async def __aexit__(self, *_):
        await end([self._task])
        await self.broker.__aexit__(None, None, None)

    def where(self, username="desk", password="desk-word"):
        """What a client of aiomqtt needs to reach the broker."""
        return {"hostname": "127.0.0.1", "port": self.broker.port, "username": username, "password": password,
                "tls_context": ssl.create_default_context(cafile=self.pki.ca_pem)}

    async def _witness(self):
        async with aiomqtt.Client(identifier="witness", protocol=aiomqtt.ProtocolVersion.V311, **self.where()) as client:
            await client.subscribe("ils/v1/#", qos=1)
            self.witness = client
            async for message in client.messages:
                self._hear(str(message.topic), bytes(message.payload))

    def _hear(self, topic, payload):
        """Every message is held against seal, page and schema; `wrong` names those that fail."""
        try:
            opened(KEY, topic, payload)
            self.heard.append((topic.rpartition("/")[2], payload, check(topic, payload)))
        except (Refused, ValueError, jsonschema.ValidationError) as error:
            self.wrong.append((topic, payload, error))

    def all(self, channel, **fields):
        """Messages heard on a channel that have these fields, oldest first."""
        return [message for where, _, message in self.heard
                if where == channel and all(message.get(name, self) == value for name, value in fields.items())]

    async def hears(self, channel, bound_s=10, **fields):
        """Wait for such a message; the newest."""
        return (await until(lambda: self.all(channel, **fields), "%s with %s" % (channel, fields), bound_s))[-1]

    async def say(self, payload, topic=BASE + "down"):
        """The hostile broker speaks."""
        await self.witness.publish(topic, payload, qos=1)

    def wrong_upwards(self):
        return [entry for entry in self.wrong if not entry[0].endswith("/down")]


class Flat:
    """`async with Flat(house) as flat`: a virtual unit in house, started by its command line; `flat.control` drives it."""

    def __init__(self, house, settings=None):
        self.house, self.path, self._settings = house, house.path, settings or {}

    async def __aenter__(self):
        port = free_port()
        (self.path / "unit.hex").write_text(KEY.hex())
        (self.path / "settings.json").write_text(json.dumps({
            "v": 1, "board": "ESP32_GENERIC", "scheme": "demo", "flat": "f12", "unit": "u1",
            "wifi": {"ssid": "house", "password": "long enough"}, "mqtt": {"password": "flat-word"},
            "brokers": [{"host": "127.0.0.1", "port": port, "tls": True, "server_name": self.house.pki.server_name}],
            "inputs": {"button": {"location": "hall"}, "cord1": {"location": "bathroom"},
                       "cord2": {"location": "bedroom"}, "pendant": {"location": ""}}, **self._settings}))
        async with Child("tools.deploy", "--settings", str(self.path / "settings.json"), "--key", str(self.path / "unit.hex"),
                         "--ca", str(self.house.pki.ca_der), str(self.path / "root")) as deploy:
            await deploy.done()
        self._board = Child("tools.vboard", "--root", str(self.path / "root"), "--state", str(self.path / "flash"),
                            "--control", "0", "--relay", "%d:%d" % (port, self.house.broker.port))
        await self._board.__aenter__()
        try:
            self.control = Lines((await self._board.line())["control"])
            await self.control.__aenter__()
            await self.control.do("subscribe")
            await self.house.hears("state", online=True, bound_s=_START_S)
        except BaseException:
            await self._board.__aexit__()
            raise
        return self

    async def __aexit__(self, *_):
        await self.control.__aexit__()
        await self._board.__aexit__()

    async def shows(self, pattern, timeout_s=10):
        await self.control.do("wait", bound_s=timeout_s + _START_S, field="pattern", value=pattern, timeout_s=timeout_s)

    def patterns(self):
        """All that an onlooker has seen, oldest first."""
        return [event["pattern"] for event in self.control.events if event["event"] == "pattern"]

    def darkened(self):
        """How often the light has gone dark: once at each reset while it was lit, and at each flash."""
        return sum(event["event"] == "light" and not event["level"] for event in self.control.events)
