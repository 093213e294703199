"""A second unit, written from docs/protocol.md alone: the page is enough for a unit. No flash, no escalation."""

import asyncio
import secrets
import time

import aiomqtt

from .flat_end import FlatEnd
from .flat_tests import FlatTests
from .wire import Refused, need, opened, sealed

_RETRY_S, _WINDOW = (2, 4, 8, 15), 32  # Source: `alarm`; Downwards also, `ctr`
_CORD = {"input": "cord1", "kind": "cord", "location": "bathroom"}
_WORDLESS = ("receipt", "offer", "alive", "proof")  # these have an answer of their own, or none
_AUTOMATON = "test"  # Source: Tests
_JOURNAL = {"used_records": 0, "free_records": 0, "erases_max": 0, "bad_sectors": 0, "where": "none"}
_SUPPLY = {"mode": "full", "mains": True, "battery": {"mv": None, "why": "none", "state": "mains", "hours": None, "by": ""}}
_PROVEN = {"resets": {"power_on": 1}, "proven": {"cord1": None}, "tested": None, "due": None, "bearer": None}


class SecondUnit:
    """`light`: what the tenant sees; `heard`: the messages taken. For tests: `obeys` False: a clear stays without effect;
    `silent`: what it says is not sent; `lacks`: fields that it does not send.
    """

    def __init__(self, address, key):
        self.base, self.unit, self.key = "ils/v1/" + address + "/", address.rpartition("/")[2], key
        self._common = {"v": 1, "unit": self.unit, "session": secrets.token_hex(8), "boot": 1, "epoch": secrets.token_hex(4)}
        self._seq, self._due_s, self._over, self._outgoing = 0, 0.0, set(), asyncio.Queue()
        self.call, self.light, self.heard, self.refused = None, "off", [], []
        self.obeys, self.silent, self.lacks = True, False, ()
        self.speech, self.tests, self._number = FlatEnd(self), FlatTests(self), 0

    async def run(self, **where):
        """One connection, for as long as it lasts. `where`: what aiomqtt.Client needs to find the broker."""
        will = aiomqtt.Will(self.base + "state", self._sealed("state", online=False, conn=1), qos=1, retain=True)
        async with aiomqtt.Client(identifier=self.unit, protocol=aiomqtt.ProtocolVersion.V311, clean_session=True, keepalive=12,
                                  will=will, **where) as client:
            await client.subscribe(self.base + "down", qos=1)
            self.say("state", online=True, conn=1)
            self.say("event", event="started", cause="power_on", firmware="second", open_call=None, clean=False, mode="full")
            await asyncio.gather(self._hear_all(client), self._send_all(client), self._call_again())

    def _sealed(self, channel, /, **fields):
        self._seq += 1
        fields = {name: value for name, value in fields.items() if name not in self.lacks}
        return sealed(self.key, self.base + channel, {"type": channel, **self._common, "seq": self._seq, **fields})

    def say(self, channel, /, **fields):
        payload = self._sealed(channel, **fields)
        if not self.silent:
            self._outgoing.put_nowait((self.base + channel, payload, 1, channel == "state"))
        return payload

    def pull(self, cause="activated"):
        if self.call is None:
            self._number += 1
            call = "%s-%s-%d" % (self.unit, self._common["epoch"], self._number)
            self.call = {"call": call, "triggers": 0, "attempt": 0, "since_s": time.monotonic(), "answered": "", "causes": []}
        self.call["causes"].append(cause)
        if self.call["answered"] == _AUTOMATON and not self._is_test():
            self.call["answered"] = ""  # the automatic answer is taken back
        self.call["triggers"], self.light = self.call["triggers"] + 1, "steady"
        payload = self.alarm()
        self.speech.raised(self.call["call"])
        return payload

    def alarm(self):
        call, now_s = self.call, time.monotonic()
        call["attempt"] += 1
        self._due_s = now_s + _RETRY_S[min(call["attempt"], len(_RETRY_S)) - 1]
        numbers = sorted({1, *range(max(1, call["triggers"] - 6), call["triggers"] + 1)})
        inputs = [{**_CORD, "n": n, "cause": call["causes"][n - 1]} for n in numbers]
        return self.say("alarm", call=call["call"], triggers=call["triggers"], escalation=0, attempt=call["attempt"],
                        resumed=False, inputs=inputs, test=self._is_test(), age_ms=int((now_s - call["since_s"]) * 1000))

    def _is_test(self):
        return set(self.call["causes"]) == {"test"}

    async def _hear_all(self, client):
        async for message in client.messages:
            self._take(str(message.topic), bytes(message.payload))

    async def _send_all(self, client):
        while True:
            await client.publish(*await self._outgoing.get())

    async def _call_again(self):
        while True:
            await asyncio.sleep(0.1)
            if self.light == "steady" and time.monotonic() >= self._due_s:
                self.alarm()

    def _take(self, topic, payload):
        try:
            message = opened(self.key, topic, payload)
            seen = {one["ctr"] for one in self.heard if one["from"] == message["from"]}
            need("session", message["session"] == self._common["session"])
            need("replay", message["ctr"] not in seen and message["ctr"] >= max(seen, default=0) - _WINDOW)
        except Refused as reason:
            self.refused.append(str(reason))
            return
        self.heard.append(message)
        reason = self._why_not(message)
        if message["type"] not in _WORDLESS and message.get("do") != "stored" and (self.obeys or message["type"] != "clear"):
            result = {"ref": message["ctr"], "from": message["from"], "do": message["type"], "ok": not reason, "reason": reason}
            self.say("event", event="command", **result)
        if not reason:
            getattr(self, "_on_" + message["type"])(message)
        elif reason == "no_such_session":
            self.speech.is_over(message)

    def _why_not(self, message):
        kind, call = message["type"], self.call
        if kind in ("query", "offer", "alive", "proof"):
            return ""
        if kind == "test":
            return self.tests.why_not(message)
        if kind == "control":
            return self.speech.why_not_control(message)
        if not call or message["call"] != call["call"]:
            return "already_cleared" if message["call"] in self._over else "no_such_call"
        if kind == "receipt":
            return "newer_trigger" if message["triggers"] < call["triggers"] else ""
        if not call.get("received"):
            return "not_received"
        if kind == "answered":
            return "newer_trigger" if message["who"] == _AUTOMATON and not self._is_test() else ""
        if not call["answered"]:
            return "not_answered"
        if kind == "clear" and message["triggers"] < call["triggers"]:
            return "newer_trigger"
        if kind == "clear" and message["basis"] == "speech" and self.speech.heard != call["call"]:
            return "no_speech"
        return ""

    def _on_receipt(self, _):
        self.call["received"] = self.call["triggers"]
        self._show()

    def _on_answered(self, message):
        self.call["answered"] = message.get("who", "")
        self._show()

    _on_released = _on_answered

    def _show(self):
        if self.call["received"] == self.call["triggers"]:
            self.light = "double" if self.call["answered"] else "flashing"

    def _on_proof(self, _):
        pass

    def _on_test(self, message):
        self.tests.take(message)

    def _on_offer(self, message):
        self.speech.on_offer(message)

    def _on_control(self, message):
        self.speech.on_control(message)

    def _on_alive(self, message):
        self.speech.on_alive(message)

    def _on_query(self, _):
        self.say("health", firmware="second", board="none", uptime_s=0, reset_cause="power_on", heap_free_bytes=0, rssi_dbm=None,
                 call=self.call and self.call["call"], faults=[], counters={}, journal=_JOURNAL, **_SUPPLY, **_PROVEN)
        if self.light == "steady":
            self.alarm()

    def _on_clear(self, message):
        if self.obeys:
            self._over.add(message["call"])
            self.call, self.light = None, "off"
            self.speech.end("call_over")
            self.say("event", event="cleared", call=message["call"], by="service", outcome=message["outcome"], who=message["who"])
