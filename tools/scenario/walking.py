"""The engineer of a scenario: begins the quarterly test at the desk and does what it asks for. Source: docs/testing.md."""

import asyncio
import time

from tools.desk.client import DeskError

_NOW = "now"
_PULL_S = 0.3
_STEP_S = 20.0  # no step that is done at once takes longer; the unit's own have limits of their own
_OWN_S = 120.0  # of what the unit does by itself
_SETTLED_S = 0.3  # on top of the time for which every pull is still a real call; nobody is told its end
_LOOK_S = 0.05


def _client(stage):
    if stage.desk.client is None:
        raise DeskError("unreachable", "the desk is stopped")
    return stage.desk.client


def _unit(stage):
    return "/".join(stage.address)


async def start(stage, who):
    """Returns when the unit walks: from then on pulls are the test's."""
    before = stage.view.test["test"] if stage.view.test else None
    await _client(stage).request("test_start", unit=_unit(stage), who=who[:32])
    await _until(stage, lambda view: _begun(view, before), _STEP_S, "the test has not begun")
    await asyncio.sleep(stage.unit_timer_ms("test_settle_ms") / 1000 + _SETTLED_S)


def _begun(view, before):
    command = view.test_command
    if command and command["do"] == "start" and command["state"] == "refused":
        raise DeskError("refused", f"the unit refuses the test: {command['reason']}")
    return view.test and view.test["test"] != before and view.test["state"] == "running"


async def answer(stage, step, value):
    await _client(stage).request("test_answer", unit=_unit(stage), step=_named(stage, step), value=value)


async def skip(stage, step, why):
    await _client(stage).request("test_skip", unit=_unit(stage), step=_named(stage, step), why=why[:64])


def _named(stage, step):
    """`now` stands for the step that the test is at."""
    if step != _NOW:
        return step
    test = stage.view.test
    if test is None or not test["step"]:
        raise DeskError("no_step", "the test asks for nothing at this moment")
    return test["step"]


async def stop(stage):
    await _client(stage).request("test_stop", unit=_unit(stage))


async def walk(stage, step=None):
    """Does one step after the other, until `step` is next, or none is left. A test that pauses or ends meanwhile is refused."""
    while True:
        test = stage.view.test
        if test is None or test["state"] == "paused":
            raise DeskError("no_test", "no test goes on")
        if test["state"] == "ended" or test["step"] == step:
            if step is not None and test["state"] == "ended":
                raise DeskError("no_step", f"the test ended ({test['verdict']}) before {step} was next")
            return
        await _do(stage, test["step"])


async def _do(stage, step):
    kind, _, name = step.partition(":")
    patience_s = _STEP_S
    if kind == "pull":
        await stage.flat.board.press(name, ms=round(_PULL_S * 1000))
    elif kind == "ask":
        await answer(stage, step, "yes")
    elif kind == "mains_off":
        await stage.flat.board.mains(False)
    elif kind == "mains_on":
        await stage.flat.board.mains(True)
    else:
        patience_s = _OWN_S
    await _until(stage, lambda view: view.test["step"] != step or view.test["state"] != "running", patience_s, f"{step} goes on")


async def _until(stage, holds, patience_s, complaint):
    end_s = time.monotonic() + patience_s
    while not holds(stage.view):
        if time.monotonic() > end_s:
            raise DeskError("timeout", f"{complaint} after {patience_s:g} s")
        stage.check()
        await asyncio.sleep(_LOOK_S)
