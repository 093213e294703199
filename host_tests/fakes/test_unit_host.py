"""The fake unit itself: it behaves as the protocol page says, and each fault mode does what its name says."""

import json

import pytest

from host_tests.fakes.unit import FAULTS, SPEECH_FAULTS, TEST_FAULTS, FakeUnit, seal
from host_tests.schemas import check

KEY = bytes(range(32))
TOPIC = "ils/v1/demo/f12/u1/down"


class Service:
    """The least that can answer a unit, written from the page."""

    def __init__(self, unit):
        self.unit, self.ctr = unit, 0

    def say(self, kind, /, now_ms=0, key=KEY, **body):
        self.ctr += 1
        head = {"v": 1, "type": kind, "unit": "u1", "session": self.unit.session, "from": "desk", "ctr": self.ctr}
        self.last = seal(key, TOPIC, head | body)
        check(TOPIC, self.last)
        return [json.loads(payload) for _, payload in self.unit.receive(TOPIC, self.last, now_ms)]

    def receipt(self, triggers=1, escalation=0):
        return self.say("receipt", call=self.unit.call.id, triggers=triggers, escalation=escalation)

    def answered(self, now_ms=0):
        return self.say("answered", now_ms, call=self.unit.call.id, who="A")

    def clear(self, triggers=1, basis="present"):
        call_id = self.unit.call.id
        return self.say("clear", call=call_id, triggers=triggers, outcome="test", basis=basis, who="A")


def raised(*faults):
    unit = FakeUnit(KEY, faults=faults)
    unit.will()
    unit.connected(0)
    return unit, Service(unit), unit.trigger(0)


def test_the_plain_case_is_by_the_schemas_and_the_light_never_lies():
    unit, service, _ = raised()
    assert unit.light == "steady"
    service.receipt()
    assert unit.light == "flashing"
    assert service.answered()[0]["ok"] is True
    assert unit.light == "double"
    assert [message["event"] for message in service.clear()] == ["command", "cleared"]
    assert unit.light == "off"
    for topic, payload in unit.sent:
        check(topic, payload)


def test_alarms_repeat_after_2_4_8_and_then_every_15_s_until_the_receipt():
    unit, service, _ = raised()
    times = [at_ms for at_ms in range(100, 59_000, 100) if unit.tick(at_ms)]
    assert times == [2000, 6000, 14_000, 29_000, 44_000]
    service.receipt()
    assert not any(unit.tick(at_ms) for at_ms in range(59_000, 59_900, 100))


def test_it_escalates_after_60_s_unanswered_and_130_s_unheld():
    unit, service, _ = raised()
    service.receipt()
    assert unit.tick(59_999) == []
    assert json.loads(unit.tick(60_000)[0][1])["escalation"] == 1
    service.receipt(escalation=1)
    service.answered(61_000)
    assert unit.tick(190_999) == []
    assert json.loads(unit.tick(191_000)[0][1])["escalation"] == 2


def test_refusals_have_the_pages_reasons():
    unit, service, _ = raised()
    assert service.answered()[0]["reason"] == "not_received"
    service.receipt()
    assert service.clear()[0]["reason"] == "not_answered"
    service.answered()
    assert service.clear(basis="speech")[0]["reason"] == "no_speech"
    unit.trigger(0)
    assert service.clear(triggers=1)[0]["reason"] == "newer_trigger"
    call_id = unit.call.id
    service.clear(triggers=2)
    assert service.say("released", call=call_id)[0]["reason"] == "already_cleared"
    assert service.say("released", call="u1-ffffffff-1")[0]["reason"] == "no_such_call"


def test_wrong_seals_sessions_sizes_and_replays_change_nothing():
    unit, service, _ = raised()
    service.say("receipt", key=bytes(32), call=unit.call.id, triggers=1, escalation=0)
    unit.receive(TOPIC, b"x" * 1025, 0)
    assert unit.light == "steady"
    service.receipt()
    unit.receive(TOPIC, service.last, 0)
    unit.power_cut()
    unit.boot(0)
    unit.receive(TOPIC, service.last, 0)
    assert unit.refused == {"seal": 1, "size": 1, "replay": 1, "session": 1}
    assert unit.light == "steady"


def test_a_power_cut_keeps_the_call_and_begins_a_session():
    unit, service, _ = raised()
    service.receipt()
    session, call_id = unit.session, unit.call.id
    unit.power_cut()
    assert unit.light == "off"
    unit.boot(5)
    unit.will()
    messages = [json.loads(payload) for _, payload in unit.connected(5)]
    alarm = messages[-1]
    assert (alarm["call"], alarm["resumed"], alarm["age_ms"], alarm["boot"]) == (call_id, True, None, 1)
    assert unit.session != session


def test_each_fault_mode_does_what_it_says():
    unit, service, messages = raised("duplicate_alarms")
    assert messages[0] == messages[1]
    unit, service, messages = raised("forged_seal")
    assert messages[0][1] != seal(KEY, messages[0][0], {k: v for k, v in json.loads(messages[0][1]).items() if k != "mac"})
    unit, service, _ = raised("never_confirms")
    service.receipt()
    assert service.answered() == []
    assert unit.light == "double"
    unit, service, _ = raised("mute")
    assert service.say("query") == []
    for fault, events, is_open in (("never_clears", ["command"], True), ("loses_cleared", ["command"], False)):
        unit, service, _ = raised(fault)
        service.receipt()
        service.answered()
        assert [message["event"] for message in service.clear()] == events
        assert (unit.call is not None) == is_open
    for reason in ("newer_trigger", "no_speech", "not_answered"):
        unit, service, _ = raised(reason)
        service.receipt()
        service.answered()
        assert service.clear()[0]["reason"] == reason


def test_an_unknown_fault_mode_raises():
    assert len(FAULTS) == len(set(FAULTS)) == 9 + len(SPEECH_FAULTS) + len(TEST_FAULTS)
    with pytest.raises(ValueError):
        FakeUnit(KEY, faults=["gremlins"])
