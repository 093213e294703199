"""Plays one script on a stage: acts, waits for what is expected, and says what was seen instead."""

import asyncio

from tools.scenario import expectations

_LOOK_S = 0.02  # between two looks at the view


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
    loop = asyncio.get_running_loop()
    end_s = loop.time() + step.sentence.within_s
    while not expectations.holds(stage.view, step.sentence):
        if loop.time() > end_s:
            raise _failure(script, stage, step, f"not so within {step.sentence.within_s:g} s")
        stage.check()
        await asyncio.sleep(_LOOK_S)


async def _stays(script, stage, step):
    """True now and at each look until the end. A light that must stay off or steady may not change its level once."""
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    changes = stage.view.light_changes if step.sentence.fields.get("light") in ("off", "steady") else None
    if step.sentence.form != "light LIGHT":
        changes = None
    while loop.time() < start_s + step.sentence.for_s:
        after_s = loop.time() - start_s
        if not expectations.holds(stage.view, step.sentence):
            raise _failure(script, stage, step, f"no longer so after {after_s:.2f} s")
        if changes is not None and stage.view.light_changes != changes:
            raise _failure(script, stage, step, f"the light changed after {after_s:.2f} s")
        stage.check()
        await asyncio.sleep(_LOOK_S)


def _failure(script, stage, step, what):
    text = f"{script.path.name}:{step.line}: expected `{step.sentence.words.removeprefix('expect ')}`"
    if not step.expectation:
        text = f"{script.path.name}:{step.line}: `{step.sentence.words}`"
    stage.timeline.say("FAILED", f"{what}; seen: {stage.view.summary()}")
    return Failure(f"{text}: {what}\n  seen instead: {stage.view.summary()}")
