"""The test while it runs: what it keeps, tells, says and asks of the unit's parts (P7)."""

import json

from firmware.walk import run
from host_tests.walk.folder import HERE, content, in_a_folder, names
from host_tests.walk.small_flat import TIMERS, Flat, Part

SETTLE_MS = TIMERS["test_settle_ms"]
MINE = "pull:button", "pull:answer", "pull:cord1"


class Unit(Flat):
    """A flat with all that a whole test asks; `events`: of the test, newest last."""

    def __init__(self, **options):
        self.events = []
        self.talks = []
        self.may = True
        super().__init__(run.Walk, **options)
        run.DIRECTORY = HERE
        self.keys = []
        self.uplink = Part(prefix="ils/v1/demo/f12/u1/")
        self.board_name = "B"
        self.proofs = Part(paths=lambda: ["broker1"], prove=lambda path: True, state="IDLE", result=("broker1", True, "4 ms"))
        self.audio_loop = self.power = None
        self.journal = Part(usage=lambda: {"bad_sectors": 0})
        self.faults = Part(opened=list)
        self.keeper = Part(off_s=0)
        self.talk.prompt = self.talks.append

    def may_write(self):
        return self.may

    def _note(self, name, fields, key=None):
        if name == "test":
            self.events.append(fields)
            self.keys.append(key)

    @property
    def id(self):
        return self.testing._walk.test

    def say(self, do, step="", value=""):
        return self.tell(do, step, value, self.id)


def begun(**options):
    unit = Unit(inputs=("button", "answer", "cord1"), **options)
    assert unit.tell("start", test="") == ""
    unit.later(SETTLE_MS + 100)
    return unit


def pulled(unit, name):
    unit.pull(name)
    unit.later(100)
    unit.receipt()
    unit.testing.tick()  # a message wakes the heart
    unit.later(100)
    unit.release(name)
    unit.clear()
    unit.later(200)


def record():
    """The only record, as lists and dicts by line."""
    return [json.loads(line) for line in content(names()[-1]).decode().split("\n")[:-1]]


@in_a_folder
def test_a_whole_test_is_told_step_by_step_and_kept_and_lets_go():
    unit = begun()
    first = unit.events[-1]
    assert first["step"] == "pull:button" and first["state"] == "running" and first["left"][:3] == list(MINE)
    for name in ("cord1", "answer", "button"):
        pulled(unit, name)
    for step in [step for step in unit.events[-1]["left"] if step.startswith("ask:")]:
        assert unit.say("answer", step, "yes") == ""
    unit.later(3000)
    last = unit.events[-1]
    assert (last["state"], last["verdict"], last["step"], last["left"]) == ("ended", "PASS WITH DEFECTS", "", [])
    assert not unit.testing.runs and unit.testing.unsent
    lines = record()
    assert lines[0]["by"] == "desk" and lines[0]["engineer"] == "E. Ngineer" and lines[0]["unit"] == "demo/f12/u1"
    found = {line[0]: line[1:] for line in lines[1:-1]}
    assert found["pull:cord1"] == ["pass", "", 100] and found["pull:answer"] == ["pass", "", None]
    assert found["path:broker1"] == ["pass", "4 ms", None] and found["tone"][0] == "skip"
    assert lines[-1]["verdict"] == "PASS WITH DEFECTS" and lines[-1]["due"] == "2027-02-20"


@in_a_folder
def test_progress_goes_out_on_each_change_and_at_most_every_200_ms():
    unit = begun()
    unit.later(1000)
    before = len(unit.events)
    unit.later(1000)
    assert len(unit.events) == before, "nothing has changed"
    for step in ("ask:light", "ask:sounder", "clock"):
        unit.say("skip", step, "why")
    unit.later(50, 50)
    assert len(unit.events) == before + 1
    unit.later(1000, 50)
    assert [event["last"][0] for event in unit.events[before:]] == ["ask:light", "ask:sounder", "clock"], "each result is told"
    assert len(set(unit.keys[before:])) == 3, "none takes the place of another that still waits"


@in_a_folder
def test_what_is_to_be_done_is_spoken_when_nobody_speaks_and_no_call_is_open():
    unit = Unit(inputs=("button", "answer", "cord1"))
    unit.tell("start", test="")
    unit.later(100)
    assert unit.talks == ["test_begins"]
    unit.later(SETTLE_MS)
    assert unit.talks[-1] == "test_pull"
    unit.pull("button")
    unit.later(100)
    unit.release("button")
    unit.receipt()
    before = len(unit.talks)
    unit.later(1000)
    assert len(unit.talks) == before, "its call is open"
    unit.clear()
    unit.later(100)
    assert len(unit.talks) == before + 1


@in_a_folder
def test_the_answer_button_says_yes_and_held_for_a_second_and_a_half_no_once_it_was_tested_itself():
    unit = begun()
    for name in ("button", "answer", "cord1"):
        pulled(unit, name)
    for step, ms, wanted in (("ask:cord1:reach", 1400, "pass"), ("ask:cord1:free", 1500, "fail")):
        assert unit.events[-1]["step"] == step
        assert unit.pull("answer") is True
        unit.later(ms, 50)
        unit.release("answer")
        unit.later(300)
        assert [event["last"][1] for event in unit.events if event["last"] and event["last"][0] == step] == [wanted]


@in_a_folder
def test_a_record_that_cannot_be_written_is_kept_until_it_can_be():
    unit = begun()
    unit.may = False
    unit.say("stop")
    unit.later(9000)
    assert unit.testing.runs and unit.events[-1]["verdict"] == "INCOMPLETE"
    unit.may = True
    unit.later(11000)
    assert not unit.testing.runs and record()[-1]["verdict"] == "INCOMPLETE"


@in_a_folder
def test_a_record_that_can_never_be_written_does_not_hold_the_unit():
    unit = begun()
    unit.may = False
    unit.say("stop")
    unit.later(61000)
    assert not unit.testing.runs


@in_a_folder
def test_a_list_that_is_too_long_for_a_message_says_how_many_more_there_are():
    left = ["ask:%s:bangles" % ("c%d" % i + "x" * 22) for i in range(48)]
    short = run._shortened(left)
    assert short[:-1] == left[:len(short) - 1] and short[-1] == "... %d more" % (48 - len(short) + 1)
    assert sum(len(step) + 4 for step in short) < 1200 and run._shortened(left[:5]) == left[:5]


@in_a_folder
def test_an_input_that_could_not_be_made_has_its_step_all_the_same():
    assert run._inputs([], [("cord9", "attic")]) == [("cord9", "button", "attic")]


@in_a_folder
def test_a_line_that_breaks_in_its_pull_was_not_let_go_until_it_reads_well_again_p7():
    unit = begun()
    unit.pull("cord1")
    unit.later(100)
    unit.receipt()
    unit.senses[2].resting = False  # the wire is off
    unit.release("cord1")
    unit.later(2000)
    assert "pull:cord1" in unit.events[-1]["left"]
    unit.senses[2].resting = True
    unit.later(300)
    assert "pull:cord1" not in unit.events[-1]["left"]


@in_a_folder
def test_who_says_that_the_light_is_dark_opens_its_fault_and_who_sees_it_closes_it_p5():
    for value, is_open in (("no", True), ("yes", False)):
        unit = begun()
        assert unit.say("answer", "ask:light", value) == ""
        assert [one for one in unit.done if one[0] == "fault"] == [("fault", "light", is_open)]
    unit = begun()
    unit.say("skip", "ask:light", "too bright here")
    assert [one for one in unit.done if one[0] == "fault"] == []


@in_a_folder
def test_a_test_counts_as_passed_from_when_its_record_is_on_flash_p5():
    unit = begun()
    for name in ("button", "cord1"):
        pulled(unit, name)
    unit.testing._walk._keeper.may_write = lambda: False  # of the record alone, not of the step `storage`
    for step in unit.testing._walk._machine.left():
        if step.startswith("ask:"):
            assert unit.say("answer", step, "yes") == ""
        elif step.startswith("pull:"):
            assert unit.say("skip", step, "not today") == ""
        unit.later(300)
    unit.later(3000)
    assert unit.testing._walk._machine.verdict == "PASS WITH DEFECTS" and ("passed",) not in unit.done
    unit.testing._walk._keeper.may_write = unit.may_write
    unit.later(11000)
    assert unit.done.count(("passed",)) == 1 and record()[-1]["due"] == "2027-02-20"


@in_a_folder
def test_a_real_call_pauses_the_test_and_it_goes_on_once_that_is_over_p4():
    unit = begun()
    unit.pull("cord1")
    assert unit.pull("cord1") == "activated"
    unit.later(300)
    assert unit.events[-1]["state"] == "paused" and unit.testing.waiting == []
    assert unit.say("skip", "pull:button", "not now") == "busy"
    unit.release("cord1")
    unit.receipt()
    unit.clear()
    unit.later(300)
    assert unit.events[-1]["state"] == "running" and unit.testing.waiting == [], "it settles first"
    unit.later(SETTLE_MS + 300)
    assert "button" in unit.testing.waiting


@in_a_folder
def test_the_tone_is_left_out_for_the_privacy_switch_alone():
    unit = Unit(inputs=("button", "privacy", "cord1"))
    unit.audio_loop = Part(start=lambda: True, poll=lambda: None, result=None, state="OFF")
    assert unit.tell("start", test="") == ""
    measures = unit.testing._walk._measures
    unit._sense("cord1").resting = False
    measures.begin(0, "tone")
    assert measures.poll(0) is None
    unit.switch_privacy(True)
    assert measures.poll(100)[1:3] == ("skip", "privacy is on")
