"""A fake unit for tests of a service: the unit's side of docs/protocol.md without network or clock.

It behaves: journal that survives `power_cut`, retries, escalation, replay window, refusals. And it can misbehave, by name:

    duplicate_alarms   every alarm goes out twice, byte for byte
    forged_seal        messages carry a seal of another key
    never_confirms     no `command` events
    never_clears       confirms a clear, but never says `cleared`
    loses_cleared      clears, but its `cleared` event is lost
    mute               does not answer a query
    newer_trigger, no_speech, not_answered    refuses every clear for this reason

and those of its speech and of its tests, which are in unit_speech.py and unit_tests.py.

Methods return lists of (topic, payload) to publish; times are in ms of any clock.
"""

import hashlib
import hmac
import json
import secrets

from .unit_speech import FAULTS as SPEECH_FAULTS
from .unit_speech import FakeSpeech
from .unit_tests import FAULTS as TEST_FAULTS
from .unit_tests import FakeTest

FAULTS = (
    *SPEECH_FAULTS, *TEST_FAULTS, "duplicate_alarms", "forged_seal", "never_confirms", "never_clears", "loses_cleared", "mute",
    "newer_trigger", "no_speech", "not_answered",
)  # fmt: skip
_RETRY_MS = (2000, 4000, 8000, 15000)
_ANSWER_MS = 60_000
_HOLD_MS = 130_000
_WINDOW = 32


def seal(key, topic, message):
    body = json.dumps(message, separators=(",", ":")).encode()[:-1]
    digits = hmac.new(key, topic.encode() + b"\n" + body, hashlib.sha256).hexdigest()
    return body + b',"mac":"' + digits.encode() + b'"}'


class FakeUnit:
    def __init__(self, key, scheme="demo", flat="f12", unit="u1", faults=(), slower=1.0):
        """`slower`: all timers times this; 0.01 makes 60 s 600 ms."""
        self.key, self.unit, self.faults, self.slower = key, unit, set(faults), slower
        unknown = self.faults - set(FAULTS)
        if unknown:
            raise ValueError(f"no fault mode {unknown}")
        self.base = f"ils/v1/{scheme}/{flat}/{unit}"
        self.journal = {"epoch": secrets.token_hex(4), "boot": -1, "calls": 0, "open": None, "cleared": []}
        self.sent, self.received, self.refused = [], [], {}
        self.light = "off"
        self.speech, self.test = FakeSpeech(self), FakeTest(self)
        self.supply = {"mains": True, "battery": {"mv": 4100, "why": "", "state": "mains", "hours": 30.5, "by": "model"}}
        self.proven = []  # ids of proofs that the service has read
        self.boot(0)

    def boot(self, now_ms):
        """Start, also after `power_cut`: a new session, the open call resumed."""
        self.journal["boot"] += 1
        self.session, self._seq, self.conn, self._windows = secrets.token_hex(8), 0, 0, {}
        self.call, self._cause = None, "power_on"
        self.speech.session = None
        if self.journal["open"]:
            self.call = _Call(self.journal["open"], now_ms, True, self.slower)
        self.light = "steady" if self.call else "off"

    def will(self):
        """(topic, payload) of the last will for the next connection; counts the connection."""
        self.conn += 1
        return self._message("state", online=False, conn=self.conn)

    def connected(self, now_ms):
        """What a unit says first on a connection."""
        out = [self._message("state", online=True, conn=self.conn)]
        if self._cause:
            open_call = self.call.id if self.call else None
            started = {"cause": self._cause, "firmware": "fake", "open_call": open_call, "clean": True, "mode": "full"}
            out += self.event("started", **started)
            self._cause = ""
        out += self._alarm(now_ms) if self.call and not self.call.received else []
        return out + self.test.send()

    def trigger(self, now_ms, name="cord1", kind="cord", location="bathroom", cause="activated"):
        """Pull or press: durable first, then the light, then the alarm."""
        if self.call is None:
            self.journal["calls"] += 1
            call_id = f"{self.unit}-{self.journal['epoch']}-{self.journal['calls']}"
            self.journal["open"] = {"id": call_id, "inputs": []}
            self.call = _Call(self.journal["open"], now_ms, False, self.slower)
        inputs = self.journal["open"]["inputs"]
        inputs.append({"n": len(inputs) + 1, "input": name, "kind": kind, "cause": cause, "location": location})
        if cause != "test" and self.call.by_tester:  # nobody has answered this (P4)
            self.call.by_tester, self.call.held_until_ms, self.call.answer_due_ms = False, None, now_ms + _ANSWER_MS * self.slower
        self.call.received = False
        self.light = "steady" if self.call.answer_due_ms is not None else self.light
        return self._alarm(now_ms) + self.speech.triggered(self.call.id)

    def health(self):
        return [self._health()]

    def event(self, name, /, **body):
        return [self._message("event", event=name, **body)]

    def fault(self, name, where, is_open):
        return [self._message("event", event="fault", fault=name, input=where, open=is_open)]

    def tick(self, now_ms):
        """Retries, escalation, lost holder."""
        call, out = self.call, self.speech.tick(now_ms) + self.test.tick(now_ms)
        if call is None:
            return out
        if call.answer_due_ms is not None and now_ms >= call.answer_due_ms:
            return out + self._escalate(now_ms)
        if call.held_until_ms is not None and now_ms >= call.held_until_ms:
            return out + self._escalate(now_ms)
        if not call.received and now_ms >= call.retry_ms:
            return out + self._alarm(now_ms)
        return out

    def receive(self, topic, payload, now_ms):
        """What comes back on `down`; changes nothing for a message that does not hold."""
        message, reason = self._read(topic, payload)
        if message is None:
            self.refused[reason] = self.refused.get(reason, 0) + 1
            return []
        self.received.append(message)
        return getattr(self, "_take_" + message["type"])(message, now_ms)

    def power_cut(self):
        """Everything but the journal is gone."""
        self.call, self.light = None, "off"

    def _read(self, topic, payload):
        if len(payload) > 1024:
            return None, "size"
        body, digits = payload[:-74], payload[-66:-2].decode()
        wanted = hmac.new(self.key, topic.encode() + b"\n" + body, hashlib.sha256).hexdigest()
        if wanted != digits or topic != self.base + "/down":
            return None, "seal"
        message = json.loads(payload)
        if message["session"] != self.session:
            return None, "session"
        seen = self._windows.setdefault(message["from"], [0, set()])
        if message["ctr"] in seen[1] or message["ctr"] <= seen[0] - _WINDOW:
            return None, "replay"
        seen[0] = max(seen[0], message["ctr"])
        seen[1].add(message["ctr"])
        return message, ""

    def _take_receipt(self, message, now_ms):
        call = self.call
        if call is None or message["call"] != call.id:
            return []
        if message["triggers"] >= len(call.inputs) and message["escalation"] >= call.escalation:
            call.received = call.was_received = True
            if self.light == "steady":
                self.light = "flashing"
        return []

    def _take_answered(self, message, now_ms):
        reason = self._why_not(message) or ("newer_trigger" if message["who"] == "test" and not self._is_test() else "")
        if reason:
            return self._result(message, reason)
        self.call.by_tester = message["who"] == "test"
        self.call.answer_due_ms, self.call.held_until_ms = None, now_ms + _HOLD_MS * self.slower
        self.light = "double"
        return self._result(message, "")

    def _take_released(self, message, now_ms):
        reason = self._why_not(message)
        if reason:
            return self._result(message, reason)
        if self.call.held_until_ms is None:
            return self._result(message, "not_answered")
        self.call.held_until_ms, self.call.answer_due_ms = None, now_ms + _ANSWER_MS * self.slower
        self.light = "flashing"
        return self._result(message, "") + self._end_speech()

    def _take_clear(self, message, now_ms):
        reason = self._why_not_clear(message)
        if reason:
            return self._result(message, reason)
        if "never_clears" in self.faults:
            return self._result(message, "")
        ended = self._end_speech()
        self.journal["cleared"].append(self.call.id)
        self.journal["open"], self.call, self.light = None, None, "off"
        words = {"event": "cleared", "call": message["call"], "by": "service"}
        cleared = self._message("event", **words, outcome=message["outcome"], who=message["who"])
        return self._result(message, "") + ended + ([] if "loses_cleared" in self.faults else [cleared])

    def _take_offer(self, message, now_ms):
        return self.speech.offer(message, now_ms)

    def _take_control(self, message, now_ms):
        return self.speech.control(message)

    def _take_alive(self, message, now_ms):
        return self.speech.alive(message, now_ms)

    def _take_proof(self, message, now_ms):
        self.proven.append(message["id"])
        return []

    def _take_test(self, message, now_ms):
        return self.test.message(message)

    def _end_speech(self):
        """An alarm's speech ends with its call, or with its hold."""
        session = self.speech.session
        return self.speech.end("call_over") if session and session.kind == "alarm" else []

    def _why_not(self, message):
        if message["call"] in self.journal["cleared"]:
            return "already_cleared"
        if self.call is None or message["call"] != self.call.id:
            return "no_such_call"
        return "" if self.call.was_received else "not_received"

    def _why_not_clear(self, message):
        if self._why_not(message):
            return self._why_not(message)
        for reason in ("newer_trigger", "no_speech", "not_answered"):
            if reason in self.faults:
                return reason
        if message["triggers"] < len(self.call.inputs):
            return "newer_trigger"
        if self.call.held_until_ms is None:
            return "not_answered"
        return "no_speech" if message["basis"] == "speech" and self.call.id not in self.speech.spoken else ""

    def _take_query(self, message, now_ms):
        return [] if "mute" in self.faults else self._result(message, "") + self.health()

    def _result(self, message, reason):
        if "never_confirms" in self.faults:
            return []
        words = {"event": "command", "ref": message["ctr"], "from": message["from"], "do": message["type"]}
        return [self._message("event", **words, ok=not reason, reason=reason)]

    def _escalate(self, now_ms):
        call = self.call
        call.escalation += 1
        call.received, call.attempts_since, call.held_until_ms = False, 0, None
        call.answer_due_ms = now_ms + _ANSWER_MS * self.slower
        self.light = "steady"
        return self._end_speech() + self._alarm(now_ms)

    def _alarm(self, now_ms):
        call = self.call
        call.attempt += 1
        call.retry_ms = now_ms + _RETRY_MS[min(call.attempts_since, 3)] * self.slower
        call.attempts_since += 1
        inputs = call.inputs if len(call.inputs) <= 8 else call.inputs[:1] + call.inputs[-7:]
        message = self._message(
            "alarm", call=call.id, triggers=len(call.inputs), escalation=call.escalation, attempt=call.attempt,
            resumed=call.resumed, inputs=inputs, test=self._is_test(),
            age_ms=None if call.resumed else int(now_ms - call.began_ms),
        )  # fmt: skip
        return [message] * (2 if "duplicate_alarms" in self.faults else 1)

    def _is_test(self):
        return all(one["cause"] == "test" for one in self.call.inputs)

    def _health(self):
        return self._message(
            "health", firmware="fake", board="NONE", uptime_s=1, reset_cause="power_on", heap_free_bytes=1, rssi_dbm=None,
            call=self.call.id if self.call else None, faults=[], counters=dict(self.refused),
            journal={"used_records": 1, "free_records": 1, "erases_max": 0, "bad_sectors": 0, "where": "partition"}, mode="full",
            bearer="wifi", **self.supply,
            resets={"power_on": 1}, proven={"cord1": 26, "button": None}, tested="2026-11-01", due="2027-01-30",
        )  # fmt: skip

    def _message(self, kind, /, **body):
        self._seq += 1
        head = {"v": 1, "type": kind, "unit": self.unit, "session": self.session, "seq": self._seq}
        head |= {"boot": self.journal["boot"], "epoch": self.journal["epoch"]}
        topic = f"{self.base}/{kind}"
        key = bytes(32) if "forged_seal" in self.faults else self.key
        self.sent.append((topic, seal(key, topic, head | body)))
        return self.sent[-1]


class _Call:
    def __init__(self, record, now_ms, resumed, slower):
        self.id, self.inputs, self.resumed = record["id"], record["inputs"], resumed
        self.began_ms = self.retry_ms = now_ms
        self.attempt = self.attempts_since = self.escalation = 0
        self.received = self.was_received = self.by_tester = False
        self.answer_due_ms, self.held_until_ms = now_ms + _ANSWER_MS * slower, None
