"""The player sees what happens, says what it saw instead, and cannot be satisfied by a short look."""

import asyncio
import time

import pytest

from tools.scenario import script
from tools.scenario.player import Failure, play
from tools.scenario.timeline import Timeline
from tools.scenario.view import View


def call(n=1, state="open", **fields):
    inputs = [{"input": "cord1", "location": "bathroom", "cause": "activated"}]
    base = {"n": n, "state": state, "label": "flat 12", "triggers": 1, "escalation": 0, "ringing": ["coordinator"], "note": ""}
    return {**base, "inputs": inputs, **fields}


class FakeStage:
    """A stage on which each action is a function of the view. Fault: `broken` is raised by check()."""

    REFUSALS = (ValueError,)

    def __init__(self, **effects):
        self.view, self.lines, self.broken = View(), [], None
        self.timeline = Timeline(self.view, self.lines.append)
        self._effects = effects

    async def act(self, sentence):
        effect = self._effects.get(sentence.form.split()[0])
        if effect:
            effect(self.view)

    def check(self):
        if self.broken:
            raise self.broken


def played(tmp_path, stage, *lines):
    path = tmp_path / "some.txt"
    path.write_text("\n".join(["T.", *lines]))
    asyncio.run(play(script.read(path), stage))
    return "\n".join(stage.lines)


def later(seconds, change):
    """An effect that comes about after some time."""
    return lambda view: asyncio.get_running_loop().call_later(seconds, change, view)


def light(pattern):
    def change(view):
        view.light, view.light_changes = pattern, view.light_changes + 1

    return change


def test_an_expectation_waits_for_what_comes_later(tmp_path):
    said = played(tmp_path, FakeStage(press=later(0.1, light("steady"))), "press button", "expect light steady within 3")
    assert "light steady within 3" in said and "every expectation was met" in said


def test_what_does_not_come_fails_with_file_line_and_what_was_seen(tmp_path):
    stage = FakeStage(press=light("flashing"))
    with pytest.raises(Failure) as failed:
        played(tmp_path, stage, "press button", "expect light steady within 0.1")
    words = str(failed.value)
    assert words.startswith("some.txt:3: expected `light steady within 0.1`: not so within 0.1 s")
    assert "seen instead: light flashing" in words
    assert any("FAILED" in line for line in stage.lines)


def test_what_must_stay_is_watched_all_the_time(tmp_path):
    with pytest.raises(Failure, match=r"some.txt:3: expected `call open for 1`: no longer so after 0\.\d+ s"):
        effects = {"press": lambda view: view.take_call(call()), "wait": None}
        stage = FakeStage(**effects)
        asyncio_later = later(0.2, lambda view: view.take_call(call(state="closed")))
        stage._effects["press"] = lambda view: (view.take_call(call()), asyncio_later(view))
        played(tmp_path, stage, "press button", "expect call open for 1")


def test_a_single_blink_of_a_steady_light_is_seen_even_when_the_pattern_is_not(tmp_path):
    def blink(view):
        view.light_changes += 2

    stage = FakeStage(press=lambda view: (light("steady")(view), later(0.1, blink)(view)))
    with pytest.raises(Failure, match="the light changed"):
        played(tmp_path, stage, "press button", "expect light steady for 1")


def held_up(*changes):
    """An effect: the loop stands for 0.5 s, then `changes`, (ms after it began, function of the view), come at once."""

    def effect(view):
        def stand():
            began_s = time.monotonic()
            time.sleep(0.5)
            for ms, change in changes:
                change(view)
                view.changed(began_s + ms / 1000)

        asyncio.get_running_loop().call_later(0.05, stand)

    return effect


def lit(level):
    def change(view):
        view.lit = level
        view.light_changes += 1

    return change


def test_what_came_in_time_counts_although_the_loop_was_held_up(tmp_path):
    stage = FakeStage(press=held_up((100, lit(True)), (200, lit(False))))
    assert "light lit within 0.3" in played(tmp_path, stage, "press button", "expect light lit within 0.3")


def test_what_came_too_late_does_not_count_although_the_loop_was_held_up(tmp_path):
    stage = FakeStage(press=held_up((300, lit(True)), (400, lit(False))))
    with pytest.raises(Failure, match="not so within 0.2 s"):
        played(tmp_path, stage, "press button", "expect light lit within 0.2")


def test_a_blink_while_the_loop_was_held_up_ends_a_light_that_must_stay(tmp_path):
    effects = held_up((100, lit(True)), (110, lit(False)))
    with pytest.raises(Failure, match=r"the light changed after 0\.1\d s"):
        played(tmp_path, FakeStage(press=effects), "press button", "expect light off for 0.3")
    effects = held_up((400, lit(True)), (410, lit(False)))
    played(tmp_path, FakeStage(press=effects), "press button", "expect light off for 0.3")


def test_a_part_that_dies_ends_the_wait(tmp_path):
    stage = FakeStage()
    stage.broken = RuntimeError("the desk has ended")
    with pytest.raises(RuntimeError, match="the desk has ended"):
        played(tmp_path, stage, "expect light steady within 30")


def test_an_action_that_is_refused_is_named(tmp_path):
    def refuse(view):
        raise ValueError("no input cord9")

    with pytest.raises(Failure, match="some.txt:2: `pull cord9`: the step was refused: no input cord9"):
        played(tmp_path, FakeStage(pull=refuse), "pull cord9", "expect light off within 1")


def test_every_expectation_tells_true_from_false(tmp_path):
    seen = FakeStage(press=lambda view: _fill(view))
    for line, opposite in (
        ("light flashing", "light off"),
        ("light not steady", "light not flashing"),
        ("sound heard", "sound silent"),
        ("call open", "call closed"),
        ("call ringing everyone", "call ringing centre"),
        ("call triggers 2", "call triggers 1"),
        ("call escalation 1", "call escalation 3"),
        ("call from bathroom", "call from kitchen"),
        ("call cause activated", "call cause line_open"),
        ("calls open 1", "calls open 2"),
        ("calls stored 2", "calls stored 1"),
        ("clear refused", "unit silent"),
        ("unit online", "unit dead"),
        ("fault held:cord1 open", "fault held:cord1 closed"),
        ("fault line_open:cord2 closed", "fault line_open:cord2 open"),
        ("unit starts 2", "unit starts 3"),
        ("unit browned out 1", "unit browned out 2"),
        ("unit mode reduced", "unit mode full"),
        ("unit start clean", "unit start unclean"),
        ("unit saves power on", "unit saves power off"),
        ("unit hours at least 5.5", "unit hours at least 6"),
        ("unit hours at most 5.5", "unit hours at most 5"),
        ("mains reported off", "mains reported on"),
        ("radio on", "radio off"),
        ("call test", "call real"),
        ("call ringing everyone", "call ringing nobody"),
        ("test paused", "test running"),
        ("test step pull:cord1 pass", "test step pull:cord1 fail"),
        ("test left tone", "test left pull:cord1"),
        ("test verdict PASS WITH DEFECTS", "test verdict PASS"),
        ("test recorded INCOMPLETE", "test recorded PASS"),
        ("mains reports 1", "mains reports 2"),
        ("mains reports at most 1", "mains reports at most 0"),
        ("battery state low", "battery state mains"),
        ("battery without value jump", "battery without value adc"),
        ("battery below 31", "battery below 30"),
    ):
        played(tmp_path, seen, "press button", f"expect {line} within 0")
        with pytest.raises(Failure):
            played(tmp_path, seen, "press button", f"expect {opposite} within 0")


def test_what_the_unit_has_not_told_is_neither_so_nor_otherwise(tmp_path):
    for line in ("battery state mains", "unit hours at least 0", "unit hours at most 99", "battery without value adc"):
        with pytest.raises(Failure):
            played(tmp_path, FakeStage(), f"expect {line} within 0")
    for line in ("mains reported on", "mains reported off", "unit start clean", "unit start unclean", "unit mode full"):
        with pytest.raises(Failure):
            played(tmp_path, FakeStage(), f"expect {line} within 0")


def test_what_the_desk_shows_of_a_supply_is_seen_and_summed_up():
    view = View()
    battery = {"mv": 3540, "why": "", "state": "low", "hours": 3.2, "by": "model"}
    unit = {"status": "online", "faults": ["mains", "battery:low"], "mode": "reduced", "clean": False, "mains": False}
    view.desk_event({"event": "unit", "view": {**unit, "battery": battery}})
    view.desk_event({"event": "mains", "on": False, "for_s": 60, "edges": 1})
    view.starts, view.brown_outs, view.powered = 7, 6, True
    said = "unit online, 7 starts, browned out 6 times, reduced, mains reported off, supply low (3540 mV, 3.2 h)"
    assert said in view.summary()
    view.desk_event({"event": "unit", "view": {**unit, "battery": {**battery, "mv": None, "why": "jump", "hours": None}}})
    assert "supply low (no value: jump)" in view.summary()
    assert view.mains_reports == 1 and view.clean is False


def _fill(view):
    view.starts, view.brown_outs, view.mode, view.clean, view.saves_power = 2, 1, "reduced", True, True
    view.radio = True
    view.test = {"state": "paused", "step": "tone", "left": ["tone"], "verdict": "PASS WITH DEFECTS"}
    view.test["results"] = [["pull:cord1", "pass", ""], ["tone", "open", ""]]
    view.records = [{"verdict": "INCOMPLETE", "flags": []}, {"verdict": "PASS", "flags": ["gap"]}]
    view.mains, view.mains_reports, view.charge_pct = False, 1, 30
    view.battery = {"mv": None, "why": "jump", "state": "low", "hours": 5.5, "by": "model"}
    view.light, view.tone_hz, view.powered, view.unit_status, view.faults = "flashing", 800, True, "online", ("held:cord1",)
    view.take_call(call(1, "closed"))
    everyone = ["coordinator", "centre"]
    view.take_call(call(2, triggers=2, escalation=2, ringing=everyone, note="clear refused: not_answered", test=True))


def test_the_newest_open_call_is_looked_at_before_any_closed_one():
    view = View()
    view.take_call(call(1))
    view.take_call(call(2, "closed"))
    assert view.newest()["n"] == 1
    view.take_call(call(1, "closed"))
    assert view.newest()["n"] == 2
