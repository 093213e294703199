"""docs/faults.md against the firmware: each fault has a row, something that opens it and something that closes it (P5)."""

import ast
import re

import pytest

from firmware.core.faults import NAMES
from host_tests.run_micropython import ROOT

PAGE = (ROOT / "docs" / "faults.md").read_text()
INPUTS = {"battery": {"missing", "not_charging", "worn", "low", "no_value"}}  # docs/protocol.md, event `fault`

# Faults that core modules decide on; the shell, senses and assembly only pass the name on. Module -> how it opens and closes.
PASSED_ON = {
    "line_open": ("firmware/core/line.py", "OPEN_FAULT", "CLOSE_FAULT"),
    "line_short": ("firmware/core/line.py", "OPEN_FAULT", "CLOSE_FAULT"),
    "battery": ("firmware/core/battery_watch.py", '("FAULT", "battery", part, is_open)', '("FAULT", "battery", part, is_open)'),
    "mains": ("firmware/core/mains.py", '("FAULT", "mains", "", not self.on)', '("FAULT", "mains", "", not self.on)'),
    "input": ("firmware/assembly.py", "shell.reports.fault(fault, name, True)", "shell.reports.fault(name, source, False)"),
    "settings": ("firmware/assembly.py", 'fault("settings", "", True)', "shell.reports.fault(name, source, False)"),
    "speech": ("firmware/assembly.py", "shell.reports.fault(fault, name, True)", "shell.reports.fault(name, source, False)"),
}


def rows():
    """{fault: [(inputs, opened by, closed by)]} of the page."""
    table = PAGE[PAGE.index("| fault | input |") :].split("\n\n")[0].splitlines()[2:]
    found = {}
    for line in table:
        names, inputs, opened, closed = (cell.strip() for cell in line.strip("|").split("|"))
        for name in re.findall(r"`(\w+)`", names):
            found.setdefault(name, []).append((set(re.findall(r"`(\w+)`", inputs)), opened, closed))
    return found


def calls():
    """{fault: set of what its third argument can be: True, False or None for "it depends"} of every `...fault("name", ...)`."""
    found = {}
    for path in sorted((ROOT / "firmware").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("fault", "_fault") and node.args:
                name = node.args[0]
                if isinstance(name, ast.Constant) and name.value in NAMES:
                    last = node.args[2] if len(node.args) > 2 else ast.Constant(True)  # unit.py's own only opens
                    found.setdefault(name.value, set()).add(last.value if isinstance(last, ast.Constant) else None)
    return found


def test_the_page_has_every_fault_that_there_is_and_no_other():
    assert set(rows()) == set(NAMES)
    for name, inputs in INPUTS.items():
        assert set().union(*[row[0] for row in rows()[name]]) == inputs


@pytest.mark.parametrize("name", NAMES)
def test_each_fault_says_what_opens_and_what_closes_it(name):
    for _, opened, closed in rows()[name]:
        assert len(opened) > 5 and len(closed) > 4, (name, opened, closed)


@pytest.mark.parametrize("name", NAMES)
def test_each_fault_is_opened_and_closed_by_something_p5(name):
    if name in PASSED_ON:
        module, opens, closes = PASSED_ON[name]
        text = (ROOT / module).read_text()
        assert opens in text and closes in text, (name, module)
        return
    ways = calls().get(name, set())
    assert ways & {True, None} or _of_a_start(name), f"{name}: nothing opens it"
    assert ways & {False, None} or _closed_elsewhere(name), f"{name}: nothing closes it"


def _of_a_start(name):
    """In the list of what a start has found wrong with its parts; assembly.py opens them all."""
    return f'("{name}", ' in (ROOT / "firmware/assembly.py").read_text()


def _closed_elsewhere(name):
    """In a list of names that are closed in one go: keeper.py when all has run for a while, assembly.py what a start tests."""
    return any(f'"{name}"' in (ROOT / path).read_text() for path in ("firmware/keeper.py", "firmware/assembly.py"))
