"""firmware/power.py with mocked pins and an ADC that fails: what is shed, what comes back for a call, what is told (P4, P5)."""

import machine

from firmware import power
from firmware.core import clock
from firmware.core.timers import Timers
from firmware.drivers.battery import BatteryAdc
from firmware.drivers.mains import MainsPin
from host_tests.core.power_rules import make

BATTERY = {"pin": 36, "ratio_ppm": 2000000, "trim_mv": 0, "capacity_mah": 2000}
START_MS = clock.PERIOD_MS - 20000


class Part:
    """Takes any call and notes it; what is asked is given in `answers`."""

    def __init__(self, said, name, **answers):
        self.said, self.name = said, name
        for one in answers:
            setattr(self, one, answers[one])

    def tell(self, verb, *data):
        self.said.append((self.name, verb) + data)


class Bearer(Part):
    resting = False

    def rest(self, on):
        if on != self.resting:
            self.resting = on
            self.tell("rest", on)

    def pace(self, awake, saving):
        self.tell("awake" if awake else "saving" if saving else "usual")


class Link(Part):
    tries = 0

    def pace(self, calm):
        self.tries -= 1
        self.tell("calm" if calm else "quick")
        return self.tries < 0


class Reports(Part):
    stretch = 1

    def fault(self, name, source, is_open):
        self.tell("fault", name, source, is_open)

    def note(self, name, fields, key):
        self.tell("note", name, fields)


class Shell:
    def __init__(self, said):
        self.bearer, self.link, self.reports = Bearer(said, "bearer"), Link(said, "link"), Reports(said, "reports")
        self.talk = Part(said, "talk", active=False)
        self.calls = Part(said, "calls", open=[])
        self.signals = Part(said, "signals", sound=lambda shot: said.append(("sound", shot)))
        self.noted = []
        self.recorder = Part(said, "recorder", note=lambda *record: self.noted.append(record))
        self.keeper = Part(said, "keeper", save=lambda: said.append(("save", machine.freq())))


class Bench:
    def __init__(self, mains=True, battery=BATTERY, mv=3900, **timers):
        machine.world.clear()
        machine.world.pin(39).drive(1)
        self.said = []
        self.shell = Shell(self.said)
        self.now_ms = START_MS
        self.cell(mv)
        timers = Timers(dict({"mains_spread_ms": 1000}, **timers))
        sense = MainsPin(machine.Pin(39, machine.Pin.IN), "high") if mains else None
        adc = BatteryAdc(machine.ADC(36, atten=machine.ADC.ATTN_11DB)) if battery else None
        rules = make(battery, mains, None, timers, lambda n: 0)
        self.power = power.Power(rules, self.shell, sense, adc, battery, lambda: self.now_ms)

    def state(self):
        return self.power.health()["battery"]["state"]

    def cell(self, mv):
        machine.world.adc(36).set_mv(mv / 2)

    def mains(self, on):
        machine.world.pin(39).drive(1 if on else 0)

    def run(self, seconds):
        """As the heart does: at least once a second, and when something is due. Returns what was done meanwhile."""
        start = len(self.said)
        end_ms = clock.add(self.now_ms, int(seconds * 1000))
        while clock.diff(end_ms, self.now_ms) > 0:
            self.power.step()
            due_ms = clock.soonest(self.power.next_due(), clock.add(self.now_ms, 1000))
            rest_ms = max(clock.diff(due_ms, self.now_ms), 1)
            self.now_ms = clock.soonest(clock.add(self.now_ms, rest_ms), end_ms)
        self.power.step()
        return self.said[start:]

    def speech(self, on):
        self.shell.talk.active = on

    def call(self, on):
        self.shell.calls.open = [1] if on else []


def to_state(state, **more):
    bench = Bench(**more)
    bench.run(1)
    bench.mains(False)
    bench.cell({"on_battery": 3900, "low": 3550, "critical": 3400, "dying": 3300}[state])
    bench.run(20)
    assert bench.state() == state
    return bench


def test_on_mains_nothing_is_touched():
    bench = Bench()
    assert bench.run(300) == [("reports", "fault", "battery", "no_value", False), ("reports", "fault", "battery", "low", False)]
    assert machine.freq() == 160_000_000 and bench.power.may_write()


def test_a_mains_failure_is_spoken_of_and_shed_for_within_a_second_or_so():
    bench = Bench()
    bench.run(10)
    bench.mains(False)
    done = bench.run(1.2)
    assert ("sound", "MAINS_FAILED") in done and ("bearer", "saving") in done and machine.freq() == 80_000_000
    assert not [one for one in done if one[:2] == ("reports", "note")]
    bench.mains(True)
    done = bench.run(1.2)
    assert ("bearer", "usual") in done and machine.freq() == 160_000_000
    assert ("sound", "MAINS_BACK") in bench.run(60)


def test_a_dip_of_80_ms_is_none():
    bench = Bench()
    bench.run(10)
    bench.mains(False)
    assert bench.run(0.08) == []
    bench.mains(True)
    assert [one for one in bench.run(120) if one[0] != "reports"] == [] and bench.power.core.mains.on


def test_the_report_comes_after_60_s_with_the_links_pace_and_the_routine_reports():
    bench = Bench()
    bench.run(10)
    bench.mains(False)
    bench.run(59)
    assert not [one for one in bench.said if one[0] == "link"] and bench.shell.reports.stretch == 1
    done = bench.run(5)
    notes = {one[2]: one[3] for one in done if one[:2] == ("reports", "note")}
    assert notes["mains"] == {"on": False, "for_s": 60, "edges": 1}
    assert (notes["battery"]["state"], notes["battery"]["mv"], notes["battery"]["why"]) == ("on_battery", 3900, "")
    assert notes["battery"]["hours"] > 10 and bench.power.health()["battery"]["by"] == "model"
    assert ("link", "calm") in done and bench.shell.reports.stretch == 3
    assert ("reports", "fault", "mains", "", True) in done
    bench.mains(True)
    done = bench.run(65)
    assert ("link", "quick") in done and bench.shell.reports.stretch == 1
    assert ("reports", "fault", "mains", "", False) in done


def test_the_links_pace_is_tried_again_every_15_s_until_it_is_so_but_not_in_a_call():
    bench = Bench()
    bench.shell.link.tries = 2
    bench.run(10)
    bench.mains(False)
    bench.call(True)
    bench.run(200)
    assert not [one for one in bench.said if one[0] == "link"]
    bench.call(False)
    bench.run(1)
    assert len([one for one in bench.said if one[0] == "link"]) == 1
    bench.run(13)
    assert len([one for one in bench.said if one[0] == "link"]) == 1
    bench.run(600)
    assert len([one for one in bench.said if one[0] == "link"]) == 3


def test_an_open_call_or_speech_or_a_load_test_has_full_power_in_every_state_p4():
    for state in ("on_battery", "low", "critical", "dying"):
        bench = to_state(state)
        for ask in (bench.call, bench.speech, bench.power.load):
            bench.run(30)
            assert machine.freq() == 80_000_000, state
            assert bench.shell.bearer.resting is (state == "dying")
            ask(True)
            bench.power.step()
            assert machine.freq() == 160_000_000 and not bench.shell.bearer.resting, state
            assert ("bearer", "awake") in bench.said[-2:]
            bench.run(600)
            assert machine.freq() == 160_000_000 and not bench.shell.bearer.resting, state
            ask(False)


def test_the_radio_goes_off_10_s_after_the_last_report_of_a_dying_battery_and_only_then():
    bench = Bench()
    bench.run(1)
    bench.mains(False)
    bench.cell(3300)
    bench.run(3.5)
    assert bench.state() == "dying" and not bench.shell.bearer.resting
    assert [one[3]["state"] for one in bench.said if one[1:3] == ("note", "battery")] == ["dying"]
    assert ("bearer", "rest", True) not in bench.run(8)
    assert ("bearer", "rest", True) in bench.run(3)
    bench.cell(3460)
    assert ("bearer", "rest", False) in bench.run(20) and bench.state() == "critical"


def test_a_call_in_the_radios_last_seconds_keeps_it_on():
    bench = Bench()
    bench.run(1)
    bench.mains(False)
    bench.cell(3300)
    bench.run(4)
    bench.call(True)
    assert ("bearer", "rest", True) not in bench.run(120)
    bench.call(False)
    assert ("bearer", "rest", True) in bench.run(12)


def test_the_last_state_is_saved_once_before_flash_is_closed():
    bench = to_state("low")
    assert bench.power.may_write() and not [one for one in bench.said if one[0] == "save"]
    bench.cell(3440)
    done = bench.run(16)
    assert [one[0] for one in done if one[0] == "save"] == ["save"] and not bench.power.may_write()
    bench.mains(True)
    bench.run(2)
    assert bench.power.may_write()


def test_mains_and_states_are_in_the_flight_recorder():
    bench = to_state("critical")
    bench.mains(True)
    bench.run(2)
    assert bench.shell.noted == [("power", 1), ("mains", 0), ("power", 3), ("power", 0), ("mains", 1)]


def test_a_clock_that_refuses_costs_a_call_no_radio_p4():
    bench = to_state("dying")
    bench.run(20)
    assert bench.shell.bearer.resting
    bench.call(True)
    real, machine.freq = machine.freq, lambda *hz: real() if not hz else refuse()
    try:
        bench.power.step()
    except ValueError:
        assert not bench.shell.bearer.resting
    else:
        raise RuntimeError("nothing refused")
    finally:
        machine.freq = real


def refuse():
    raise ValueError("frequency must be 80MHz or 160MHz")


def test_a_message_waits_for_the_end_of_a_call_and_only_the_newest_is_spoken():
    bench = Bench()
    bench.run(5)
    bench.call(True)
    bench.mains(False)
    bench.run(5)
    bench.cell(3500)
    assert not [one for one in bench.run(60) if one[0] == "sound"]
    bench.call(False)
    assert [one for one in bench.run(5) if one[0] == "sound"] == [("sound", "LOW_BATTERY")]


def test_each_way_of_an_adc_to_fail_is_named_reported_and_sheds_no_call():
    for fault, why in (("no_value", "adc"), ("nan", "adc"), ("jump", "jump"), (None, "range")):
        for mv in (0,) if fault is None else (3900,):
            bench = Bench(mv=mv)
            machine.world.adc(36).fault = fault
            done = bench.run(70)
            assert ("reports", "fault", "battery", "no_value", True) in done, fault
            assert bench.power.health()["battery"] == {"mv": None, "why": why, "state": "mains", "hours": None, "by": ""}
            bench.mains(False)
            bench.run(60)
            assert bench.state() == "low" and bench.power.may_write() and not bench.shell.bearer.resting
            machine.world.adc(36).fault = None
            bench.cell(3900)
            assert ("reports", "fault", "battery", "no_value", False) in bench.run(20)
            assert bench.state() == "on_battery"


def test_a_battery_without_usable_calibration_is_no_value_because_of_that():
    bench = Bench(battery=dict(BATTERY, ratio_ppm=None))
    bench.run(70)
    assert bench.power.health()["battery"]["why"] == "calibration"
    assert ("reports", "fault", "battery", "no_value", True) in bench.said


def test_boards_that_lack_a_sense_say_so():
    bench = Bench(battery=None)
    bench.run(100)
    nothing = {"mv": None, "why": "none", "state": "mains", "hours": None, "by": ""}
    assert bench.power.health() == {"mains": True, "battery": nothing}
    assert bench.said == []
    bench = Bench(mains=False)
    bench.run(100)
    assert bench.power.health()["mains"] is None and bench.power.health()["battery"]["mv"] == 3900


def test_a_cell_that_did_not_carry_the_unit_is_missing_until_it_has_carried_it_for_60_s():
    bench = Bench()
    bench.power.tested(False, "missing")
    assert bench.said == [("reports", "fault", "battery", "missing", True)]
    bench.run(7200)
    bench.mains(False)
    assert ("reports", "fault", "battery", "missing", False) not in bench.run(59)
    assert ("reports", "fault", "battery", "missing", False) in bench.run(7)


def test_a_load_test_opens_and_closes_worn():
    bench = Bench()
    bench.power.tested(False)
    bench.power.tested(True)
    assert bench.said == [("reports", "fault", "battery", "worn", True), ("reports", "fault", "battery", "worn", False)]


def test_100_edges_in_a_minute_give_two_messages_and_one_report():
    bench = Bench()
    bench.run(10)
    for edge in range(100):
        bench.mains(edge % 2 == 1)
        bench.run(0.6)
    bench.run(600)
    assert [one[1] for one in bench.said if one[0] == "sound"] == ["MAINS_FAILED", "MAINS_BACK"]
    notes = [one[3] for one in bench.said if one[1:3] == ("note", "mains")]
    assert len(notes) == 1 and notes[0]["on"] and notes[0]["edges"] <= 100


def test_who_looks_for_a_cell_is_told_of_calls_and_of_mains_that_are_out():
    bench = Bench()
    seen = []
    bench.power.probing = Part(bench.said, "probing", step=seen.append)
    bench.run(2)
    assert set(seen) == {False}
    bench.call(True)
    bench.power.step()
    assert seen[-1] is True
    bench.call(False)
    bench.mains(False)
    bench.run(2)
    assert seen[-1] is True
