"""Reads a scenario file. Every complaint names file and line.

The button is pressed, answered and cleared.        <- the title, first line

# Comment.                                           <- prose for the reader
given duty on
press button
expect light steady within 0.5
12.0: release button                                 <- not before 12 s after the start
"""

from dataclasses import dataclass
from pathlib import Path

from tools.scenario import grammar

DIRECTORY = Path(__file__).resolve().parent.parent.parent / "scenarios"
_SUFFIX = ".txt"


class ScriptError(Exception):
    """A file that cannot be played; the text starts with `file:line:`."""


@dataclass(frozen=True)
class Step:
    """One action or expectation. `at_s`: earliest time since the start, or None for at once."""

    line: int
    sentence: grammar.Sentence
    expectation: bool
    at_s: float | None


@dataclass(frozen=True)
class Script:
    path: Path
    title: str
    givens: tuple
    steps: tuple

    @property
    def name(self):
        return self.path.stem

    @property
    def least_s(self):
        """Seconds that it takes at least, to start the long ones first."""
        spans = [step.sentence.for_s or step.sentence.fields.get("seconds", 0) for step in self.steps]
        return sum(spans)


def names():
    """All scenarios there are, sorted."""
    return sorted(path.stem for path in DIRECTORY.glob("*" + _SUFFIX))


def find(name):
    """The script of that name, or in that file of your own. Raises ScriptError, also when there is none."""
    if name.endswith(_SUFFIX) and Path(name).is_file():
        return read(name)
    path = DIRECTORY / (name + _SUFFIX)
    if name not in names():
        raise ScriptError(f"there is no scenario {name!r}; there are: {', '.join(names())}")
    return read(path)


def read(path):
    """Script from a file. Raises ScriptError."""
    path = Path(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    title = lines[0].strip() if lines else ""
    if not title or title.startswith("#"):
        raise ScriptError(f"{path.name}:1: the first line is the title: what happens, in a sentence")
    givens, steps = [], []
    for number, line in enumerate(lines[1:], 2):
        text = line.split("#")[0].strip()
        if not text:
            continue
        try:
            if text.startswith("given "):
                _no_given_after_steps(steps)
                givens.append(grammar.parse(text[len("given ") :], grammar.GIVENS))
            else:
                steps.append(_step(number, text))
        except grammar.WordError as error:
            raise ScriptError(f"{path.name}:{number}: {error}") from None
    _checks_something(path, steps)
    return Script(path, title, tuple(givens), tuple(steps))


def _step(number, text):
    at_s = None
    head, colon, rest = text.partition(":")
    if colon and head.strip().replace(".", "", 1).isdigit():
        at_s, text = float(head), rest.strip()
    expectation = text.startswith("expect ")
    table = grammar.EXPECTATIONS if expectation else grammar.ACTIONS
    sentence = grammar.parse(text.removeprefix("expect "), table, expectation)
    return Step(number, sentence, expectation, at_s)


def _no_given_after_steps(steps):
    if steps:
        raise grammar.WordError("a `given` stands before the first step")


def _checks_something(path, steps):
    if not any(step.expectation for step in steps):
        raise ScriptError(f"{path.name}:1: nothing is expected in this file: it would always pass")
