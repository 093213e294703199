"""The service's side of tests: a controller that answers test calls as the protocol page says, and keeps the record.

`async with Automaton(port, key)`: as host_tests/sip/controller.py, and besides: to every alarm with `test` true it sends `answered` as
`test` and `clear`; records it puts together and says `stored`. What it was told is in `said`.
"""

import hashlib

from host_tests.sip.controller import Controller


class Automaton(Controller):
    """`records`: {test: text}, whole and checked. `people`: call ids of real calls, which people must answer."""

    def __init__(self, port, key, **options):
        super().__init__(port, key, **options)
        self.records, self.people = {}, []
        self._parts = {}
        self.clears = True  # False: test calls are answered, and left open
        self.keeps = True  # False: never says `stored`

    async def took(self, body):
        """After the receipt of an alarm, and for every other message."""
        if body["type"] == "alarm" and body["test"]:
            await self.send("answered", call=body["call"], who="test")
            if self.clears:
                await self.send("clear", call=body["call"], triggers=body["triggers"], outcome="test", basis="present", who="test")
        elif body["type"] == "alarm" and body["call"] not in self.people:
            self.people.append(body["call"])
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
