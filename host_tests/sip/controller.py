"""A controller that speaks the protocol of docs/protocol.md and leaves the sound to a phone that others wrote.

`async with Controller(port, key, address)`: on the broker at that loopback port, without TLS. It gives every alarm its receipt,
answers it, and offers the flat whatever `media` it is told; every message that the unit sends is checked against the schemas.
"""

import asyncio
import itertools
import json
import secrets

import aiomqtt

from firmware.core.seal import Sealer
from host_tests import schemas
from tools.ending import end

_REPLY_S = 20  # bound for what takes a fraction of a second on an idle machine
_REPEAT_S = 1.0


class Controller:
    """`address`: "scheme/flat/unit". `said`: every message of the unit so far, as dicts, oldest first."""

    def __init__(self, port, key, address="demo/f12/u1", who="phone"):
        self._prefix = "ils/v1/%s/" % address
        self._unit, self._who = address.split("/")[2], who
        self._sealer = Sealer(key)
        self._numbers, self._turns = itertools.count(1), itertools.count(1)
        self._client = aiomqtt.Client("127.0.0.1", port, identifier="controller-" + secrets.token_hex(3))
        self._session = None
        self._news = asyncio.Condition()
        self._task = None
        self.said = []
        self.deaf = False  # True: no alarm gets its receipt

    async def __aenter__(self):
        await self._client.__aenter__()
        await self._client.subscribe(self._prefix + "+", qos=1)
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *error):
        await end([self._task])
        await self._client.__aexit__(*error)

    async def _listen(self):
        async for message in self._client.messages:
            topic = str(message.topic)
            if topic.endswith("/down"):
                continue
            body = schemas.check(topic, message.payload)
            self._session = body["session"]
            if body["type"] == "alarm" and not self.deaf:
                await self.send("receipt", call=body["call"], triggers=body["triggers"], escalation=body["escalation"])
            await self.took(body)
            async with self._news:
                self.said.append(body)
                self._news.notify_all()

    async def took(self, body):
        """Any message of the unit, after the receipt of an alarm; here nothing more is done."""

    async def send(self, name, **fields):
        topic = self._prefix + "down"
        message = {"v": 1, "type": name, "unit": self._unit, "session": self._session, "from": "phone"}
        message["ctr"] = next(self._numbers)
        payload = self._sealer.seal(topic, json.dumps({**message, **fields}))
        schemas.check(topic, payload)
        await self._client.publish(topic, payload, qos=1)
        return message["ctr"]

    async def heard(self, wanted, since=0, timeout_s=_REPLY_S):
        """The first message from number `since` on for which `wanted(message)` is true. Raises asyncio.TimeoutError."""

        async def find():
            async with self._news:
                while True:
                    for message in self.said[since:]:
                        if wanted(message):
                            return message
                    if self._task.done():
                        self._task.result()
                    await self._news.wait()

        return await asyncio.wait_for(find(), timeout_s)

    async def online(self):
        await self.heard(lambda m: m["type"] == "health")

    async def take_call(self):
        """Waits for an alarm, answers it; its call id. The receipt went out when it came."""
        alarm = await self.heard(lambda m: m["type"] == "alarm")
        ctr = await self.send("answered", call=alarm["call"], who=self._who)
        await self._done(ctr)
        return alarm["call"]

    async def _done(self, ctr):
        done = await self.heard(lambda m: m.get("event") == "command" and m["ref"] == ctr)
        if not done["ok"]:
            raise AssertionError("the unit refused: %r" % done)

    async def offer(self, media, kind="alarm", call="", sid=None):
        """Offers `media`, again each second as the page says; (sid, the flat's `media`). Raises AssertionError if declined."""
        sid, turn, since = sid or secrets.token_hex(8), next(self._turns), len(self.said)
        replies = None
        for _ in range(_REPLY_S):
            await self.send("offer", sid=sid, turn=turn, kind=kind, call=call, who=self._who, media=media)
            try:
                replies = await self.heard(lambda m: m["type"] == "speech" and m["say"] in ("answer", "declined", "ended")
                                           and m["sid"] == sid, since, _REPEAT_S)
                break
            except asyncio.TimeoutError:
                continue
        if replies is None or replies["say"] != "answer":
            raise AssertionError("no answer to the offer: %r" % (replies,))
        return sid, replies["media"]

    async def control(self, sid, do):
        """One command of the operator, done; raises AssertionError if the unit refuses it."""
        await self._done(await self.send("control", sid=sid, do=do))

    async def ended(self, sid, since=0):
        """The reason with which the flat ended session `sid`."""
        return (await self.heard(lambda m: m["type"] == "speech" and m["say"] == "ended" and m["sid"] == sid, since))["reason"]
