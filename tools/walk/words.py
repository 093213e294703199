"""What an engineer is told: each step, each refusal and each verdict in a sentence that says what to do. Pure."""

_QUESTIONS = {
    "reach": "Does {name} reach the floor, or nearly?",
    "free": "Does {name} hang free: no furniture, no door in its way?",
    "untied": "Is {name} as it should be: not tied up, not shortened, not cut?",
    "bangles": "Are the bangles of {name} there?",
}
_ASKED = {
    "light": "Did the red light flash after the pulls?",
    "sounder": "Were the tones and the voice well heard?",
}
_STEPS = {
    "tone": "Keep quiet for a moment: the unit listens to its own tone.",
    "mains_off": "Switch the mains of the unit OFF.",
    "load": "Wait: the battery is under load.",
    "mains_on": "Switch the mains of the unit ON again.",
    "clock": "Wait: the unit looks at its clock.",
    "storage": "Wait: the unit looks at its memory.",
}
RESULTS = {"pass": "works", "fail": "DEFECT", "skip": "left out", "open": "not done"}
VERDICTS = {
    "PASS": "Everything was tested and works.",
    "PASS WITH DEFECTS": "Calls get through. What is listed below is to be put right, or was left out.",
    "FAIL": "This unit is NOT in order: a call may not get through. Repair it and test again.",
    "INCOMPLETE": "This was no test: something was not done. It is due as before; begin again.",
}
REFUSALS = {
    "busy": "a call is open or somebody speaks with the flat: see to that first, then begin again",
    "running": "a test of this unit runs already: begin again to go on with it, or stop it",
    "no_test": "the unit knows no such test: it has ended, or the unit was reset",
    "no_step": "that step is not open, or cannot be answered",
    "memory": "the test does not fit into the unit's memory now: switch the unit off and on, then begin again",
    "field": "the unit does not understand the command: are unit and desk of the same version?",
}
SILENT = {
    "will": "the broker says that it is gone",
    "no_reply": "it does not answer",
    "never_heard": "it was never heard of",
    "no_broker": "the desk has no broker, so it hears nobody",
}


def is_question(step):
    """Does a human answer this step with yes or no?"""
    return step.startswith("ask:")


def instruction(step, places=None):
    """What is to be done now. `places`: input to room. A step of a newer unit is shown as it stands."""
    head, _, rest = step.partition(":")
    if head == "pull":
        return f"Pull or press {_named(rest, places)}, then let it go."
    if head == "path":
        return f"Wait: the path {rest} to the service is being tested."
    if head == "ask":
        name, _, what = rest.rpartition(":")
        if what in _QUESTIONS:
            return _QUESTIONS[what].format(name=_named(name, places))
        return _ASKED.get(rest, f"{rest}?")
    return _STEPS.get(step, step)


def short(step):
    """A step in a list of what is left."""
    return step.removeprefix("ask:").replace(":", " ") + ("?" if is_question(step) else "")


def result(last, places=None):
    """One line on a result: (step, result, detail)."""
    step, outcome, detail = last
    more = f" ({detail})" if detail else ""
    return f"{short(step)}: {RESULTS.get(outcome, outcome)}{more}"


def summary(record, places=None):
    """Lines on the whole record: `results`, `end` as in tools/desk/testing/record.Record."""
    verdict = record.end["verdict"]
    lines = [f"{verdict}. {VERDICTS.get(verdict, '')}".rstrip()]
    details = {step: detail for step, _, detail, *_ in record.results}
    defects = [f"  DEFECT    {short(step)}" + _detail(details.get(step)) for step in record.end["defects"]]
    untested = [f"  UNTESTED  {short(step)}" + _detail(why) for step, why in record.end["untested"]]
    times = [(step, ms) for step, outcome, _, ms in record.results if ms is not None and outcome == "pass"]
    slowest = [f"  slowest receipt: {times_words(times)}"] if times else []
    due = record.end.get("due")
    return [*lines, *defects, *untested, *slowest, *([f"  next test due: {due}"] if due else [])]


def times_words(times):
    step, ms = max(times, key=lambda item: item[1])
    return f"{ms} ms ({short(step)})"


def _detail(text):
    return f": {text}" if text else ""


def _named(name, places):
    room = (places or {}).get(name)
    return f"{name} ({room})" if room else name
