"""Steps, results and doubts in the words of whoever reads a record on paper."""

import datetime

QUESTIONS = {"reach": "reaches the floor", "free": "hangs free", "untied": "not tied up", "bangles": "bangles there"}
STEPS = {
    "ask:light": "Red light flashed after the pulls", "ask:sounder": "Tones and voice well heard",
    "tone": "Loudspeaker to microphone by tone", "mains_off": "Mains failure noticed", "load": "Battery under load, mains out",
    "mains_on": "Mains back noticed", "clock": "Clock", "storage": "Storage",
}  # fmt: skip
ANSWERS = {"pass": "yes", "fail": "NO", "skip": "left out", "open": "not asked"}
RESULTS = {"pass": "pass", "fail": "FAIL", "skip": "left out", "open": "not done"}
VERDICTS = {
    "PASS": "Every step was done and passed.",
    "PASS WITH DEFECTS": "What a call needs works. There are defects, or steps that were left out: see below.",
    "FAIL": "Something that a call needs does not work. The unit must be repaired and tested again.",
    "INCOMPLETE": "The test was not finished. It shows nothing about what was not done, and does not count as a test.",
}
BEGUN_BY = {"desk": "from the alarm desk", "console": "at the unit's console", "unit": "by a press pattern at the unit"}
DOUBTS = {
    "form": "the record cannot be read", "unit": "the record names another unit than the one that sent it",
    "test": "the record names another test than the message that brought it",
    "verdict": "the verdict is better than the results allow", "clock": "the unit's clock was wrong",
    "gap": "a record before this one is missing at the desk",
    "fork": "it does not follow the newest record of this unit that the desk has",
    "twice": "there is another record of the same test",
}  # fmt: skip


def step(name):
    """What a step is about, in words; its own name if it is not known here."""
    if name in STEPS:
        return STEPS[name]
    kind, _, rest = name.partition(":")
    if kind == "pull" and rest:
        return f"{rest}: pulled and released"
    if kind == "path" and rest:
        return f"Path to the service: {rest}"
    cord, _, question = rest.rpartition(":")
    if kind == "ask" and cord and question in QUESTIONS:
        return f"{cord}: {QUESTIONS[question]}"
    return name


def moment(unix_s):
    """`2026-11-22 10:15 UTC`, or that the clock was not set."""
    if type(unix_s) is not int or not 0 <= unix_s < 1 << 37:  # far beyond, and no date any more
        return "not known: the unit's clock was not set"
    return f"{datetime.datetime.fromtimestamp(unix_s, datetime.timezone.utc):%Y-%m-%d %H:%M} UTC"
