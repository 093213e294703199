"""What the unit tests by itself: each outcome from both sides, and nothing passes that was not there (P5, P7)."""

import os

from firmware.core.timers import Timers
from firmware.walk.measures import Measures
from host_tests.walk.small_flat import Part


class Unit:
    """The parts that measures ask; a test changes what they say."""

    def __init__(self, **changes):
        self.done = []
        self.mains = True
        self.mv, self.why = 4100, ""
        self.proves = True
        self.private = False
        self.audio_loop = Part(start=lambda: True, poll=lambda: None, result=None, state="SETTLING")
        self.proofs = Part(prove=self._prove, result=None, state="IDLE")
        self.power = Part(health=lambda: {"mains": self.mains}, measure=lambda: (self.mv, self.why),
                          load=lambda on: self.done.append(("load", on)),
                          tested=lambda works: self.done.append(("tested", works)))
        self.signals = Part(sound=lambda shot: self.done.append(("sound", shot)))
        self.talk = Part(prompting=False)
        self.wall_clock = Part(known=True)
        self.keeper = Part(off_s=0)
        self.journal = Part(usage=lambda: {"bad_sectors": 0})
        self.faults = Part(opened=list)
        self.may_write = lambda: True
        for name in changes:
            setattr(self, name, changes[name])
        self.measures = Measures(self, Timers(), lambda: self.private)
        self.at_ms = 0

    def _prove(self, path):
        self.done.append(("prove", path))
        if self.proves:
            self.proofs.state = "ASKING"
        return self.proves

    def begin(self, step):
        self.measures.begin(self.at_ms, step)
        return self

    def later(self, ms):
        self.at_ms += ms
        return self.measures.poll(self.at_ms)

    def found(self, step):
        return self.begin(step).later(0)


def test_the_clock_passes_within_60_s_of_the_services_and_only_once_it_was_told():
    for off_s, result in ((-61, "fail"), (-60, "pass"), (0, "pass"), (60, "pass"), (61, "fail")):
        assert Unit(keeper=Part(off_s=off_s)).found("clock") == ("clock", result, "%d s off" % off_s, None)
    assert Unit(wall_clock=Part(known=False)).found("clock")[1] == "fail"


def test_storage_passes_with_a_journal_no_fault_and_a_file_that_reads_as_it_was_written():
    assert Unit().found("storage") == ("storage", "pass", "0 bad sectors", None)
    assert "test.tmp" not in os.listdir()
    assert Unit(journal=None).found("storage")[1:3] == ("fail", "no journal")
    for source in ("", "file", "tests"):
        assert Unit(faults=Part(opened=lambda: [("storage", source)])).found("storage")[1:3] == ("fail", "fault is open")  # noqa: B023
    assert Unit(faults=Part(opened=lambda: [("held", "cord1")])).found("storage")[1] == "pass"
    assert Unit(may_write=lambda: False).found("storage")[1:3] == ("skip", "battery too low to write")
    os.mkdir("test.tmp")  # no file can be written there
    try:
        assert Unit().found("storage")[1:3] == ("fail", "file system")
    finally:
        os.rmdir("test.tmp")


def test_the_tone_is_what_the_audio_loop_judges_and_noise_is_neither():
    for heard, result in (((True, "ok: tone 9"), "pass"), ((False, "speaker: tone 0"), "fail"),
                          ((False, "noise: tone 9"), "skip")):
        unit = Unit().begin("tone")
        assert unit.later(0) is None
        unit.audio_loop.result = heard
        assert unit.later(2500) == ("tone", result, heard[1], None)


def test_without_microphone_with_privacy_or_with_one_that_does_not_open_the_tone_never_passes():
    assert Unit(audio_loop=None).found("tone")[1] == "skip"
    assert Unit(private=True).found("tone")[1:3] == ("skip", "privacy is on")
    unit = Unit().begin("tone")
    unit.audio_loop.start = lambda: False
    assert unit.later(14999) is None
    assert unit.later(1)[1:3] == ("fail", "the microphone does not open")


def test_the_tone_asks_the_loop_itself_as_a_flat_may_have_no_daily_test_of_the_sound():
    unit = Unit().begin("tone")
    unit.later(0)

    def poll():
        unit.audio_loop.result = (True, "ok: tone 9")

    unit.audio_loop.poll = poll
    assert unit.later(2500)[1] == "pass"


def test_a_tone_that_was_broken_off_is_begun_again():
    starts = []
    loop = Part(start=lambda: starts.append(1) is None, poll=lambda: None, result=None, state="DURING")
    unit = Unit(audio_loop=loop).begin("tone")
    unit.later(0)
    unit.audio_loop.state = "OFF"
    unit.later(100)
    unit.later(100)
    assert len(starts) == 2


def test_a_path_is_what_its_proof_says_and_another_paths_result_is_not_taken_for_it():
    for ok, result in ((True, "pass"), (False, "fail")):
        unit = Unit().begin("path:broker2")
        assert unit.later(0) is None and unit.done == [("prove", "broker2")]
        unit.proofs.result = ("broker1", True, "5 ms")
        assert unit.later(100) is None
        unit.proofs.result = ("broker2", ok, "7 ms")
        assert unit.later(100) == ("path:broker2", result, "7 ms", None)


def test_a_path_that_cannot_be_proven_now_or_was_broken_off_is_asked_for_again():
    unit = Unit(proves=False).begin("path:broker1")
    for _ in range(3):
        assert unit.later(1000) is None
    assert len(unit.done) == 3
    unit = Unit().begin("path:broker1")
    unit.later(0)
    unit.proofs.state = "IDLE"
    unit.later(100)
    unit.later(100)
    assert unit.done == [("prove", "broker1")] * 2


def test_the_mains_are_seen_to_go_and_to_come_back_with_the_time_it_took():
    unit = Unit().begin("mains_off")
    assert unit.later(4000) is None
    unit.mains = False
    assert unit.later(1000) == ("mains_off", "pass", "", 5000)
    assert unit.begin("mains_on").later(700) is None
    unit.mains = True
    assert unit.later(300) == ("mains_on", "pass", "", 1000)


def test_mains_that_cannot_be_told_or_were_never_out_are_left_out_and_the_load_with_them():
    for power in (None, Part(health=lambda: {"mains": None})):
        for step in ("mains_off", "mains_on"):
            assert Unit(power=power).found(step)[1:3] == ("skip", "the board cannot tell")
    for step in ("load", "mains_on"):
        assert Unit().found(step)[1:3] == ("skip", "the mains were not out")


def out(**changes):
    unit = Unit(mains=False, **changes)
    assert unit.found("mains_off")[1] == "pass"
    return unit.begin("load")


def test_the_load_is_a_minute_at_rest_then_ten_seconds_of_full_power_and_tone():
    unit = out()
    found = None
    while found is None:
        found = unit.later(500)
        if unit.at_ms < 60000:
            assert ("load", True) not in unit.done
    assert found[:2] == ("load", "pass") and found[3] == 10000 and 70000 <= unit.at_ms <= 73000
    assert [done for done in unit.done if done[0] == "load"] == [("load", True), ("load", False)]
    assert unit.done.count(("sound", "RING")) >= 9 and unit.done[-1] == ("tested", True)


def test_a_weak_battery_or_one_without_a_value_fails_and_is_told_to_the_supply():
    for change in (lambda unit: setattr(unit, "mv", 3400), lambda unit: (setattr(unit, "mv", None), setattr(unit, "why", "adc"))):
        unit = out()
        while unit.at_ms < 61000:
            assert unit.later(1000) is None
        change(unit)
        found = None
        while found is None:
            found = unit.later(1000)
        assert found[1] == "fail" and ("tested", False) in unit.done and unit.done.count(("load", False)) == 1


def test_mains_that_come_back_or_a_call_end_the_load_at_once():
    unit = out()
    while unit.at_ms < 65000:
        unit.later(1000)
    assert unit.done[-1] == ("sound", "RING")
    unit.mains = True
    assert unit.later(100)[1:3] == ("skip", "the mains came back") and ("load", False) in unit.done
    unit = out()
    while unit.at_ms < 65000:
        unit.later(1000)
    unit.measures.break_off(unit.at_ms, "load")
    assert unit.done[-1] == ("load", False) and unit.later(1000) is None and unit.done[-1] == ("load", False)
