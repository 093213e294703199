"""A second alarm desk, written from docs/protocol.md alone and sharing no code with the first: the page is enough for a service.

One JSON file holds what must survive: calls, and the `ctr` reserved so far. Nothing is rung and nobody is on duty here.

    desk = Desk({"demo/f12/u1": key}, path)
    task = asyncio.create_task(desk.run(hostname=..., port=..., tls_context=...))
    desk.answer(call, "Mary"); desk.clear(call, 1, "mistake", "present", "A. Jones")
"""

import asyncio
import collections
import json
import os
import time

import aiomqtt

from tools.ending import end

from .exams import Exams
from .talks import Talks
from .wire import UP, Refused, opened, sealed

_CTR_BLOCK = 100  # numbers reserved with one write: after a crash ctr jumps, it never falls back
_SEQ_LATE = 1024  # Source: docs/protocol.md, Upwards also
_AUTOMATON = "test"  # Source: docs/protocol.md, Tests


class Unit:
    """One unit as the desk knows it. A new epoch begins a new count of boots, so what was once left is over for good."""

    def __init__(self, address, key):
        self.base, self.key, self.name = "ils/v1/" + address + "/", key, address.rpartition("/")[2]
        self.session, self.epoch, self.boot, self.left = None, None, -1, set()
        self.seen, self.conn, self.online, self.health, self.events = set(), 0, None, None, []

    def is_news(self, message):
        """True for the first copy of a message of the newest session; takes note of a newer session."""
        epoch, boot, seq = message["epoch"], message["boot"], message["seq"]
        if message["session"] != self.session:
            if {epoch, message["session"]} & self.left or epoch == self.epoch and boot < self.boot:
                return False
            self.left |= {self.session} | ({self.epoch} - {epoch})
            self.session, self.epoch, self.boot, self.seen, self.conn = message["session"], epoch, boot, set(), 0
        late = message["type"] != "state" and seq < max(self.seen, default=0) - _SEQ_LATE  # a will's number is as old as its link
        if seq in self.seen or late:
            return False
        self.seen = {n for n in self.seen if n >= seq - _SEQ_LATE} | {seq}
        return True


class Desk:
    """`calls` by id; `results`: the units' word by ctr, (ok, reason); `rung`: the calls that people were rung for, in order.

    For tests: `withhold`: no receipts are sent. `clears_tests` False: test calls are answered and not cleared.
    """

    def __init__(self, units, path, name="desk2", repeat_s=30.0, retry_s=2.0):
        self.units = {address: Unit(address, key) for address, key in units.items()}
        self.path, self.name, self.repeat_s, self.retry_s = path, name, repeat_s, retry_s
        self.results, self.refused, self.withhold, self.rung = {}, collections.Counter(), False, []
        self.clears_tests = True
        stored = json.loads(path.read_text()) if path.exists() else {"calls": {}, "ctr": 1}
        self.calls, self._ctr, self._ctr_end = stored["calls"], stored["ctr"], stored["ctr"]
        self._outgoing, self._asked, self._due_s, self._about = asyncio.Queue(), set(), {}, {}
        self.talks, self.exams = Talks(self), Exams(self, path.with_name("records.json"))

    async def run(self, **where):
        """Serve for ever; connects again by itself. `where`: what aiomqtt.Client needs to find the broker."""
        while True:
            try:
                async with aiomqtt.Client(identifier=self.name, protocol=aiomqtt.ProtocolVersion.V311, clean_session=True,
                                          keepalive=12, **where) as client:
                    self._asked.clear()
                    await client.subscribe([("ils/v1/+/+/+/" + channel, 1) for channel in UP])
                    await self._serve(client)
            except aiomqtt.MqttError:
                await asyncio.sleep(self.retry_s)

    def send(self, address, what, session=None, /, **fields):
        """Queue one sealed message; the newest session unless it answers a message of another. Returns its ctr."""
        self._ctr += 1
        if self._ctr >= self._ctr_end:
            self._ctr_end = self._ctr + _CTR_BLOCK
            self._store()
        unit, ctr = self.units[address], self._ctr
        message = {"v": 1, "type": what, "unit": unit.name, "session": session or unit.session, "from": self.name, "ctr": ctr,
                   "at": int(time.time()), **fields}
        self._outgoing.put_nowait((unit.base + "down", sealed(unit.key, unit.base + "down", message)))
        return ctr

    def answer(self, call, who):
        """Take the call and hold it: repeated until release() or the end of the call. Returns the ctr."""
        self.calls[call]["held_by"] = who
        self._store()
        return self._say(call, "answered")

    def release(self, call):
        self.calls[call]["held_by"] = None
        return self.send(self.calls[call]["unit"], "released", call=call)

    def clear(self, call, triggers, outcome, basis, who):
        """Ask for the end of the call; again until the unit's `cleared`, or its word why not. Returns the ctr."""
        self.calls[call]["clear"] = {"triggers": triggers, "outcome": outcome, "basis": basis, "who": who}
        self._store()
        return self._say(call, "clear")

    def _say(self, call, kind):
        record = self.calls[call]
        self._due_s[call] = time.monotonic() + (self.retry_s if record["clear"] else self.repeat_s)
        ctr = self.send(record["unit"], kind, call=call, **(record["clear"] if kind == "clear" else {"who": record["held_by"]}))
        self._about[ctr] = call
        return ctr

    def _say_again(self, call):
        for kind, wanted in (("answered", self.calls[call]["held_by"]), ("clear", self.calls[call]["clear"])):
            if wanted:
                self._say(call, kind)

    def _store(self):
        with open(self.path.with_suffix(".new"), "w") as file:
            json.dump({"calls": self.calls, "ctr": self._ctr_end}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path.with_suffix(".new"), self.path)

    async def _serve(self, client):
        tasks = [asyncio.create_task(work) for work in (self._send_all(client), self._repeat_all())]
        try:
            async for message in client.messages:
                self._take(str(message.topic), bytes(message.payload))
        finally:
            await end(tasks)

    async def _send_all(self, client):
        while True:
            await client.publish(*await self._outgoing.get(), qos=1)

    async def _repeat_all(self):
        """`answered` while a call is held, `clear` until the unit says cleared."""
        while True:
            await asyncio.sleep(self.retry_s / 10)
            for call, record in self.calls.items():
                if not record["closed"] and self._due_s.get(call, 0) <= time.monotonic():
                    self._say_again(call)

    def _take(self, topic, payload):
        address, _, channel = topic.removeprefix("ils/v1/").rpartition("/")
        try:
            if address not in self.units:
                raise Refused("topic")
            message = opened(self.units[address].key, topic, payload)
        except Refused as reason:
            self.refused[str(reason)] += 1
            return
        unit = self.units[address]
        news = unit.is_news(message)
        if address not in self._asked:
            self._asked.add(address)
            self.send(address, "query")  # we were away, or never here
        if news or channel == "alarm" or message.get("event") == "cleared":  # true of their call, whatever session and number
            getattr(self, "_on_" + channel)(address, unit, message)

    def _on_state(self, _, unit, message):
        if message["conn"] > unit.conn or message["conn"] == unit.conn and not message["online"]:  # the will is the later
            unit.conn, unit.online = message["conn"], message["online"]

    def _on_health(self, _, unit, message):
        unit.health = message

    def _on_speech(self, _, __, message):
        self.talks.take(message)

    def _on_alarm(self, address, _, message):
        call, session = message["call"], message["session"]
        record = self.calls.setdefault(call, {"unit": address, "triggers": 0, "escalation": {}, "inputs": {}, "copies": 0,
                                              "held_by": None, "clear": None, "closed": None, "test": True})
        more = message["triggers"] > record["triggers"]
        if more:
            record.update(closed=None, clear=None)  # activated again: a person must look, also after a clear
        raised = more or message["escalation"] > record["escalation"].get(session, 0)
        record["triggers"] = max(record["triggers"], message["triggers"])
        record["escalation"] = {session: max(record["escalation"].get(session, 0), message["escalation"])}
        record["inputs"].update({str(item["n"]): item for item in message["inputs"]})
        record["copies"] += 1
        if not _is_test(message):
            raised |= record["test"]
            self._becomes_real(call)
        self._store()
        if not self.withhold:
            self.send(address, "receipt", session, call=call, triggers=record["triggers"],
                      escalation=record["escalation"][session])
            self._say_again(call)
        if record["test"]:
            self._end_test_call(call)
        elif raised:
            self.rung.append(call)

    def _becomes_real(self, call):
        """A call like any other, for good: what the automaton has said of it is taken back."""
        record = self.calls[call]
        record["test"] = False
        if record["held_by"] == _AUTOMATON:
            record.update(held_by=None, clear=None)

    def _end_test_call(self, call):
        """The automaton answers and clears; both are said again until the unit has taken them."""
        record = self.calls[call]
        if not record["closed"] and not record["clear"]:
            self.answer(call, _AUTOMATON)
        if not record["closed"] and not record["clear"] and self.clears_tests:
            self.clear(call, record["triggers"], "test", "present", _AUTOMATON)

    def _on_event(self, address, unit, message):
        unit.events.append(message)
        if message["event"] == "cleared" and message["call"] in self.calls:
            self._close(message["call"], message["by"])
        if message["event"] == "command" and message["from"] == self.name:
            self.results[message["ref"]] = (message["ok"], message["reason"])
            call = self._about.pop(message["ref"], None)
            if call:
                self._on_word(call, message["do"], message["reason"])
        self.exams.take(address, message)

    def _on_word(self, call, do, reason):
        record = self.calls[call]
        if do == "clear" and reason in ("already_cleared", "no_such_call"):
            self._close(call, reason)
        elif reason == "newer_trigger" and record["test"] and do == "answered":
            self._becomes_real(call)  # before its alarm is here
            self.rung.append(call)
        elif do == "clear" and reason in ("newer_trigger", "no_speech"):
            record["clear"] = None

    def _close(self, call, by):
        self.calls[call]["closed"] = by
        self._store()


def _is_test(message):
    return message.get("test") is True and all(item["cause"] == "test" for item in message["inputs"])
