"""Routine reports: told once, bounded, and never in an alarm's way (P1, P5)."""

import json

from firmware.core import clock
from firmware.core.downlink import Downlink
from firmware.core.faults import Faults
from firmware.core.seal import Sealer
from firmware.core.uplink import Uplink
from firmware.reports import Reports

SEALER = Sealer(bytes(range(32)))


class Bench:
    """Reports with a link that keeps what it is given and a clock that is set by hand."""

    def __init__(self, start=clock.PERIOD_MS - 30000):
        self.now = start
        self.sent = []
        self.clocks = []
        self.faulty = []
        self.downlink = Downlink("ils/v1/demo/f12/u1/down", "u1", "9f86d081884c7d65", SEALER)
        uplink = Uplink(("demo", "f12", "u1"), SEALER, "9f86d081884c7d65", 7, "5e1f00d5", [])
        self.reports = Reports(uplink, self.downlink, self, Faults(), self.readings, self.clocks.append, self.on_fault, 600000,
                               lambda: self.now)

    def readings(self):
        return {"uptime_s": 1}

    def on_fault(self, name, is_open, any_open):
        self.faulty.append((name, is_open, any_open))

    def send(self, key, topic, payload, urgent):
        assert not urgent, "a routine report never counts as an alarm"
        self.sent.append((key, json.loads(payload)))

    def run(self, ms):
        """Follows the due times for `ms`."""
        end = clock.add(self.now, ms)
        while True:
            due = self.reports.next_due()
            if due is None or clock.diff(due, end) > 0:
                self.now = end
                return self
            self.now = due if clock.diff(due, self.now) > 0 else self.now
            self.reports.tick()

    def kinds(self):
        return [message.get("event", message["type"]) for _, message in self.sent]


def test_health_goes_out_at_the_start_and_every_10_minutes():
    assert Bench().run(1800000).kinds() == ["health"] * 4


def test_a_fault_is_told_once_when_it_opens_and_once_when_it_closes_with_health_after_p5():
    bench = Bench().run(0)
    del bench.sent[:]
    for is_open in (True, True, False, False):
        bench.reports.fault("held", "cord1", is_open)
        bench.run(6000)
    assert bench.kinds() == ["fault", "health", "fault", "health"]
    assert [message["open"] for _, message in bench.sent if message["type"] == "event"] == [True, False]
    assert bench.sent[1][1]["faults"] == ["held:cord1"] and bench.sent[3][1]["faults"] == []


def test_the_sounder_hears_of_each_change_and_whether_any_fault_is_left():
    bench = Bench()
    for name, is_open in (("held", True), ("held", True), ("link", True), ("held", False), ("link", False)):
        bench.reports.fault(name, "", is_open)
    assert bench.faulty == [("held", True, True), ("link", True, True), ("held", False, True), ("link", False, False)]


def test_a_chattering_fault_makes_one_health_report_in_5_s():
    bench = Bench().run(0)
    for i in range(40):
        bench.reports.fault("line_open", "cord2", i % 2 == 0)
        bench.run(100)
    assert bench.kinds().count("health") == 1


def test_refused_messages_are_told_at_once_and_then_at_most_once_a_minute():
    bench = Bench().run(0)
    for _ in range(100):
        bench.downlink.take("x", b"")
        bench.reports.refused()
        bench.run(3000)
    bench.run(60000)
    told = [message["counts"]["topic"] for _, message in bench.sent if message.get("event") == "refused"]
    assert told == [1, 20, 40, 60, 80, 100]
    bench.run(600000)
    bench.reports.refused()
    bench.run(0)
    assert bench.sent[-1][1]["event"] == "refused"


def test_each_result_of_a_command_has_a_key_of_its_own_so_that_none_replaces_another():
    bench = Bench()
    for counter in (5, 6):
        bench.reports.command({"ctr": counter, "from": "desk", "type": "clear"}, "" if counter == 6 else "newer_trigger")
        bench.reports.cleared("u1-5e1f00d5-%d" % counter, "service", "mistake", "A. Jones")
    assert len({key for key, _ in bench.sent}) == 4
    first, last = bench.sent[0][1], bench.sent[2][1]
    assert (first["ref"], first["ok"], first["reason"]) == (5, False, "newer_trigger")
    assert (last["ref"], last["ok"], last["reason"]) == (6, True, "")


def test_the_service_s_clock_is_handed_on_and_nonsense_is_not():
    bench = Bench()
    for value in (1795305600, None, "1795305600", 1.5, True):
        bench.reports.clock(value)
    assert bench.clocks == [1795305600]


def test_a_query_and_a_link_that_came_back_bring_a_health_report():
    bench = Bench().run(0)
    bench.reports.health_wanted()
    bench.run(0)
    bench.reports.link_changed(True)
    bench.run(5000)
    assert bench.kinds() == ["health"] * 3


def test_an_event_has_a_key_of_its_own_unless_it_is_to_replace_an_older_one():
    bench = Bench()
    for key in (None, None, "quiet", "quiet"):
        bench.reports.note("microphone", {"open": True}, key)
    keys = [key for key, _ in bench.sent]
    assert len(set(keys[:2])) == 2 and keys[2:] == ["quiet", "quiet"]


def test_open_faults_are_told_once_more_without_a_sound_and_without_a_new_opening_p5():
    bench = Bench().run(0)
    bench.reports.fault("speaker", "", True)
    bench.reports.fault("path", "broker2", True)
    del bench.sent[:], bench.faulty[:]
    bench.reports.again()
    told = [(message["fault"], message["input"], message["open"]) for _, message in bench.sent]
    assert told == [("speaker", "", True), ("path", "broker2", True)] and bench.faulty == []


def test_a_start_says_whether_the_power_went_unsaved_and_whether_the_unit_is_reduced():
    bench = Bench()
    bench.reports.started("power_on", "0.3.0", None, False, "reduced")
    message = bench.sent[0][1]
    assert (message["clean"], message["mode"], message["cause"]) == (False, "reduced", "power_on")


class Worst(Bench):
    """The longest report that a unit can be made to give: the longest ids and names, 16 open faults and inputs, large counts."""

    def __init__(self, counters, faults=16):
        self.counters = counters
        super().__init__()
        for n in range(faults):
            self.reports._faults.open("microphone", "x" * 22 + "%02d" % n)
        longest = ("s" * 24, "f" * 24, "u" * 24)
        self.reports._uplink = Uplink(longest, SEALER, "9f86d081884c7d65", 2147483647, "5e1f00d5", [])

    def readings(self):
        big = 2147483647
        return {
            "firmware": "99.99.99", "board": "OLIMEX_ESP32_POE_ISO_WROVER", "uptime_s": big, "reset_cause": "deep_sleep",
            "heap_free_bytes": big, "rssi_dbm": -127, "call": "u" * 24 + "-5e1f00d5-268435456",
            "journal": {"used_records": big, "free_records": big, "erases_max": big, "bad_sectors": 24, "where": "partition"},
            "counters": dict(self.counters), "mode": "reduced", "mains": None,
            "battery": {"mv": 4200, "why": "calibration", "state": "on_battery", "hours": 123.5, "by": "measured"},
            "resets": dict.fromkeys(("power_on", "hard", "watchdog", "deep_sleep", "soft", "unknown", "brown_out"), big),
            "proven": {"y" * 22 + "%02d" % n: 99999 for n in range(16)}, "tested": "2027-02-20",
            "due": "2027-05-21", "bearer": "cellular",
        }


def test_the_longest_report_fits_and_what_is_left_out_first_is_the_proven_pulls():
    names = ("connects", "races", "resends", "late_pubacks", "oversized", "dead", "dials", "dropped", "pending", "ignored",
             "refused", "openings", "speaker_underruns", "speaker_stalls", "speaker_write_errors", "microphone_overruns",
             "microphone_stalls")
    counters = dict.fromkeys(names, 2147483647)
    bench = Worst(counters).run(0)
    (_, message) = bench.sent[-1]
    assert message["proven"] == message["resets"] == {} and message["counters"] == counters and len(message["faults"]) == 16
    media = ("sent", "received", "lost", "late", "jitter_ms", "crypto", "replay", "source", "size", "version", "rate")
    counters.update({"media_%s" % name: 2147483647 for name in media})
    _, message = Worst(counters).run(0).sent[-1]
    assert message["proven"] == {} and message["counters"] == {} and len(message["faults"]) == 16


def test_each_report_is_below_2048_bytes_and_a_short_one_says_everything():
    class Sizes(Worst):
        def send(self, key, topic, payload, urgent):
            assert len(payload) <= 2048, len(payload)
            super().send(key, topic, payload, urgent)

    Sizes({"x%02d" % n: 2147483647 for n in range(60)}).run(1200000)
    _, message = Worst({"connects": 1}, faults=1).run(0).sent[-1]
    assert len(message["proven"]) == 16 and message["counters"] == {"connects": 1}
