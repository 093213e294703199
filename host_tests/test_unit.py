"""The unit carries decisions out in their order, whatever fails beneath (P1, P2, P4)."""

import json

from firmware.core import calls
from firmware.core.downlink import Downlink
from firmware.core.seal import Sealer
from firmware.core.timers import Timers
from firmware.core.uplink import Uplink
from firmware.drivers.journal import JournalError
from firmware.unit import Unit

SEALER = Sealer(bytes(range(32)))
TOPIC = "ils/v1/demo/f12/u1/down"
SESSION = "9f86d081884c7d65"


class Flat:
    """Everything below and beside the unit, noting in `done` what was asked of it and in which order."""

    def __init__(self, journal_fails=False, without_journal=False):
        self.done = []
        self.alarms = []
        self.now = 1000
        self.ctr = 0
        self.journal_fails = journal_fails
        self.downlink = Downlink(TOPIC, "u1", SESSION, SEALER)
        uplink = Uplink(("demo", "f12", "u1"), SEALER, SESSION, 7, "5e1f00d5", [("button", "hall"), ("cord1", "bathroom")])
        self.unit = Unit(calls.Calls(Timers(), 11), None if without_journal else self, uplink, self.downlink, self, self, self,
                         lambda: self.now)

    # journal
    def trigger(self, number, *rest):
        self.done.append("journal")
        if self.journal_fails:
            raise JournalError("full")

    def cleared(self, *rest):
        self.done.append("journal cleared" if len(rest) == 1 else "report cleared")
        if len(rest) == 1 and self.journal_fails:
            raise JournalError("full")

    # link
    def send(self, key, topic, payload, urgent):
        assert urgent
        self.done.append("send")
        self.alarms.append(json.loads(payload))

    def confirm(self, key):
        self.done.append("confirm")

    def suspect(self):
        self.done.append("suspect")

    # signals
    def show(self, state):
        self.done.append(state)

    def sound(self, shot):
        self.done.append(shot)

    # reports
    def fault(self, name, source, is_open):
        self.done.append("fault " + name)

    def command(self, message, reason):
        self.done.append("%s %s" % (message["type"], reason or "done"))

    def refused(self):
        self.done.append("refused")

    def health_wanted(self):
        self.done.append("health")

    def link_changed(self, online):
        self.done.append("online" if online else "offline")

    def clock(self, unix_s):
        pass

    def hear(self, kind, **fields):
        self.ctr += 1
        message = {"v": 1, "type": kind, "unit": "u1", "session": SESSION, "from": "desk", "ctr": self.ctr}
        message.update(fields)
        self.unit.message(TOPIC, SEALER.seal(TOPIC, json.dumps(message)))

    def take(self):
        done, self.done = self.done, []
        return done


def pulled(**changes):
    flat = Flat(**changes)
    flat.unit.activate(1, 1, 0)
    return flat


def test_record_light_sound_send_in_that_order_p1():
    assert pulled().take() == ["journal", "CALLING", "ACTIVATED", "send"]


def test_the_whole_call_from_cord_to_clear():
    flat = pulled()
    call = flat.alarms[0]["call"]
    assert call == "u1-5e1f00d5-12" and flat.unit.busy
    flat.take()
    flat.hear("receipt", call=call, triggers=1, escalation=0)
    assert flat.take() == ["confirm", "RECEIVED", "RECEIVED"] and not flat.unit.busy
    flat.hear("answered", call=call, who="coordinator")
    assert flat.take() == ["answered done", "ANSWERED", "ANSWERED"]
    flat.hear("clear", call=call, triggers=1, outcome="mistake", basis="present", who="A. Jones")
    assert flat.take() == ["clear done", "journal cleared", "confirm", "STANDBY", "CLEARED", "report cleared"]


def test_nothing_but_the_right_receipt_makes_the_light_flash_p2():
    flat = pulled()
    flat.take()
    right = {"call": "u1-5e1f00d5-12", "triggers": 1, "escalation": 0}
    message = dict(right, v=1, type="receipt", unit="u1", session=SESSION, ctr=9)
    message["from"] = "desk"
    payload = SEALER.seal(TOPIC, json.dumps(message))
    for forged in (payload[:-1], payload.replace(b'"triggers": 1', b'"triggers": 2').replace(b'"triggers":1', b'"triggers":2'),
                   b"", b"{}", b"\xff" * 300, Sealer(bytes(32)).seal(TOPIC, payload[:-74].decode() + "}")):
        flat.unit.message(TOPIC, forged)
    flat.unit.message("ils/v1/demo/f13/u1/down", payload)
    for wrong in ({"call": "u1-5e1f00d5-11"}, {"call": "u1-00000000-12"}, {"call": "u2-5e1f00d5-12"}, {"call": "nonsense"},
                  {"session": "0" * 16}, {"unit": "u2"}, {"type": "answered", "who": "centre"}):
        flat.hear("receipt", **dict(right, **wrong))
    assert "RECEIVED" not in flat.take()
    flat.hear("receipt", **right)
    assert "RECEIVED" in flat.take()


def test_a_replayed_receipt_of_an_earlier_session_does_nothing_p2():
    flat = pulled()
    flat.hear("receipt", call="u1-5e1f00d5-12", triggers=1, escalation=0, session="1111111111111111")
    assert "RECEIVED" not in flat.take() and flat.downlink.refused["session"] == 1


def test_a_journal_that_fails_opens_a_fault_and_the_alarm_still_goes_out_p1():
    flat = pulled(journal_fails=True)
    assert flat.take() == ["journal", "fault storage", "CALLING", "ACTIVATED", "send"]
    assert flat.alarms[0]["call"] == "u1-9f86d081-12"
    flat.hear("receipt", call="u1-9f86d081-12", triggers=1, escalation=0)
    assert "RECEIVED" in flat.take()


def test_a_board_without_a_journal_still_calls_and_clears():
    flat = pulled(without_journal=True)
    assert flat.take() == ["fault storage", "CALLING", "ACTIVATED", "send"]
    call = flat.alarms[0]["call"]
    flat.hear("receipt", call=call, triggers=1, escalation=0)
    flat.hear("answered", call=call, who="centre")
    flat.hear("clear", call=call, triggers=1, outcome="test", basis="present", who="A. Jones")
    assert flat.take()[-2:] == ["CLEARED", "report cleared"]


def test_refused_commands_are_answered_with_their_reason_and_receipts_are_not():
    flat = pulled()
    call = flat.alarms[0]["call"]
    flat.take()
    flat.hear("clear", call=call, triggers=1, outcome="mistake", basis="present", who="A. Jones")
    flat.hear("released", call="u1-5e1f00d5-11")
    flat.hear("released", call="u1-5e1f00d5-13")
    flat.hear("receipt", call="u1-5e1f00d5-11", triggers=1, escalation=0)
    assert flat.take() == ["clear not_received", "released already_cleared", "released no_such_call"]


def test_a_query_brings_health_and_an_answer():
    flat = Flat()
    flat.hear("query")
    assert flat.take() == ["query done", "health"]


def test_calls_of_the_journal_are_resumed_and_sent_without_a_new_record_p1():
    class Found:
        call_n = 9
        triggers = [(1, 1, 1, 0), (2, 0, 0, 0)]

    flat = Flat()
    flat.unit.resume([Found])
    assert flat.take() == ["CALLING", "send"]
    assert flat.alarms[0]["resumed"] is True and flat.alarms[0]["triggers"] == 2 and flat.alarms[0]["age_ms"] is None


def test_what_waits_is_sent_again_when_the_link_is_back():
    flat = pulled()
    flat.take()
    flat.unit.link_changed(False)
    flat.unit.link_changed(True)
    assert flat.take() == ["offline", "online", "send"]
    assert [alarm["attempt"] for alarm in flat.alarms] == [1, 2]


def test_time_brings_the_repeat_another_path_and_still_trying():
    flat = pulled()
    seen = []
    while flat.now < 25000:
        flat.now = flat.unit.calls.next_due()
        flat.take()
        flat.unit.tick()
        seen += [(flat.now - 1000, what) for what in flat.take()]
    assert seen == [(2000, "send"), (6000, "send"), (14000, "send"), (15000, "suspect"), (20000, "STILL_TRYING"), (29000, "send")]


def test_the_reset_contact_clears_a_received_call():
    flat = pulled()
    flat.hear("receipt", call="u1-5e1f00d5-12", triggers=1, escalation=0)
    flat.take()
    flat.unit.reset_pressed()
    assert flat.take() == ["journal cleared", "confirm", "STANDBY", "CLEARED", "report cleared"]
