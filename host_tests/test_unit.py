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
        """`journal_fails`: what the journal raises; True: JournalError."""
        self.done = []
        self.alarms = []
        self.written = []  # what the journal was told
        self.now = 1000
        self.ctr = 0
        self.journal_fails = journal_fails
        self.downlink = Downlink(TOPIC, "u1", SESSION, SEALER)
        epoch = SESSION[:8] if without_journal else "5e1f00d5"  # as the shell has it
        uplink = Uplink(("demo", "f12", "u1"), SEALER, SESSION, 7, epoch, [("button", "hall"), ("cord1", "bathroom")])
        self.breaks = {}  # of a thing that is done: what it raises, once
        self.light = None
        self.unit = Unit(calls.Calls(Timers(), 11), None if without_journal else self, uplink, self.downlink, self, self, self,
                         lambda: self.now)

    # journal
    def trigger(self, *record):
        self._note("journal")
        self.written.append(record)
        self._fail()

    def _note(self, what):
        self.done.append(what)
        if what in self.breaks:
            raise self.breaks.pop(what)

    def _fail(self):
        if self.journal_fails:
            raise JournalError("full") if self.journal_fails is True else self.journal_fails

    def cleared(self, *rest):
        if len(rest) > 1:
            self._note("report cleared")
        else:
            self.cleared_n = rest[0]
            self._note("journal cleared")
            self._fail()

    # link
    def send(self, key, topic, payload, urgent):
        assert urgent
        self._note("send")
        self.alarms.append(json.loads(payload))

    def confirm(self, key):
        self._note("confirm")

    def suspect(self):
        self.done.append("suspect")

    # signals
    def show(self, state):
        self._note(state)
        self.light = state

    def sound(self, shot):
        self._note(shot)

    # reports
    def fault(self, name, source, is_open):
        self.done.append("fault " + name)

    def command(self, message, reason):
        self._note("%s %s" % (message["type"], reason or "done"))

    def refused(self):
        self.done.append("refused")

    def health_wanted(self):
        self.done.append("health")

    def link_changed(self, online):
        self.done.append("online" if online else "offline")

    def clock(self, unix_s):
        if unix_s is not None:
            self._note("clock")

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


def received():
    flat = pulled()
    flat.hear("receipt", call=flat.alarms[0]["call"], triggers=1, escalation=0)
    flat.take()
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
    assert flat.take() == ["journal cleared", "clear done", "confirm", "STANDBY", "CLEARED", "report cleared"]


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


def test_whatever_the_journal_raises_the_alarm_goes_out_p1():
    for trouble in (OSError(5), MemoryError()):
        assert pulled(journal_fails=trouble).take() == ["journal", "fault storage", "CALLING", "ACTIVATED", "send"]


def test_a_board_without_a_journal_still_calls_is_received_and_clears_p1():
    flat = pulled(without_journal=True)
    assert flat.take() == ["fault storage", "CALLING", "ACTIVATED", "send"]
    call = flat.alarms[0]["call"]
    flat.hear("receipt", call=call, triggers=1, escalation=0)
    assert flat.take() == ["confirm", "RECEIVED", "RECEIVED"]
    flat.hear("answered", call=call, who="centre")
    flat.hear("clear", call=call, triggers=1, outcome="test", basis="present", who="A. Jones")
    assert flat.take()[-2:] == ["CLEARED", "report cleared"]


def test_a_clear_that_cannot_be_written_is_a_fault_and_ends_the_call_all_the_same():
    for trouble in (True, OSError(5)):
        flat = received()
        flat.journal_fails = trouble
        flat.unit.reset_pressed()
        assert flat.take() == ["journal cleared", "fault storage", "confirm", "STANDBY", "CLEARED", "report cleared"]


def test_the_end_of_a_call_without_a_record_is_written_for_the_record_that_may_yet_appear_p1():
    flat = pulled(journal_fails=True)
    flat.hear("receipt", call=flat.alarms[0]["call"], triggers=1, escalation=0)
    flat.journal_fails = False
    flat.unit.reset_pressed()
    assert flat.cleared_n == 12


def test_refused_commands_are_answered_with_their_reason_and_receipts_are_not():
    flat = pulled()
    call = flat.alarms[0]["call"]
    flat.take()
    flat.hear("clear", call=call, triggers=1, outcome="mistake", basis="present", who="A. Jones")
    flat.hear("released", call="u1-5e1f00d5-11")
    flat.hear("released", call="u1-5e1f00d5-13")
    flat.hear("receipt", call="u1-5e1f00d5-11", triggers=1, escalation=0)
    assert flat.take() == ["clear not_received", "released already_cleared", "released no_such_call"]


def test_a_query_brings_health_an_answer_and_the_alarm_that_has_no_receipt_p1():
    flat = Flat()
    flat.hear("query")
    assert flat.take() == ["query done", "health"]
    flat = pulled()
    flat.take()
    flat.hear("query")
    assert flat.take() == ["query done", "health", "send"]


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


def test_an_alarm_whose_sending_broke_down_goes_out_with_the_next_repeat_p1():
    """No memory for the seal, say: the heart dies of it and is started again."""
    for broken in ("CALLING", "ACTIVATED", "send"):
        flat = Flat()
        flat.breaks[broken] = MemoryError()
        try:
            flat.unit.activate(1, 1, 0)
        except MemoryError:
            pass
        assert flat.unit.busy and flat.alarms == [], broken
        flat.now = flat.unit.calls.next_due()
        flat.unit.tick()
        assert flat.now == 3000 and len(flat.alarms) == 1 and flat.light == "CALLING", broken


def test_a_light_that_was_not_set_because_something_broke_is_set_by_the_next_tick_p2():
    for broken in ("journal cleared", "confirm", "STANDBY"):
        flat = received()
        flat.breaks[broken] = ValueError("injected")
        try:
            flat.unit.reset_pressed()
        except ValueError:
            pass
        flat.unit.tick()
        assert flat.light == "STANDBY", broken
        flat.take()
        flat.unit.tick()
        assert flat.take() == [], "and once it is right it is left alone"


def test_a_clear_is_on_flash_before_anybody_is_told_p1():
    flat = received()
    call = flat.alarms[0]["call"]
    flat.hear("answered", call=call, who="centre")
    flat.take()
    flat.hear("clear", call=call, triggers=1, outcome="test", basis="present", who="A. Jones")
    assert flat.take()[:2] == ["journal cleared", "clear done"]


def test_a_clock_that_cannot_be_set_costs_nobody_a_receipt_p2():
    flat = pulled()
    flat.breaks["clock"] = OSError(5)
    try:
        flat.hear("receipt", call=flat.alarms[0]["call"], triggers=1, escalation=0, at=1795305600)
    except OSError:
        pass
    assert flat.light == "RECEIVED"


class Keeper:
    """Notes what the unit tells it; `memory` is itself."""

    def __init__(self):
        self.memory = self
        self.told = []

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *told: self.told.append((name,) + told)  # noqa: RUF005 - MicroPython


def kept(**changes):
    flat = Flat(**changes)
    flat.unit.keeper = Keeper()
    return flat, flat.unit.keeper.told


def test_the_keeper_hears_of_every_call_and_a_receipt_that_came_with_the_end_proves_nothing():
    flat, told = kept()
    flat.unit.activate(1, 1, 0)
    call = flat.alarms[0]["call"]
    flat.hear("receipt", call=call, triggers=1, escalation=0)
    flat.unit.released(1)
    flat.unit.activate(0, 0, 0)
    flat.unit.reset_pressed()
    assert told == [("raised", 12, 1, 0), ("received", 12), ("released", 1), ("raised", 12, 0, 0), ("cleared", 12)]


def test_an_activation_that_flash_does_not_take_is_kept_in_memory_under_the_number_of_its_call_p1():
    flat, told = kept(journal_fails=True)
    flat.unit.activate(1, 1, 0)
    flat.unit.activate(0, 0, 0)
    kept_calls = [one for one in told if one[0] == "keep_call"]
    assert kept_calls == [("keep_call", calls.VOLATILE + 12, (1, 1, 1, 0)), ("keep_call", calls.VOLATILE + 12, (2, 0, 0, 0))]
    flat, told = kept()
    flat.unit.activate(1, 1, 0)
    flat.journal_fails = True
    flat.unit.activate(0, 0, 0)
    assert [one for one in told if one[0] == "keep_call"] == [("keep_call", 12, (2, 0, 0, 0))]


def test_below_the_limit_flash_is_left_alone_which_is_no_fault_and_what_ended_is_written_afterwards():
    flat, told = kept()
    flat.unit.activate(1, 1, 0)
    call = flat.alarms[0]["call"]
    flat.hear("receipt", call=call, triggers=1, escalation=0)
    flat.take()
    flat.unit.may_write = lambda: False
    flat.unit.reset_pressed()
    flat.unit.tick()
    assert flat.take() == ["confirm", "STANDBY", "CLEARED", "report cleared"] and ("cleared", 12) in told
    flat.unit.activate(0, 0, 0)
    assert flat.take() == ["CALLING", "ACTIVATED", "send"] and flat.unit.calls.volatile()
    flat.unit.may_write = lambda: True
    flat.unit.tick()
    assert flat.take() == ["journal cleared"] and flat.cleared_n == 12
    flat.unit.tick()
    assert flat.take() == ["journal"] and told[-1] == ("drop_call", calls.VOLATILE + 13), "and the call that is open"
    flat.unit.tick()
    assert flat.take() == [], "once"


def test_an_open_call_from_below_the_limit_is_written_all_of_it_once_flash_may_be_p1():
    flat, told = kept()
    flat.unit.may_write = lambda: False
    flat.unit.activate(1, 1, 0)
    flat.unit.activate(0, 0, 3)
    flat.unit.tick()
    flat.take()
    flat.unit.may_write = lambda: True
    flat.unit.tick()
    assert flat.take() == ["journal"] and told[-1][0] != "drop_call", "half of it"
    flat.unit.tick()
    assert flat.take() == ["journal"] and told[-1] == ("drop_call", calls.VOLATILE + 12)
    assert flat.written == [(12, 1, 1, 1, 0), (12, 2, 0, 0, 3)]
    flat, told = kept()
    flat.unit.may_write = lambda: False
    flat.unit.activate(1, 1, 0)
    flat.unit.may_write = lambda: True
    flat.journal_fails = True
    flat.unit.tick()
    flat.unit.tick()
    assert flat.take()[-2:] == ["journal", "fault storage"] and not [one for one in told if one[0] == "drop_call"]
    flat, told = kept()

    class Found:
        call_n = calls.VOLATILE + 40
        triggers = [(1, 1, 1, 0)]

    flat.unit.resume([Found()])
    flat.unit.tick()
    assert flat.written == [(40, 1, 1, 1, 0)] and told[-1] == ("drop_call", calls.VOLATILE + 40), "of before a reset as well"


def test_an_activation_reaches_the_proofs_at_once_and_so_does_the_service_s_answer_p4():
    class Proofs:
        polls = 0
        answer = None

        def poll(self):
            self.polls += 1

        def answered(self, proof_id):
            self.answer = proof_id

    flat = Flat()
    flat.hear("proof", id="0123abcd")
    flat.unit.proofs = Proofs()
    flat.unit.activate(0, 0, 0)
    assert flat.unit.proofs.polls == 1
    flat.hear("proof", id="0123abcd")
    assert flat.unit.proofs.answer == "0123abcd"


def test_a_volatile_call_that_is_resumed_does_not_make_the_next_number_volatile():
    class Found:
        call_n = calls.VOLATILE + 40
        triggers = [(1, 1, 1, 0)]

    flat = Flat()
    flat.unit.resume([Found])
    assert flat.alarms[0]["call"] == "u1-9f86d081-40" and flat.alarms[0]["resumed"] is True
    flat.unit.calls.open.clear()
    flat.unit.activate(0, 0, 0)
    assert flat.alarms[-1]["call"] == "u1-5e1f00d5-41"


def test_a_unit_without_room_for_tests_refuses_each_with_its_reason():
    flat = Flat()
    flat.hear("test", do="start", test="", step="", value="", who="E. Ngineer")
    assert flat.take() == ["test memory"]


def test_a_keeper_without_memory_costs_neither_the_end_of_speech_nor_that_of_a_proof_p4():
    class Full:
        done = []

        def raised(self, number, input_index, cause_index):
            raise MemoryError

        def poll(self):
            self.done.append("proofs")

        def used(self):
            pass

        def calls_changed(self):
            pass

        def activated(self, number):
            self.done.append("speech")

    flat = Flat()
    flat.unit.keeper = flat.unit.proofs = flat.unit.speech = Full()
    try:
        flat.unit.activate(0, 0, 0)
    except MemoryError:
        assert Full.done == ["speech", "proofs"] and len(flat.alarms) == 1
    else:
        raise RuntimeError("nothing broke")
