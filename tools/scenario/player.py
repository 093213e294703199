"""Plays one script on a stage: acts, waits for what is expected, and says what was seen instead."""

import asyncio
import contextlib
import time

from tools.scenario import expectations

_LOOK_S = 0.02  # between two looks at the view, for what changes without a word
_LATE_S = 0.2  # for a change that came in time and is still on its way through the loop


class Failure(Exception):
    """An expectation did not come true, or an action was refused; the text names file and line."""


async def play(script, stage):
    """Carry out every step of `script` in order. Raises Failure."""
    timeline = stage.timeline
    timeline.restart()
    timeline.say("scene", script.title)
    for step in script.steps:
        if step.at_s is not None:
            await asyncio.sleep(max(0.0, step.at_s - timeline.now_s()))
        if step.expectation:
            await _expect(script, stage, step)
        else:
            await _act(script, stage, step)
    timeline.say("ok", f"{script.name}: every expectation was met")


async def _act(script, stage, step):
    stage.timeline.say("you", step.sentence.words)
    try:
        await stage.act(step.sentence)
    except stage.REFUSALS as error:
        raise _failure(script, stage, step, f"the step was refused: {error}") from error


async def _expect(script, stage, step):
    sentence = step.sentence
    if sentence.for_s is not None:
        await _stays(script, stage, step)
    else:
        await _comes(script, stage, step)
    stage.timeline.say("ok", sentence.words.removeprefix("expect "))


async def _comes(script, stage, step):
    """Looks at each change by its own time: one that came in time counts, however late the loop gets to it."""
    start_s = time.monotonic()
    end_s = start_s + step.sentence.within_s
    met = []

    def look(at_s):
        if at_s <= end_s and expectations.holds(stage.view, step.sentence):
            met.append(at_s)

    with _watching(stage.view, look, start_s):
        while not met:
            if time.monotonic() > end_s + _LATE_S:
                raise _failure(script, stage, step, f"not so within {step.sentence.within_s:g} s")
            stage.check()
            await asyncio.sleep(_LOOK_S)
            look(time.monotonic())


async def _stays(script, stage, step):
    """True now and at each change until the end. A light that must stay off or steady may not change its level once."""
    start_s = time.monotonic()
    end_s = start_s + step.sentence.for_s
    is_still = step.sentence.form == "light LIGHT" and step.sentence.fields["light"] in ("off", "steady")
    changes = stage.view.light_changes
    wrong = []

    def look(at_s):
        if at_s > end_s:
            return
        if not expectations.holds(stage.view, step.sentence):
            wrong.append(f"no longer so after {at_s - start_s:.2f} s")
        elif is_still and stage.view.light_changes != changes:
            wrong.append(f"the light changed after {at_s - start_s:.2f} s")

    with _watching(stage.view, look, start_s):
        while not wrong and time.monotonic() < end_s + _LOOK_S:
            stage.check()
            await asyncio.sleep(_LOOK_S)
            look(time.monotonic())
    if wrong:
        raise _failure(script, stage, step, wrong[0])


@contextlib.contextmanager
def _watching(view, look, start_s):
    """`look(at_s)` at the start, which is now, and at each change of the view."""
    view.watch = look
    try:
        look(start_s)
        yield
    finally:
        view.watch = None


def _failure(script, stage, step, what):
    text = f"{script.path.name}:{step.line}: expected `{step.sentence.words.removeprefix('expect ')}`"
    if not step.expectation:
        text = f"{script.path.name}:{step.line}: `{step.sentence.words}`"
    stage.timeline.say("FAILED", f"{what}; seen: {stage.view.summary()}")
    return Failure(f"{text}: {what}\n  seen instead: {stage.view.summary()}")
