"""docs/scenarios.md, generated from the grammar and the scenario files."""

import sys
from pathlib import Path

from tools.scenario import grammar, script

PATH = Path(__file__).resolve().parent.parent.parent / "docs" / "scenarios.md"

_TOP = """# Scenarios

Generated from `tools/scenario/grammar.py` and `scenarios/*.txt` by `make docs`.

A scenario says in plain lines what happens in a flat and what must follow. The same file is a demonstration
(`make demo SCENARIO=button`), an acceptance test (`make scenarios`, part of `make test`) and this documentation. It is
played on the real firmware under MicroPython, a real broker and the desk, over TLS; `python -m tools.scenario FILE.txt`
plays one of your own.

The first line is the title; `#` starts a comment; `given` lines stand before the first step. A step may begin with a time,
as in `12.5: press button`: not before 12.5 s after the start. An expectation ends in `within SECONDS`, and must come true by
then, or in `for SECONDS`, and must be true now and all that time; a light that must be off or steady may then not change
once. The first step that fails ends the scenario: exit code 1, with file, line, what was expected and what was seen.
"""


def text():
    """The whole page."""
    parts = [_TOP]
    for title, table in (("Given", grammar.GIVENS), ("Actions", grammar.ACTIONS), ("Expected", grammar.EXPECTATIONS)):
        rows = "\n".join(f"| `{form}` | {meaning} |" for form, meaning in table)
        parts.append(f"## {title}\n\n| words | meaning |\n|---|---|\n{rows}\n")
    fields = (
        f"LIGHT: {', '.join(grammar.LIGHTS)}. OUTCOME: {', '.join(grammar.OUTCOMES)}. STATE: {', '.join(grammar.CALL_STATES)}."
    )
    parties = f"PARTY: {', '.join(grammar.PARTIES)}. SWITCH: on, off. INPUT: a name of the board file."
    supply = f"CELL: {', '.join(grammar.CELLS)}. SENSE: {', '.join(grammar.SENSES)}. SUPPLY: {', '.join(grammar.SUPPLIES)}. "
    supply += "MODE: full, reduced. CLEAN: clean, unclean. SPEAKER: dead, ok."
    supply += f"\nETHERNET: {', '.join(grammar.ETHERNET)}. BEARER: {', '.join(grammar.BEARERS)}."
    supply += f"\nMODEM: {', '.join(grammar.MODEM)}."
    tests = f"STATE_OF_TEST: {', '.join(grammar.TEST_STATES)}. STEP: as docs/testing.md names them. SORT: test, real."
    parts.append(f"{fields}\n{parties}\n{supply}\n{tests}\n")
    rows = "\n".join(f"| [{one.name}](../scenarios/{one.path.name}) | {one.title} |" for one in map(script.find, script.names()))
    parts.append(f"## The scenarios there are\n\n| file | what happens |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


def bring_up_to_date():
    """Write the page; returns the exit code."""
    PATH.write_text(text())
    return 0


def check():
    """Exit code 0 when the page is in step, else 1 with what to do."""
    if PATH.exists() and PATH.read_text() == text():
        return 0
    print("docs/scenarios.md is not in step with tools/scenario/grammar.py and scenarios/; run `make docs`", file=sys.stderr)
    return 1
