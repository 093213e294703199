"""What the tool does at the broker: hears one unit under its seal, takes only the session of this start, has it prove itself."""

import asyncio
import hashlib
import json
import threading

import pytest

from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.unit_link import UnitOnBroker
from host_tests.install import plain
from host_tests.peers import need
from tools.brokers import Broker
from tools.install import faults, heartbeat, self_test
from tools.install.errors import InstallError
from tools.install.listener import Listener
from tools.install.programs import Stop
from tools.install.store import Store

WAIT_S = 30


class OnBroker:
    """`with`: a broker and a fake unit on it, in a thread with a loop of its own. `unit`: FakeUnit; `do(work)`: in that
    thread."""

    def __init__(self, path, key, faults=()):
        self._path = path
        self.unit = FakeUnit(key, "house", "f1", "u1", faults=faults)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        self.broker = Broker("nats", dir=self._path)
        self.do(self.broker.start())
        self.link = None
        return self

    def __exit__(self, *_):
        if self.link:
            self.do(self.link.leave())
        self.do(self.broker.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)

    def start(self):
        """The unit connects: `state`, `started` and what follows."""

        async def connected():
            link = UnitOnBroker(self.unit, self.broker.port)
            await link.connect()
            return link

        self.link = self.do(connected())


def scene(tmp_path, faults=(), key=None):
    """(what is on the broker, Listener, identity)"""
    need("nats")
    one = plain.made(tmp_path)
    identity = Store(one).take(plain.flat(), "24:6f:28:00:00:01")
    place = OnBroker(tmp_path / "broker", bytes.fromhex(key or identity.key), faults)
    return one, place, identity


def listener(one, place, identity):
    one.brokers[:] = [{"host": "127.0.0.1", "port": place.broker.port, "server_name": "x", "tls": False}]
    return Listener(one, identity, Stop())


def test_the_heartbeat_of_this_start_is_heard(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "_ASK_S", 0.5)
    one, place, identity = scene(tmp_path)
    with place, listener(one, place, identity) as heard:
        place.start()
        health, session = heartbeat.wait(heard, identity, place.unit.session, WAIT_S)
        assert health["type"] == "health" and session == place.unit.session
        assert heartbeat.wait(heard, identity, place.unit.session, WAIT_S)[0]["seq"] > health["seq"]  # it was asked


def test_a_start_that_the_console_did_not_tell_is_known_by_its_event(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "_ASK_S", 0.5)
    one, place, identity = scene(tmp_path)
    with place, listener(one, place, identity) as heard:
        place.start()
        assert heartbeat.wait(heard, identity, "", WAIT_S)[1] == place.unit.session


@pytest.mark.parametrize(("faults", "session", "code", "word"), [
    (("mute",), "0" * 16, "no_heartbeat", "only messages of an earlier start"),
    (("forged_seal",), None, "seal", "do not carry its own seal"),
    (("mute",), "", "no_heartbeat", "nothing in"),
])  # fmt: skip
def test_a_unit_of_another_start_or_another_key_or_a_silent_one_is_none(tmp_path, monkeypatch, faults, session, code, word):
    monkeypatch.setattr(heartbeat, "_ASK_S", 0.3)
    one, place, identity = scene(tmp_path, faults)
    with place, listener(one, place, identity) as heard:
        if session != "":
            place.start()
        with pytest.raises(InstallError) as caught:
            heartbeat.wait(heard, identity, place.unit.session if session is None else session or "f" * 16, 3)
        assert caught.value.code == code and word in caught.value.what


def test_a_fault_that_counts_stops_and_others_are_remarks(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "_ASK_S", 0.3)
    one, place, identity = scene(tmp_path)
    real = place.unit._message
    faults = ["line_open:cord1"]

    def message(kind, /, **body):
        return real(kind, **(body | {"faults": list(faults)} if kind == "health" else body))

    monkeypatch.setattr(place.unit, "_message", message)
    with place, listener(one, place, identity) as heard:
        place.start()
        assert heartbeat.wait(heard, identity, place.unit.session, WAIT_S)[0]["faults"] == ["line_open:cord1"]
        for fault in ("settings", "input:cord1", "storage:file"):
            faults[:] = [fault]
            told = ""
            for _ in range(20):  # reports that were on their way still have the one before
                try:
                    heartbeat.wait(heard, identity, place.unit.session, WAIT_S)
                except InstallError as error:
                    told = f"{error.code}: {error.what}"
                if fault in told:
                    break
            assert told == f"faults: unit u1 reports: {fault}"


def test_what_is_open_is_asked_once_more_and_told_with_what_to_do(tmp_path, monkeypatch):
    """A fault of an earlier try that the test has closed is not told any more."""
    one, place, identity = scene(tmp_path)
    real, found, made = place.unit._message, ["microphone", "line_open:cord1"], []

    def message(kind, /, **body):
        made.append(kind)
        return real(kind, **(body | {"faults": list(found)} if kind == "health" else body))

    monkeypatch.setattr(place.unit, "_message", message)
    with place, listener(one, place, identity) as heard:
        place.start()
        heard.session = place.unit.session
        for _ in range(3):
            heard.say("query")  # answered before the test ends: old by then
        for _ in range(100 * WAIT_S):
            there = sum(one["type"] == "health" for one in list(heard._queue.queue))
            if len(place.unit.received) == 3 and there == made.count("health"):
                break
            place.do(asyncio.sleep(0.01))
        found.remove("microphone")
        health = heartbeat.again(heard, identity, WAIT_S)
    assert health["faults"] == ["line_open:cord1"]
    assert faults.remarks(health["faults"]) == ["fault line_open:cord1: connect its line with the end-of-line resistor, in the "
                                                "flat at the latest"]


def test_each_fault_that_a_unit_can_have_has_a_word_for_the_installer_or_stops():
    from firmware.core.faults import NAMES

    known = {*faults.FATAL, *faults._NEXT}
    assert known == set(NAMES) and not set(faults.FATAL) & set(faults._NEXT)
    assert "docs/faults.md" in faults.remarks(["of_tomorrow:x"])[0]


def test_a_broker_that_is_not_there_or_refuses_us_is_named(tmp_path):
    one, place, identity = scene(tmp_path)
    with place:
        heard = listener(one, place, identity)
    with pytest.raises(InstallError) as caught, heard:
        pass
    assert caught.value.code == "broker" and "127.0.0.1" in caught.value.what


class Unit:
    """A unit's end of a test, as a Listener would bring it. `results`: {step: (result, detail)} of what it does by itself."""

    def __init__(self, results, refuses="", deaf=0, loses=(), forged=False):
        self.session, self.said, self._out = "5" * 16, [], []
        self._results, self._refuses, self._deaf, self._loses, self._forged = results, refuses, deaf, loses, forged
        self._left = ["pull:button", "ask:light", "tone", "mains_off", "load", "mains_on", *results, "storage"]
        self._left = list(dict.fromkeys(self._left))
        self._n = 0

    def say(self, kind, **body):
        self._n += 1
        self.said.append((kind, body))
        if kind == "test" and self._deaf:
            self._deaf -= 1
        elif kind == "test":
            self._take(self._n, body)
        return self._n

    def next(self, bound_s):
        return self._out.pop(0) if self._out else None

    def _take(self, number, body):
        reason = self._refuses if body["do"] == "start" else ""
        self._event("command", ref=number, **{"from": "installer"}, do="test", ok=not reason, reason=reason)
        if reason:
            return
        if body["do"] == "skip":
            assert body["value"] and body["step"] in self._left
            self._left.remove(body["step"])
        self._event("test", test="c0ffee01", state="running", step="", left=list(self._left), last=None, verdict="")
        if all(step in ("tone", "clock", "storage") or step.startswith("path:") for step in self._left):
            self._prove()

    def _prove(self):
        self._event("proof", id="0badcafe", path="broker1")
        header = {"v": 1, "test": "c0ffee01", "unit": "house/f1/u1", "board": "B", "board_sha256": "0" * 64, "firmware": "x"}
        header |= {"config_sha256": "0" * 64, "prev": "0" * 64, "engineer": "installer", "witness": "", "by": "desk"}
        header["started"] = None
        lines = [json.dumps(header)]
        for step, (result, detail) in self._results.items():
            self._event("test", test="c0ffee01", state="running", step="", left=[], last=[step, result, detail], verdict="")
            lines.append('["%s","%s","%s",null]' % (step, result, detail))
        lines.append('{"verdict":"INCOMPLETE","ended":null,"defects":[],"untested":[],"due":null}')
        self._event("test", test="c0ffee01", state="ended", step="", left=[], last=None, verdict="INCOMPLETE")
        text = "\n".join(lines) + "\n"
        digest = hashlib.sha256((text + "?" * self._forged).encode()).hexdigest()
        half = len(text) // 2
        for part, piece in ((2, text[half:]), (1, text[:half])):
            if part not in self._loses:
                self._event("test_record", test="c0ffee01", part=part, parts=2, sha256=digest, text=piece)

    def _event(self, name, **fields):
        self._out.append({"type": "event", "event": name, "session": self.session, **fields})


GOOD = {"tone": ("pass", ""), "path:broker1": ("pass", "3 ms"), "clock": ("pass", ""), "storage": ("pass", "")}
IDENTITY = type("I", (), {"unit": "u1"})


def test_what_needs_a_person_is_left_out_and_the_rest_is_proven():
    unit = Unit(GOOD)
    outcome = self_test.run(unit, IDENTITY, WAIT_S)
    self_test.judge(IDENTITY, outcome)
    skipped = [body["step"] for kind, body in unit.said if kind == "test" and body["do"] == "skip"]
    assert skipped == ["pull:button", "ask:light", "mains_off", "load", "mains_on"]
    assert ("proof", {"id": "0badcafe"}) in unit.said
    assert outcome.summary() == "tone pass, path:broker1 pass, clock pass, storage pass" and len(outcome.sha256) == 64


@pytest.mark.parametrize(("change", "good", "word"), [
    ({"tone": ("skip", "noise")}, True, ""), ({"tone": ("fail", "microphone")}, False, "tone fail (microphone)"),
    ({"path:broker1": ("fail", "no answer")}, False, "path:broker1 fail"), ({"clock": ("skip", "")}, False, "clock skip"),
    ({"storage": ("fail", "")}, False, "storage fail"), ({"path:broker2": ("fail", "not reached")}, False, "path:broker2"),
])  # fmt: skip
def test_each_proof_counts(change, good, word):
    outcome = self_test.run(Unit({**GOOD, **change}), IDENTITY, WAIT_S)
    if good:
        self_test.judge(IDENTITY, outcome)
        return
    with pytest.raises(InstallError) as caught:
        self_test.judge(IDENTITY, outcome)
    assert caught.value.code == "self_test" and word in caught.value.what


def test_a_proof_that_is_missing_is_no_pass():
    results = {step: value for step, value in GOOD.items() if not step.startswith("path:")}
    with pytest.raises(InstallError) as caught:
        self_test.judge(IDENTITY, self_test.run(Unit(results), IDENTITY, WAIT_S))
    assert "path:broker1 no result" in caught.value.what


def test_a_word_that_is_lost_is_sent_again(monkeypatch):
    monkeypatch.setattr(self_test, "_WORD_S", 0.05)
    unit = Unit(GOOD, deaf=2)
    self_test.judge(IDENTITY, self_test.run(unit, IDENTITY, WAIT_S))
    assert [body["do"] for kind, body in unit.said if kind == "test"][:4] == ["start", "start", "start", "skip"]


def test_a_unit_without_room_for_tests_is_told_as_such_and_others_that_refuse_stop():
    outcome = self_test.run(Unit(GOOD, refuses="memory"), IDENTITY, WAIT_S)
    self_test.judge(IDENTITY, outcome)
    assert "no room" in outcome.summary() and not outcome.record
    for reason, word in (("busy", "a call or speech"), ("running", "a test runs already")):
        with pytest.raises(InstallError) as caught:
            self_test.run(Unit(GOOD, refuses=reason), IDENTITY, WAIT_S)
        assert caught.value.code == "test_silent" and word in caught.value.what


def test_a_record_that_is_cut_or_changed_on_its_way_is_none(monkeypatch):
    monkeypatch.setattr(self_test, "_RECORD_S", 0.2)
    for trouble in ({"loses": (1,)}, {"forged": True}):
        with pytest.raises(InstallError) as caught:
            self_test.run(Unit(GOOD, **trouble), IDENTITY, WAIT_S)
        assert caught.value.code == "test_silent" and "record did not come" in caught.value.what
