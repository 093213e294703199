"""The bench's controller: speaks docs/protocol.md with one unit, past the desk, so that each word has its time.

It gives every alarm its receipt and comes back when the broker does. What the unit says is opened and kept, not judged.
"""

import asyncio
import itertools
import json
import secrets
import time

import aiomqtt

from tools.bench.probe import ProbeError
from tools.desk.seal import seal
from tools.ending import end

REPLY_S = 15.0
_AGAIN_S = 0.1  # between two tries to reach the broker
_REPEAT_S = 1.0  # of an offer without an answer
_ANSWERS = ("answer", "declined", "ended")


class Caller:
    """An async context manager. `address`: "scheme/flat/unit"; `tls`: ssl.SSLContext or None. `said`: [(time.monotonic(),
    message)] of the unit, oldest first."""

    def __init__(self, port, key, address, tls=None):
        self._prefix = f"ils/v1/{address}/"
        self._port, self._tls, self._unit = port, tls, address.split("/")[2]
        self._key = key
        self._numbers, self._turns = itertools.count(1), itertools.count(1)
        self._client = self._session = self._task = None
        self._news = asyncio.Event()
        self._ends = False
        self.said = []

    async def __aenter__(self):
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_):
        self._ends = True  # the library may turn a cancellation into an error of its own
        await end([self._task])

    async def _run(self):
        while not self._ends:
            try:
                name = "caller-" + secrets.token_hex(3)
                async with aiomqtt.Client("127.0.0.1", self._port, identifier=name, tls_context=self._tls) as client:
                    await client.subscribe(self._prefix + "+", qos=1)
                    self._client = client
                    async for message in client.messages:
                        await self._take(str(message.topic), message.payload)
            except (aiomqtt.MqttError, ProbeError):
                self._client = None
                await asyncio.sleep(_AGAIN_S)

    async def _take(self, topic, payload):
        if topic.endswith("/down"):
            return
        now_s, body = time.monotonic(), json.loads(payload)
        self._session = body["session"]
        self.said.append((now_s, body))
        self._news.set()
        if body["type"] == "alarm":
            await self.send("receipt", call=body["call"], triggers=body["triggers"], escalation=body["escalation"])

    async def send(self, name, **fields):
        """The message's `ctr`. Raises ProbeError while there is no broker or the unit has not spoken yet."""
        if self._client is None or self._session is None:
            raise ProbeError(f"{name} cannot be sent: no broker, or no word of the unit yet")
        topic, ctr = self._prefix + "down", next(self._numbers)
        head = {"v": 1, "type": name, "unit": self._unit, "session": self._session, "from": "bench", "ctr": ctr}
        try:
            await self._client.publish(topic, seal(self._key, topic, json.dumps({**head, **fields})), qos=1)
        except aiomqtt.MqttError as error:
            raise ProbeError(f"{name} cannot be sent: {error}") from error
        return ctr

    async def heard(self, wanted, since=0, timeout_s=REPLY_S):
        """(time, message) of the first from number `since` on that `wanted(message)` takes. Raises ProbeError."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            for at_s, message in self.said[since:]:
                if wanted(message):
                    return at_s, message
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or self._task.done():
                raise ProbeError(f"not heard within {timeout_s:.0f} s; the unit's last words: {self.last_words()}")
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), left_s)
            except asyncio.TimeoutError:
                pass

    def last_words(self):
        return [message.get("say") or message.get("event") or message["type"] for _, message in self.said[-6:]]

    async def online(self):
        await self.heard(lambda m: m["type"] == "health")

    async def take_call(self):
        """Waits for an alarm, answers it; its call id."""
        _, alarm = await self.heard(lambda m: m["type"] == "alarm")
        await self._do("answered", call=alarm["call"], who="bench")
        return alarm["call"]

    async def _do(self, kind, **fields):
        since = len(self.said)
        ctr = await self.send(kind, **fields)
        at_s, done = await self.heard(lambda m: m.get("event") == "command" and m["ref"] == ctr, since)
        if not done["ok"]:
            raise ProbeError(f"the unit refused {kind}: {done}")
        return at_s

    async def offer(self, media, call):
        """(session id, the flat's media description). Raises ProbeError when it is declined."""
        sid, turn, since = secrets.token_hex(8), next(self._turns), len(self.said)
        for _ in range(int(REPLY_S / _REPEAT_S)):
            await self.send("offer", sid=sid, turn=turn, kind="alarm", call=call, who="bench", media=media)
            try:
                _, reply = await self.heard(lambda m: m.get("sid") == sid and m.get("say") in _ANSWERS, since, _REPEAT_S)
            except ProbeError:
                continue
            if reply["say"] == "answer":
                return sid, reply["media"]
            raise ProbeError(f"the offer was not taken: {reply}")
        raise ProbeError(f"no answer to the offer; the unit's last words: {self.last_words()}")

    async def control(self, sid, do):
        """One command of the operator; time.monotonic() of the unit's word that it is done."""
        return await self._do("control", sid=sid, do=do)

    async def counters(self, sid):
        """Those of the flat's media, now."""
        since = len(self.said)
        await self.send("alive", sid=sid)
        _, alive = await self.heard(lambda m: m.get("say") == "alive" and m["sid"] == sid, since)
        return alive["counters"]
