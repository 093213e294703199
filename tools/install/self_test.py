"""The self-test's machine part: what the unit proves by itself, once, with nobody in the flat. Source: docs/testing.md.

A test is begun at the unit; every step that needs a person is left out with a reason, and the rest runs: its own tone from
loudspeaker to microphone, each path to the service (whose `proof` this tool answers in its place), clock and storage. The record
says INCOMPLETE, as it must: pulling the cords and looking at the light is the walk test's part, which follows in the flat.
"""

import hashlib
import time
from dataclasses import dataclass, field

from tools.desk.testing.record import Record

from .errors import InstallError

BY_ITSELF = ("tone", "clock", "storage")  # and path:NAME
_WHY_NOT = "installation: machine part only"
_WHO = "installer"
_WORD_S = 10  # a command without its word is sent again
_TRIES = 6
_RECORD_S = 90  # its parts come when it is on flash and the last words are spoken, for which the unit takes up to 60 s
_MAY_SKIP = ("tone",)  # no microphone, privacy on, a loud room: the unit says which


@dataclass
class Outcome:
    """`results`: {step: (result, detail)}; `record`: text of the record; `sha256`: its own; `left_out`: why there was no test,
    or ""."""

    results: dict = field(default_factory=dict)
    record: str = ""
    sha256: str = ""
    test: str = ""
    left_out: str = ""

    def summary(self):
        """`tone pass, path:broker1 pass, ...`"""
        return self.left_out or ", ".join(f"{step} {result}" for step, (result, _) in self.results.items())


def run(listener, identity, bound_s, say=lambda text: None):
    """Outcome of a test that came to its end; `judge` says whether it is good. Raises InstallError (`test_silent`)."""
    return _Course(listener, identity, time.monotonic() + bound_s, say).run()


class _Course:
    def __init__(self, listener, identity, end_s, say):
        self._listener, self._identity, self._end_s, self._say = listener, identity, end_s, say
        self._outcome = Outcome()
        self._left, self._left_out, self._ended = None, set(), False
        self._parts, self._paused = {}, False

    def run(self):
        reason = self._command("start", "", "", taken="running")
        if reason == "memory":
            self._outcome.left_out = "not possible: the unit has no room for tests (docs/testing.md)"
            return self._outcome
        if reason:
            words = {"busy": "a call or speech is on", "running": "a test runs already"}
            raise self._silent(words.get(reason, f"it refuses: {reason}"))
        while not self._ended:
            step = next((one for one in self._left or () if not _is_own(one) and one not in self._left_out), None)
            if step is None or self._paused:
                self._hear(1.0)
            else:
                self._left_out.add(step)
                self._command("skip", step, _WHY_NOT, taken="no_step")
        self._end_s = time.monotonic() + _RECORD_S
        while not self._outcome.record:
            self._hear(1.0)
        for step, result, detail, _ in Record(self._outcome.record).results:  # what counts is what is kept
            if _is_own(step):
                self._outcome.results[step] = (result, detail)
        return self._outcome

    def _command(self, do, step, value, taken):
        """"" or the unit's reason. A second copy that is refused because the first was taken counts as taken."""
        for attempt in range(_TRIES):
            number = self._listener.say("test", do=do, test=self._outcome.test, step=step, value=value, who=_WHO)
            until_s = time.monotonic() + _WORD_S
            while time.monotonic() < until_s:
                message = self._hear(0.5)
                if message and message.get("event") == "command" and message["ref"] == number and message["from"] == _WHO:
                    return "" if message["ok"] or (attempt and message["reason"] == taken) else message["reason"]
                if do == "skip" and (self._ended or step not in (self._left or ())):
                    return ""
        raise self._silent(f"no word on {do} {step}".strip())

    def _hear(self, wait_s):
        """Takes one message; returns it, or None."""
        if time.monotonic() > self._end_s:
            raise self._silent("its record did not come" if self._ended else f"left: {', '.join(self._left or ['all'])}")
        message = self._listener.next(wait_s)
        if message is None or message["session"] != self._listener.session:
            return None
        if message["type"] == "event":
            take = {"proof": self._proof, "test": self._progress, "test_record": self._part}.get(message["event"])
            if take:
                take(message)
        return message

    def _proof(self, message):
        self._listener.say("proof", id=message["id"])

    def _progress(self, message):
        self._outcome.test = self._outcome.test or message["test"]
        if message["test"] != self._outcome.test:
            return
        self._left = [step for step in message["left"] if not step.startswith("... ")]
        self._paused = message["state"] == "paused"
        if message["last"] and message["last"][1] != "open" and _is_own(message["last"][0]):
            self._say(" ".join(message["last"][:2]))
        self._ended = self._ended or message["state"] == "ended"

    def _part(self, message):
        if message["test"] != self._outcome.test:
            return
        parts = self._parts.setdefault(message["sha256"], {})
        parts[message["part"]] = message["text"]
        text = "".join(parts[n] for n in sorted(parts))
        if len(parts) == message["parts"] and hashlib.sha256(text.encode()).hexdigest() == message["sha256"]:
            self._outcome.record, self._outcome.sha256 = text, message["sha256"]

    def _silent(self, why):
        return InstallError("test_silent", unit=self._identity.unit, why=f"paused by a call; {why}" if self._paused else why)


def _is_own(step):
    return step in BY_ITSELF or step.startswith("path:")


def judge(identity, outcome):
    """Raises InstallError (`self_test`) unless all passed that must. A unit without room for tests is not judged by them."""
    if outcome.left_out:
        return
    wanted = [*BY_ITSELF, *(step for step in outcome.results if step.startswith("path:"))]
    if not any(step.startswith("path:") for step in wanted):
        wanted.append("path:broker1")
    bad = []
    for step in wanted:
        result, detail = outcome.results.get(step, ("no result", ""))
        if result != "pass" and not (result == "skip" and step in _MAY_SKIP):
            bad.append(f"{step} {result}" + (f" ({detail})" if detail else ""))
    if bad:
        raise InstallError("self_test", unit=identity.unit, why=", ".join(bad))
