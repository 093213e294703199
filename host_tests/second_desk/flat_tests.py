"""Tests in the second unit's flat, written from docs/protocol.md alone: an engineer's test, records in parts, and proofs.

A test has the one pull `pull:cord1`, one question and one step that is left out. The engineer pulls by `unit.pull("test")`.
"""

import hashlib
import json
import secrets

_STEPS = ("pull:cord1", "ask:cord1:reach", "load")
_PART_CHARACTERS = 150  # short, so that a record of three steps has parts enough to be muddled
NO_RECORD = "0" * 64  # Source: docs/protocol.md, Tests


class FlatTests:
    """`test`: id of the one that runs, or empty; `stored`: ids that the service keeps; `prev`: hash of the newest record."""

    def __init__(self, unit):
        self._unit, self.test, self.stored, self.prev, self._who, self._results = unit, "", [], NO_RECORD, {}, {}

    def why_not(self, message):
        """The page's reason to refuse this command, or none."""
        do, step = message["do"], message["step"]
        if do == "start":
            return "running" if self.test else "busy" if self._unit.call else ""
        if not self.test or message["test"] != self.test:
            return "" if do == "stored" else "no_test"
        if do in ("answer", "skip") and (step not in self._left() or do == "answer" and not step.startswith("ask:")):
            return "no_step"
        wrong = do == "answer" and message["value"] not in ("yes", "no") or do == "skip" and not message["value"]
        return "field" if wrong else ""

    def take(self, message):
        getattr(self, "_on_" + message["do"])(message)

    def _on_start(self, message):
        self.test, self._results = secrets.token_hex(4), {}
        self._who = {"engineer": message["who"], "witness": message["value"]}
        self._tell(None)

    def _on_answer(self, message):
        self.done(message["step"], "pass" if message["value"] == "yes" else "fail", message["value"])

    def _on_skip(self, message):
        self.done(message["step"], "skip", message["value"])

    def _on_stop(self, _):
        self.ends("INCOMPLETE")

    def _on_stored(self, message):
        self.stored.append(message["test"])

    def done(self, step, result, detail="", ms=None):
        """A step has its result; behind the last one the test ends."""
        self._results[step] = [step, result, detail, ms]
        if self._left():
            self._tell([step, result, detail])
            return
        results = [one[1] for one in self._results.values()]
        self.ends("PASS" if set(results) == {"pass"} else "PASS WITH DEFECTS", [step, result, detail])

    def ends(self, verdict, last=None):
        for step in self._left():
            self._results[step] = [step, "open", "", None]
        self._tell(last, "ended", verdict)
        for part in self.parts(self.test, self.text(self.test, verdict, list(self._results.values()))):
            self._unit.say("event", **part)
        self.test = ""

    def _left(self):
        return [step for step in _STEPS if step not in self._results]

    def _tell(self, last, state="running", verdict=""):
        left = self._left()
        self._unit.say("event", event="test", test=self.test, state=state, step=left[0] if left else "", left=left, last=last,
                       verdict=verdict)

    def text(self, test, verdict, results, prev=None):
        """A record of test; it is the newest one of the unit from then on, and follows `prev`, or else the newest so far."""
        address = "/".join(self._unit.base.split("/")[2:5])
        head = {"v": 1, "test": test, "unit": address, "board": "none", "board_sha256": NO_RECORD, "firmware": "second",
                "config_sha256": NO_RECORD, "prev": prev or self.prev, **self._who, "by": "desk", "started": None}
        end = {"verdict": verdict, "ended": None, "defects": [one[0] for one in results if one[1] == "fail"],
               "untested": [[one[0], one[2]] for one in results if one[1] in ("skip", "open")], "due": None}
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in [head, *results, end])
        self.prev = hashlib.sha256(text.encode()).hexdigest()
        return text

    @staticmethod
    def parts(test, text, sha256=None):
        """The fields of its messages `test_record`, in order."""
        sha256 = sha256 or hashlib.sha256(text.encode()).hexdigest()
        texts = [text[at:at + _PART_CHARACTERS] for at in range(0, len(text), _PART_CHARACTERS)]
        return [{"event": "test_record", "test": test, "part": n, "parts": len(texts), "sha256": sha256, "text": one}
                for n, one in enumerate(texts, 1)]
