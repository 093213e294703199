"""The engineer of a scenario does what the test asks for, and says what did not happen instead of waiting for ever."""

import asyncio
import types

import pytest

from tools.desk.client import DeskError
from tools.scenario import walking
from tools.scenario.view import View

_STEPS = ["pull:button", "ask:light", "tone", "mains_off", "mains_on", "storage"]


class FakeUnit:
    """A stage whose unit has _STEPS; each is done once the engineer has done his part.

    Faults: `deaf`: commands are not taken; `stuck`: this step is never done; `refuses`: the reason why no test begins; `pauses`:
    a real call comes with this step.
    """

    def __init__(self, deaf=False, stuck=None, refuses=None, pauses=None):
        self.view, self.done = View(), []
        self.address = ("demo", "f12", "u1")
        self.desk = types.SimpleNamespace(client=self)
        self.flat = types.SimpleNamespace(board=self)
        self._deaf, self._stuck, self._refuses, self._pauses = deaf, stuck, refuses, pauses

    def unit_timer_ms(self, name):
        assert name == "test_settle_ms"
        return 10

    def check(self):
        pass

    def _tell(self, left, results, state="running"):
        body = {"test": "ab", "state": state, "step": left[0] if left else "", "left": left, "last": None, "verdict": ""}
        self.view.desk_event({"event": "test", "view": {**body, "results": results}})

    def _next(self, step, result="pass"):
        if step == self._stuck:
            return
        results = [*self.view.test["results"], [step, result, ""]]
        left = _STEPS[_STEPS.index(step) + 1 :]
        self._tell(left, results, "paused" if left and left[0] == self._pauses else "running" if left else "ended")
        if left and left[0] in ("tone", "storage"):
            asyncio.get_running_loop().call_later(0.02, self._next, left[0])

    async def request(self, do, **fields):
        self.done.append((do, fields))
        if self._deaf:
            return
        if do == "test_start" and self._refuses:
            self.view.desk_event({"event": "test_command", "do": "start", "state": "refused", "reason": self._refuses})
        elif do == "test_start":
            self._tell(_STEPS, [])
        elif do == "test_answer":
            self._next(fields["step"], "pass" if fields["value"] == "yes" else "fail")
        elif do == "test_skip":
            self._next(fields["step"], "skip")

    async def press(self, name, ms):
        self.done.append(("press", name, ms))
        self._next("pull:" + name)

    async def mains(self, on):
        self.done.append(("mains", on))
        self._next("mains_on" if on else "mains_off")


def play(unit, *acts):
    async def scene():
        for act in acts:
            await act(unit)

    asyncio.run(scene())


def begin(unit):
    return walking.start(unit, "J. Fitter")


def test_the_engineer_does_every_step_that_is_his():
    unit = FakeUnit()
    play(unit, begin, walking.walk)
    assert [one[0] for one in unit.done] == ["test_start", "press", "test_answer", "mains", "mains"]
    assert unit.done[0][1] == {"unit": "demo/f12/u1", "who": "J. Fitter"} and unit.done[2][1]["value"] == "yes"
    assert unit.view.test["state"] == "ended" and len(unit.view.test["results"]) == len(_STEPS)


def test_he_stops_where_he_is_told_to_and_goes_on_from_there():
    unit = FakeUnit()
    play(unit, begin, lambda u: walking.walk(u, "mains_off"))
    assert unit.view.test["step"] == "mains_off" and ("mains", False) not in unit.done
    play(unit, lambda u: walking.skip(u, "mains_off", "no time"), lambda u: walking.walk(u))
    assert ["mains_off", "skip", ""] in unit.view.test["results"]


def test_an_answer_may_be_no():
    unit = FakeUnit()
    play(unit, begin, lambda u: walking.walk(u, "ask:light"), lambda u: walking.answer(u, "ask:light", "no"))
    assert ["ask:light", "fail", ""] in unit.view.test["results"]


def test_a_test_that_the_unit_refuses_is_named():
    with pytest.raises(DeskError, match="refuses the test: memory"):
        play(FakeUnit(refuses="memory"), begin)


def test_what_does_not_happen_ends_the_wait(monkeypatch):
    monkeypatch.setattr(walking, "_STEP_S", 0.2)
    monkeypatch.setattr(walking, "_OWN_S", 0.3)
    with pytest.raises(DeskError, match="the test has not begun after 0.2 s"):
        play(FakeUnit(deaf=True), begin)
    with pytest.raises(DeskError, match="pull:button goes on after 0.2 s"):
        play(FakeUnit(stuck="pull:button"), begin, walking.walk)
    with pytest.raises(DeskError, match="tone goes on after 0.3 s"):
        play(FakeUnit(stuck="tone"), begin, walking.walk)


def test_without_a_test_or_with_a_call_in_it_there_is_nothing_to_walk():
    with pytest.raises(DeskError, match="no test goes on"):
        play(FakeUnit(), walking.walk)
    with pytest.raises(DeskError, match="no test goes on"):
        play(FakeUnit(pauses="mains_off"), begin, walking.walk)
    with pytest.raises(DeskError, match=r"ended .* before ask:cord9:reach"):
        play(FakeUnit(), begin, lambda u: walking.walk(u, "ask:cord9:reach"))


def test_with_the_desk_stopped_nothing_can_be_asked():
    unit = FakeUnit()
    unit.desk.client = None
    for act in (begin, walking.stop, lambda u: walking.answer(u, "ask:light", "yes")):
        with pytest.raises(DeskError, match="the desk is stopped"):
            play(unit, act)


def test_now_is_the_step_that_the_test_is_at_and_nothing_before_it_begins():
    async def run():
        stage = FakeUnit()
        with pytest.raises(DeskError, match="asks for nothing"):
            await walking.answer(stage, "now", "yes")
        stage._tell(["ask:light", "tone"], [])
        await walking.answer(stage, "now", "no")
        await walking.skip(stage, "now", "no time")
        assert [fields["step"] for _, fields in stage.done][0] == "ask:light"
        assert all(fields["step"] != "now" for _, fields in stage.done)

    asyncio.run(run())
