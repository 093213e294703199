"""The fake unit's side of an engineer's test: steps, answers, progress, and the record in parts until it is stored.

It misbehaves by name:

    loses_progress       `test` events are lost
    test_refused         every command of a test is refused as `busy`
    test_twice_deaf      of each command of a test the first message is lost
    parts_backwards      parts of a record come last part first
    parts_doubled        each part comes twice
    part_lost            the second part is lost the first time
    part_forged          the first time a part has another text than the hash was made of
"""

import hashlib
import json
import secrets

FAULTS = (
    "loses_progress", "test_refused", "test_twice_deaf", "parts_backwards", "parts_doubled", "part_lost", "part_forged",
)  # fmt: skip
_SETTLE_MS = 300
_PART_CHARS = 300  # a unit's part has up to 1,200; smaller ones make more of them
STEPS = ("pull:cord1", "ask:cord1:reach", "ask:light", "path:broker1", "storage")


class FakeTest:
    """`records`: SHA-256 of each, oldest first; `unstored`: dict of test id to text."""

    __test__ = False  # for pytest: this is no test

    def __init__(self, fake):
        self._fake, self.test, self.left, self._people = fake, "", [], ("", "")
        self.results, self.records, self.unstored, self._heard = [], [], {}, set()
        self._settles, self._settled_ms = False, None

    @property
    def is_on(self):
        return bool(self.test)

    def message(self, message):
        """What is said on a `test` from the service."""
        if message["do"] == "stored":
            self.unstored.pop(message["test"], None)
            return []
        key = (message["do"], message["step"])
        if "test_twice_deaf" in self._fake.faults and key not in self._heard:
            self._heard.add(key)
            return []
        reason = self._why_not(message)
        out = self._fake._result(message, reason)
        return out if reason else out + getattr(self, "_" + message["do"])(message)

    def pulled(self, name, latency_ms):
        """An input was pulled and released, and its receipt had come."""
        step = "pull:" + name
        return self.done(step, "pass", f"{latency_ms} ms") if self.is_on and step in self.left else []

    def done(self, step, result, detail="", ms=None):
        self._settles = False
        self.left.remove(step)
        self.results.append([step, result, detail, ms])
        out = self._progress("running", [step, result, detail])
        return out if self.left else out + self.end()

    def tick(self, now_ms):
        """The announcement begins, and is over: from then on pulls are the test's."""
        if not self.is_on or not self._settles:
            self._settled_ms = None
            return []
        if self._settled_ms is None:
            self._settled_ms = now_ms + _SETTLE_MS
        if now_ms < self._settled_ms:
            return []
        self._settles = False
        return self._progress("running", None)

    def pause(self):
        return self._progress("paused", None)

    def resume(self):
        self._settles = True
        return self._progress("running", None)

    def end(self, verdict=None):
        """Closes the record and sends it."""
        for step in self.left:
            self.results.append([step, "open", "not done", None])
        untested = [[step, detail] for step, result, detail, _ in self.results if result in ("skip", "open")]
        defects = [step for step, result, *_ in self.results if result == "fail"]
        verdict = verdict or ("INCOMPLETE" if self.left else "FAIL" if defects else "PASS WITH DEFECTS" if untested else "PASS")
        self._write(verdict, defects, untested)
        out = self._progress("ended", None, verdict)
        self.test, self.left = "", []
        return out + self.send()

    def send(self):
        """All parts of all records that are not stored: at each connection, and hourly."""
        out = []
        for test in list(self.unstored):
            out += self._parts(test, self.unstored[test])
        return out

    def _why_not(self, message):
        if "test_refused" in self._fake.faults:
            return "busy"
        if message["do"] == "start":
            return "running" if self.is_on else "busy" if self._fake.call else ""
        if not self.is_on or message["test"] != self.test:
            return "no_test"
        if message["do"] == "answer" and not message["step"].startswith("ask:"):
            return "no_step"
        return "no_step" if message["do"] in ("answer", "skip") and message["step"] not in self.left else ""

    def _start(self, message):
        self.test, self.left, self.results = secrets.token_hex(4), list(STEPS), []
        self._people, self._settles = (message["who"], message["value"]), True
        return self._progress("running", None)

    def _answer(self, message):
        return self.done(message["step"], "pass" if message["value"] == "yes" else "fail")

    def _skip(self, message):
        return self.done(message["step"], "skip", message["value"])

    def _stop(self, message):
        return self.end()

    def _progress(self, state, last, verdict=""):
        left = [] if state == "ended" else self.left
        step = left[0] if left and not self._settles else ""
        words = {"test": self.test, "state": state, "step": step, "left": left, "last": last, "verdict": verdict}
        said = self._fake.event("test", **words)
        return [] if "loses_progress" in self._fake.faults else said

    def _write(self, verdict, defects, untested):
        fake = self._fake
        engineer, witness = self._people
        header = {"v": 1, "test": self.test, "unit": fake.base.removeprefix("ils/v1/"), "board": "NONE", "board_sha256": "0" * 64}
        header |= {"firmware": "fake", "config_sha256": "0" * 64, "prev": self.records[-1] if self.records else "0" * 64}
        header |= {"engineer": engineer, "witness": witness, "by": "desk", "started": None}
        end = {"verdict": verdict, "ended": None, "defects": defects, "untested": untested, "due": None}
        text = "".join(json.dumps(line) + "\n" for line in [header, *self.results, end])
        self.records.append(hashlib.sha256(text.encode()).hexdigest())
        self.unstored[self.test] = text

    def _parts(self, test, text):
        fake, sha256 = self._fake, hashlib.sha256(text.encode()).hexdigest()
        pieces = [text[at : at + _PART_CHARS] for at in range(0, len(text), _PART_CHARS)]
        if self._once("part_forged"):
            pieces[0] = pieces[0].replace("E", "F", 1) + "?"
        out = []
        for number, piece in enumerate(pieces, 1):
            out += fake.event("test_record", test=test, part=number, parts=len(pieces), sha256=sha256, text=piece)
        if self._once("part_lost"):
            del out[1]
        out = out * 2 if "parts_doubled" in fake.faults else out
        return out[::-1] if "parts_backwards" in fake.faults else out

    def _once(self, fault):
        was = fault in self._fake.faults
        self._fake.faults.discard(fault)
        return was
