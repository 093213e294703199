"""The least service that a unit can live with, on real brokers: it answers alarms to their end, proofs, and tells the time.

    async with SmallService(ports) as service:
        await service.heard("event", lambda message: message["event"] == "proven")
"""

import asyncio
import json

import aiomqtt
import jsonschema

from host_tests import schemas
from host_tests.real_unit import KEY
from host_tests.second_desk.wire import sealed

BASE = "ils/v1/demo/f12/u1/"
_SOON_S = 40


class SmallService:
    """Every message is held against the schemas. `messages`: [(port, channel, message)] of everything that came. `at`: the time
    that it tells, None: none.
    `answers`: alarms are received, answered and cleared."""

    def __init__(self, ports, answers=True):
        self.ports = ports
        self.answers = answers
        self.at = None
        self.messages = []
        self.unlawful = []  # what was wrong with messages, by the schemas
        self._clients = {}
        self._tasks = []
        self._name = "desk%d" % ports[0]  # a sender has counters of its own
        self._ctr = 0
        self._came = asyncio.Event()

    async def __aenter__(self):
        for port in self.ports:
            client = self._clients[port] = aiomqtt.Client("127.0.0.1", port, identifier="service")
            await client.__aenter__()
            await client.subscribe("ils/v1/#", qos=1)
            self._tasks.append(asyncio.create_task(self._listen(port, client)))
        return self

    async def __aexit__(self, *error):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in self._clients.values():
            await client.__aexit__(None, None, None)
        if self.unlawful:
            raise ValueError(f"the unit has sent what the protocol does not know: {self.unlawful}")

    async def _listen(self, port, client):
        async for got in client.messages:
            channel = str(got.topic)[len(BASE) :]
            if channel == "down":
                continue
            try:
                schemas.check(str(got.topic), bytes(got.payload))
            except jsonschema.ValidationError as error:
                self.unlawful.append(error.message)
            message = json.loads(got.payload)
            self.messages.append((port, channel, message))
            self._came.set()
            if channel == "alarm" and self.answers:
                await self.see_to(port, message)
            elif channel == "event" and message["event"] == "proof":
                await self.send(port, message["session"], "proof", id=message["id"])

    async def see_to(self, port, alarm):
        call, session = alarm["call"], alarm["session"]
        await self.send(port, session, "receipt", call=call, triggers=alarm["triggers"], escalation=alarm["escalation"])
        await self.send(port, session, "answered", call=call, who="coordinator")
        await self.send(port, session, "clear", call=call, triggers=alarm["triggers"], outcome="mistake", basis="present",
                        who="A. Jones")

    async def send(self, port, session, kind, **fields):
        self._ctr += 1
        message = {"v": 1, "type": kind, "unit": "u1", "session": session, "from": self._name, "ctr": self._ctr, **fields}
        if self.at is not None:
            message["at"] = self.at
        await self._clients[port].publish(BASE + "down", sealed(KEY, BASE + "down", message), qos=1)

    async def tell_time(self, at):
        """Tells the newest session of the unit that it is `at`, where it was heard last."""
        self.at = at
        port, _, message = self.messages[-1]
        await self.send(port, message["session"], "query")

    async def health(self, wanted):
        """Asks for health reports until there is one for which `wanted(message)` is true."""
        for _ in range(40):
            since = len(self.messages)
            port, _, message = self.messages[-1]
            await self.send(port, message["session"], "query")
            found = await self.heard("health", lambda message: True, since)
            if wanted(found):
                return found
            await asyncio.sleep(0.25)
        raise TimeoutError(f"never in a health report: {found}")

    def all(self, channel, event=None, since=0):
        """Messages of a channel, of one event if named, from number `since` on."""
        return [message for _, found, message in self.messages[since:]
                if found == channel and (event is None or message["event"] == event)]

    async def heard(self, channel, wanted, since=0, within_s=_SOON_S):
        """The first message of a channel, from number `since` on, for which `wanted(message)` is true. Raises TimeoutError."""
        end_s = asyncio.get_running_loop().time() + within_s
        while True:
            for message in self.all(channel, since=since):
                if wanted(message):
                    return message
            left_s = end_s - asyncio.get_running_loop().time()
            if left_s <= 0:
                raise TimeoutError(f"not heard within {within_s} s on {channel}")
            self._came.clear()
            await self._next(left_s)

    async def _next(self, within_s):
        """Until a message has come, or so long. Python 3.10 has no `asyncio.timeout`; `wait_for` is no way (tools/ending.py)."""
        came = asyncio.ensure_future(self._came.wait())
        try:
            await asyncio.wait({came}, timeout=within_s)
        finally:
            came.cancel()

    async def event(self, name, since=0, within_s=_SOON_S, **fields):
        """The first event `name` with these fields."""
        return await self.heard("event", lambda message: message["event"] == name and
                                all(message[field] == fields[field] for field in fields), since, within_s)
