"""The heap of the whole unit: how much is free once it runs, and what lets it be so. The bench measures it on line, with TLS."""

import ast
import asyncio
import re

from host_tests import real_unit
from host_tests.test_house_host import FIRMWARE, ROOT, name_of
from tools.brokers import free_port
from tools.deploy import deploy, unit_settings
from tools.vboard import VirtualBoard

# Modules whose functions run only before app.py lets go of all modules; they may import when they like.
_OF_THE_START = {"app", "stored", "assembly", "speaking", "build", "core/timers", "drivers/journal", "transports/link",
                 "online", "carriers"}
_ON_DEMAND = {"on_demand"}  # imports what needs nothing that runs already, and lets go of it by itself
_FREE_BYTES = 103_600  # without TLS and broker; 105,100 when written down. 102,700 are 30 % on line: heap_free of the bench
_NAMES = 2_250  # the table of names doubles at about 2,540, which costs 28 KB; what is loaded on demand adds some 200 for good

_MAIN = """
import asyncio
from firmware import app

_run = asyncio.run

async def _look(unit):
    asyncio.create_task(unit)
    await asyncio.sleep(3)
    import gc, micropython, sys
    micropython.qstr_info()
    gc.collect()
    print("heap-test", gc.mem_free(), [name for name in sys.modules if name.startswith("firmware")])
    await asyncio.sleep(3600)

asyncio.run = lambda unit: _run(_look(unit))
app.run()
"""


def late_imports(source):
    """Lines of imports of our own modules inside functions."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    nodes = [node for function in functions for node in ast.walk(function)]
    return [node.lineno for node in nodes if any(name.split(".")[0] == "firmware" for name in _imported(node))]


def _imported(node):
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_late_imports_are_found():
    assert late_imports("import firmware.nap\ndef f():\n    x = 1\n") == []
    assert late_imports("def f():\n    from firmware.nap import Nap\n") == [2]
    assert late_imports("async def f():\n    import firmware.nap\n") == [2]


def test_nothing_of_the_firmware_is_imported_once_app_has_let_go_of_the_modules():
    late = {name_of(file): late_imports(file.read_text()) for file in FIRMWARE}
    allowed = {"firmware/%s.py" % name for name in _OF_THE_START | _ON_DEMAND}
    assert {name: lines for name, lines in late.items() if lines and name not in allowed} == {}


def needed(name, found):
    """Adds to `found` every module of ours that module `name` brings with it."""
    found.add(name)
    path = ROOT / (name.replace(".", "/") + ".py")
    if path.exists():
        for node in ast.parse(path.read_text()).body:
            for module in _imported(node):
                parts = [module] + ["%s.%s" % (module, alias.name) for alias in getattr(node, "names", ())]
                for part in parts:
                    if part.startswith("firmware.") and (ROOT / (part.replace(".", "/") + ".py")).exists() and part not in found:
                        needed(part, found)
    return found


def loaded_on_demand():
    nodes = ast.walk(ast.parse((ROOT / "firmware/on_demand.py").read_text()))
    names = [name for node in nodes if isinstance(node, ast.ImportFrom) for name in _imported(node)]
    return [name for name in names if name.startswith("firmware.")]


def test_what_is_loaded_on_demand_brings_no_module_that_runs_already():
    loaded = loaded_on_demand()
    assert loaded == ["firmware.walk.run", "firmware.walk.sending", "firmware.proofs", "firmware.audio_loop",
                      "firmware.service"]
    for name in loaded:
        strange = [part for part in needed(name, set()) if not part.startswith(("firmware.walk.", "firmware.core.walk."))]
        assert set(strange) <= {*loaded, "firmware.core.media.tone_meter", "firmware.core.clock", "firmware.core.claim"}, name


def test_what_is_loaded_on_demand_has_no_native_code_which_would_stay_where_it_was_copied_to():
    for name in loaded_on_demand():
        for part in needed(name, set()):
            path = ROOT / (part.replace(".", "/") + ".py")
            assert not path.exists() or "@micropython." not in path.read_text(), part


def test_a_unit_in_a_read_only_image_has_its_heap_free_once_it_runs(tmp_path):
    brokers = [{"host": "127.0.0.1", "port": free_port(), "server_name": "broker.test", "tls": False}]
    root = tmp_path / "root"
    deploy(root, unit_settings("f12", "u1", brokers, "secret"), real_unit.KEY, form="rom")
    (root / "main.py").write_text(_MAIN)
    said = []

    async def scene():
        async with VirtualBoard(root, tmp_path / "state") as board:
            said.append(await real_unit.said(board, "qstr pool"))
            said.append(await real_unit.said(board, "heap-test"))

    asyncio.run(scene())
    names = int(re.search(r"n_qstr=(\d+)", said[0]).group(1))
    free, modules = re.search(r"heap-test (\d+) (.*)", said[1]).groups()
    assert modules == "[]", "a module of the firmware was imported after the start: " + modules
    assert int(free) >= _FREE_BYTES, f"{free} bytes free"
    assert names <= _NAMES, f"{names} names"
