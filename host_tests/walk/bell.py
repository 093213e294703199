"""The service's side of tests: a controller that answers test calls as the protocol page says, and keeps the record.

`async with Automaton(port, key)`: as host_tests/sip/controller.py, and besides: to an alarm with `test` true it sends `answered`
as `test` and `clear`; proofs it answers; records it puts together and says `stored`. What it was told is in `said`.
"""

import asyncio
import contextlib
import hashlib
import time

from host_tests import real_unit
from host_tests.sip.controller import Controller
from tools.brokers import Broker
from tools.deploy import deploy, unit_settings
from tools.vboard import VirtualBoard

QUICK = {"test_settle_ms": 500, "health_ms": 3600000}


class Automaton(Controller):
    """`records`: {test: text}, whole and checked."""

    def __init__(self, port, key, **options):
        super().__init__(port, key, **options)
        self.records = {}
        self._parts = {}
        self.clears = True  # False: test calls are answered, and left open
        self.keeps = True  # False: never says `stored`
        self.unix_s = lambda: int(time.time())

    async def send(self, name, **fields):
        return await super().send(name, at=self.unix_s(), **fields)

    async def took(self, body):
        """After the receipt of an alarm, and for every other message."""
        if body["type"] == "alarm" and self.deaf:
            return
        if body["type"] == "alarm" and body["test"]:
            await self.send("answered", call=body["call"], who="test")
            if self.clears:
                fields = {"triggers": body["triggers"], "outcome": "test", "basis": "present", "who": "test"}
                await self.send("clear", call=body["call"], **fields)
        elif body.get("event") == "proof":
            await self.send("proof", id=body["id"])
        elif body.get("event") == "test_record":
            await self._take_part(body)

    async def _take_part(self, body):
        parts = self._parts.setdefault(body["test"], {})
        parts[body["part"]] = body["text"]
        if len(parts) == body["parts"]:
            text = "".join(parts[number] for number in sorted(parts))
            if hashlib.sha256(text.encode()).hexdigest() == body["sha256"] and self.keeps:
                self.records[body["test"]] = text
                await self.send("test", do="stored", test=body["test"], step="", value="", who="")

    async def test(self, do, test="", step="", value="", who="", since=None):
        """A command of the engineer's tool; the reason of its refusal, "" if it was done."""
        since = len(self.said) if since is None else since
        ctr = await self.send("test", do=do, test=test, step=step, value=value, who=who)
        done = await self.heard(lambda m: m.get("event") == "command" and m["ref"] == ctr, since)
        return done["reason"]

    async def start(self, who="E. Ngineer", witness="A. Tenant"):
        """Begins a test; its id. Raises AssertionError with the reason of a refusal."""
        since = len(self.said)
        reason = await self.test("start", value=witness, who=who)
        if reason:
            raise AssertionError("refused: " + reason)
        return (await self.heard(lambda m: m.get("event") == "test", since))["test"]

    async def progress(self, wanted, since=0, timeout_s=20):
        """The first progress of a test from number `since` on for which `wanted(event)` is true."""
        return await self.heard(lambda m: m.get("event") == "test" and wanted(m), since, timeout_s)

    async def people(self, call):
        """People answer a real call and clear it, being in the flat."""
        await self.send("answered", call=call, who="coordinator")
        alarm = [m for m in self.said if m["type"] == "alarm" and m["call"] == call][-1]
        await self.send("clear", call=call, triggers=alarm["triggers"], outcome="help_sent", basis="present", who="A. Jones")
        await self.heard(lambda m: m.get("event") == "cleared" and m["call"] == call)

    async def alarm(self, wanted, since=0):
        return await self.heard(lambda m: m["type"] == "alarm" and wanted(m), since)


@contextlib.asynccontextmanager
async def flat(tmp_path, damage=None, timers=None, **changes):
    """(virtual board, automaton): a unit as it is installed, on line with a real broker; nothing else knows it."""
    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(Broker("nats", dir=tmp_path / "broker"))
        automaton = await stack.enter_async_context(Automaton(broker.port, real_unit.KEY))
        brokers = [{"host": "127.0.0.1", "port": broker.port, "server_name": "broker.test", "tls": False}]
        settings = unit_settings("f12", "u1", brokers, "secret", timers=timers or QUICK, **changes)
        deploy(tmp_path / "root", settings, real_unit.KEY, form="rom")
        if damage:
            damage(tmp_path / "root")
        board = await stack.enter_async_context(VirtualBoard(tmp_path / "root", tmp_path / "state"))
        await automaton.online()
        yield board, automaton


def run(tmp_path, scene, limit_s=90, **options):
    """`async def scene(board, automaton)`."""

    async def inside():
        async with flat(tmp_path, **options) as (board, automaton):
            await asyncio.wait_for(scene(board, automaton), limit_s)

    asyncio.run(inside())
