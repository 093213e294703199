"""Which names and makers of joined modules nothing needs any more once the unit runs."""

import ast
import builtins

import pytest

from tools.joining import OF_THE_START, ROOT, of_the_firmware
from tools.joining.unread import FILE, LET_GO, unneeded, written

_JOINED = ("firmware.resident", "firmware.spoken")
_STAYS = "firmware/online.py"  # of this something stays when the unit runs
_GOES = "firmware/assembly.py"


def of(resident, spoken="", **others):
    """(names, classes) of `resident` that are not needed, without `__file__`. `others`: {online, assembly: source}."""
    texts = {"firmware/resident.py": resident, "firmware/spoken.py": spoken}
    texts |= {f"firmware/{name}.py": text for name, text in others.items()}
    left, made = unneeded(texts, _JOINED)
    assert "__file__" in left["firmware.resident"] and "__name__" not in left["firmware.resident"]
    return left["firmware.resident"] - {"__file__"}, made["firmware.resident"]


def test_what_a_function_reads_stays_and_what_only_the_module_reads_goes():
    names, _ = of("import time\nimport gc\nA = 1\nB = (A, 2)\nC = 3\ndef f(a=C):\n    return B, time\ndef g():\n    f()\n")
    assert names == {"A", "C", "gc", "g"}


@pytest.mark.parametrize("use", ["g = lambda: A", "def g(): return [A for _ in range(2)]", "def g(x):\n    global A\n    A = x",
                                 "class G:\n    def g(self): return A", "async def g():\n    def h(): return A\n    return h",
                                 "def g():\n    class H:\n        b = A\n    return H", "def g():\n    A.b = 1",
                                 "def g():\n    del A[0]", "def g():\n    for x in A: pass"])  # fmt: skip
def test_all_that_reads_later(use):
    assert "A" not in of(f"A = [1]\n{use}\n")[0]
    assert "A" in of(f"A = [1]\nB = 1\n{use.replace('A', 'B')}\n")[0]


def test_a_variable_of_the_same_name_reads_nothing():
    assert of("A = 1\ndef g(A):\n    return A\n")[0] == {"A", "g"}


def test_what_another_module_reads_through_the_module_stays():
    names, _ = of("def add(): pass\ndef reached(): pass\nC = 1\nD = 2\n",
                  "from firmware import resident\ndef f(): resident.add()\n",
                  online="from firmware import resident as clock\nfrom firmware.resident import D\ndef f(): return clock.C\n")
    assert names == {"reached", "D"}, "what is imported by name is in the table of who imports it"


_ONCE = "class A:\n    def __init__(self):\n        self.b = B()\nclass B:\n    def __init__(self): pass\n"


def test_makers_of_what_only_the_start_makes_go_and_what_they_alone_make_as_well():
    assert of(_ONCE, assembly="from firmware.resident import A\ndef f(): return A()\n") == ({"A", "B"}, {"A", "B"})


@pytest.mark.parametrize("more", ["def f(): return A()", "def f(x): return isinstance(x, A)", "T = {'a': A}", "def f(): A.x = 1",
                                  "class C(A): pass\ndef f(): return C()", "class C(A): pass\nclass D(C): pass\nd = lambda: D()",
                                  "d = A", "d = A.__init__"])  # fmt: skip
def test_makers_of_what_may_be_made_later_stay(more):
    assert of(f"{_ONCE}{more}\n")[1] == set()


@pytest.mark.parametrize("name, more, stay", [
    ("online", "from firmware.resident import A\n", True),
    ("assembly", "from firmware.resident import A\ndef f(x): x.kind = A\n", True),
    ("assembly", "from firmware.resident import A as Z\ndef f(x): x(Z)\n", True),
    ("assembly", "from firmware.resident import A as Z\ndef f(x): x(Z())\n", False),
    ("online", "from firmware import resident\ndef f(): resident.A()\n", True),
])  # fmt: skip
def test_a_class_that_another_module_may_hand_on_or_make_keeps_its_maker(name, more, stay):
    assert of(_ONCE, **{name: more})[1] == (set() if stay else {"A", "B"})


def test_a_class_that_speech_imports_keeps_its_maker():
    assert of(_ONCE, "from firmware.resident import B\ndef f(): B()\n")[1] == {"A"}


def test_a_function_in_a_maker_may_stay():
    names, made = of("X = 1\nY = 2\nclass A:\n    def __init__(self):\n        self.x = lambda: X\n        self.y = Y\n")
    assert made == {"A"} and names == {"A", "Y"}


def test_a_maker_in_a_class_of_another_name_and_in_a_function_is_read():
    names, made = of("X = 1\ndef f():\n    class A:\n        def __init__(self): self.x = X\n    return A()\n"
                     "class A:\n    def __init__(self): pass\n")
    assert "X" not in names, "a class in a function is made whenever it runs"
    assert made == {"A"}


def test_the_names_are_written_into_the_one_place_for_them():
    texts = {"firmware/resident.py": _ONCE, FILE: "NAMES = {}  # x\nMADE = {}\n"}
    assert written(texts, _JOINED[:1]) == ("NAMES = {'firmware.resident': 'A B __file__'}  # x\n"
                                           "MADE = {'firmware.resident': 'A B'}\n")
    with pytest.raises(ValueError, match="NAMES"):
        written({**texts, FILE: "MADE = {}\n"}, _JOINED[:1])


def _globals_read(tree, skipped):
    """Names that function bodies of the module read and do not set, found without symtable. `skipped`: ids of functions."""
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))]
    found = set()
    for function in functions:
        if id(function) not in skipped:
            body = function.body if isinstance(function.body, list) else [function.body]
            found |= {node.id for part in body for node in ast.walk(part) if isinstance(node, ast.Name)}
    return found


def test_in_the_real_image_nothing_that_is_forgotten_is_named_by_a_function_that_stays():
    """Another way to the same: names in function bodies, where only a variable of the function may have a forgotten one."""
    texts = of_the_firmware().texts
    left, made = unneeded(texts, _JOINED)
    assert len(left["firmware.resident"]) > 50 and len(made["firmware.resident"]) > 20, "nothing would be won"
    for module in _JOINED:
        tree = ast.parse(texts[module.replace(".", "/") + ".py"])
        classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        makers = {id(part) for name in made[module] for part in classes[name].body if getattr(part, "name", "") == "__init__"}
        assert len(makers) == len(made[module])
        own = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        own |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                and node.col_offset > 0}  # fmt: skip
        assert _globals_read(tree, makers) & left[module] <= own | set(dir(builtins)), module


# Handed to what calls them at once, and nowhere else.
_CALLED_AT_ONCE = {"_volatile", "_mains", "_battery", "_switch"}


@pytest.mark.parametrize("module", LET_GO)
def test_nothing_can_stay_of_a_module_that_is_let_go(module):
    """No function of it is handed on, alone or with its object, and none is made in another."""
    assert module in OF_THE_START
    tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text())
    nodes = list(ast.walk(tree))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    assert not [node for node in nodes if isinstance(node, (ast.AsyncFunctionDef, ast.Lambda, ast.Yield))]
    assert not [part for function in functions for part in ast.walk(function) if part is not function and isinstance(part, kinds)]
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    outside = {node.name for node in tree.body if isinstance(node, kinds)}
    handed = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called} & outside
    of_objects = {node.name for node in functions} - outside
    handed |= {node.attr for node in nodes if isinstance(node, ast.Attribute) and id(node) not in called} & of_objects
    assert handed <= _CALLED_AT_ONCE


def test_the_image_of_the_real_firmware_has_them_written():
    made = of_the_firmware()
    names = {}
    exec(made.texts[FILE], names)
    assert set(names["NAMES"]) == set(names["MADE"]) == {*_JOINED, "firmware.carried"}
    assert {"Shell", "Unit"} <= set(names["MADE"]["firmware.resident"].split())
    assert "add" not in names["NAMES"]["firmware.resident"].split()
