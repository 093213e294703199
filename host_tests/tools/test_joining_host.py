"""Modules that are joined do what they did apart; test_joined_image_host.py runs them in the real MicroPython."""

import sys
import types

import pytest

from tools.joining import joined, readable
from tools.joining.scope import JoinError

_GROUPS = (("pack.one", ("pack.start",)), ("pack.two", ("pack.later",)))
_CONST = "from micropython import const\n"


def run(start="", texts=None, **modules):
    """Runs `start`, source of `pack/start.py`, with the modules apart and joined; RESULT of both, which must be the same."""
    files = {f"pack/{name}.py": text for name, text in {"__init__": "", "start": start, **modules, **(texts or {})}.items()}
    made = joined(files, _GROUPS, ("pack.start", "pack.later"), ("pack.first",), ("pack.demand",))
    apart, together = _executed(files), _executed(made.texts)
    assert apart == together
    return together, made


def _executed(files):
    """What `pack.start` leaves in RESULT when it is imported from these files."""
    finder, before = _Finder(files), dict(sys.modules)
    sys.meta_path.insert(0, finder)
    try:
        __import__("pack.start")
        return sys.modules["pack.start"].RESULT
    finally:
        sys.meta_path.remove(finder)
        for name in set(sys.modules) - set(before):
            del sys.modules[name]


class _Finder:
    def __init__(self, files):
        self._files = {file.removesuffix(".py").removesuffix("/__init__").replace("/", "."): file for file in files}
        self._texts = files

    def find_spec(self, name, path=None, target=None):
        if name not in self._files:
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self, is_package=self._files[name].endswith("__init__.py"))

    def create_module(self, spec):
        return types.ModuleType(spec.name)

    def exec_module(self, module):
        code = compile(self._texts[self._files[module.__name__]], module.__name__, "exec")
        exec(code, module.__dict__)


def one(made):
    return made.texts["pack/one.py"]


def test_names_that_clash_stay_two_things():
    a = "_LIMIT = 3\nSTATE = 'a'\n\ndef _next(x):\n    return x + _LIMIT\n\ndef a(x):\n    return _next(x)\n"
    b = "_LIMIT = 40\nSTATE = 'b'\n\ndef _next(x):\n    return x * _LIMIT\n\ndef b(x):\n    return _next(x), STATE\n"
    result, made = run("from pack import a, b\nRESULT = [a.a(1), b.b(2), a.STATE, b.STATE]\n", a=a, b=b)
    assert result == [4, (80, "b"), "a", "b"]
    assert "pack/a.py" not in made.texts and "pack/b.py" not in made.texts


def test_imports_between_joined_modules_are_gone_and_those_of_others_stay_once():
    a = "import json\nfrom os import path\n\ndef size(x):\n    return len(json.dumps(x)), path.join('a', 'b')\n"
    b = "import json\nfrom pack.a import size as length\nfrom pack import a as other\n\ndef both(x):\n"
    b += "    return length(x), other.size(x), json.loads('[1]')\n"
    result, made = run("from pack.b import both\nRESULT = both([1])\n", a=a, b=b)
    assert result == ((3, "a/b"), (3, "a/b"), [1])
    assert one(made).count("import json") == 1 and "import size" not in one(made)


def test_two_imports_of_one_name_are_told_apart():
    a = "from os.path import join\n\ndef a():\n    return join('x', 'y')\n"
    b = "def join(x):\n    return x * 2\n\ndef b():\n    return join(4)\n"
    assert run("from pack.a import a\nfrom pack.b import b\nRESULT = a(), b()\n", a=a, b=b)[0] == ("x/y", 8)


def test_a_variable_does_not_hide_what_a_module_gave():
    a = "def soonest(x):\n    return x - 1\n\nPERIOD = 7\n"
    b = "from pack import a as clock\nfrom pack.a import PERIOD as P\n\ndef b(x):\n    soonest = clock.soonest(x)\n"
    b += "    PERIOD = soonest + P\n    return [PERIOD for PERIOD in range(PERIOD, PERIOD + P, 3)]\n"
    assert run("from pack.b import b\nRESULT = b(1)\n", a=a, b=b)[0] == [7, 10, 13]


def test_a_name_of_a_builtin_is_given_to_no_module_that_does_not_have_it():
    a = "def open(x):\n    return 'mine', x\n\ndef a():\n    return open(1)\n"
    b = "def b(file):\n    return max(1, 2), type(open).__name__\n"
    result = run("from pack import a, b\nRESULT = a.a(), b.b(0), a.open(2)\n", a=a, b=b)[0]
    assert result == (("mine", 1), (2, "builtin_function_or_method"), ("mine", 2))


def test_modules_are_executed_in_the_order_of_their_imports():
    log = "SEEN = []\n"
    imports = (("a", "from pack import b"), ("b", "from pack.c import SEEN as _again"), ("c", ""), ("d", ""))
    parts = {name: f"from pack.log import SEEN\n{more}\nSEEN.append('{name}')\n" for name, more in imports}
    start = "from pack import d, a\nfrom pack.log import SEEN\nRESULT = SEEN\n"
    assert run(start, log=log, **parts)[0] == ["d", "c", "b", "a"]


def test_a_module_that_imports_itself_is_refused():
    with pytest.raises(JoinError, match="imports itself"):
        run("from pack import a\nRESULT = 1\n", a="from pack import b\n", b="from pack import a\n")


def test_late_imports_of_joined_modules_and_of_others():
    a = "def a():\n    from pack.b import value\n    from pack import b as other\n    from pack.rare import rare\n"
    a += "    import os.path as p\n    return value(), other.value(), rare(), p.join('x', 'y')\n"
    b = "def value():\n    return 5\n"
    rare = "from pack import b\nfrom pack.b import value as v\n\ndef rare():\n    return b.value() + v()\n"
    result, made = run("from pack import a, b\nRESULT = a.a(), b.value()\n", a=a, b=b, rare=rare)
    assert result == ((5, 5, 10, "x/y"), 5)
    assert "pack/rare.py" in made.texts and "pack/b.py" not in made.texts


def test_classes_decorators_defaults_and_global():
    a = "_STEP = 2\n_count = 0\n\ndef _twice(f):\n    return lambda *x: f(*x) * _STEP\n\n\nclass A:\n"
    a += "    size = 3\n\n    @_twice\n    def f(self, x=_STEP):\n        global _count\n        _count += 1\n"
    a += "        return x + self.size\n\n    @property\n    def count(self):\n        return _count\n"
    b = "from pack.a import A\n\n_STEP = 9\n_count = 100\n\n\nclass B(A):\n"
    b += "    def f(self, x=_STEP):\n        return super().f(x), _STEP\n"
    start = "from pack.b import B\nb = B()\nRESULT = b.f(1), b.f(2), b.f(), b.count\n"
    assert run(start, a=a, b=b)[0] == ((8, 9), (10, 9), (24, 9), 3)


def test_the_later_joined_module_reaches_the_first_through_it():
    a = "LIMIT = 6\n\nclass A:\n    def f(self):\n        return LIMIT\n"
    c = "from pack import a as x\nfrom pack.a import A\n\nclass C(A):\n    def g(self):\n        return self.f() + x.LIMIT\n"
    later = "from pack.c import C\n\ndef make():\n    return C()\n"
    start = "from pack import a\n\ndef f():\n    from pack import later\n    return later.make().g(), a.LIMIT\n\nRESULT = f()\n"
    result, made = run(start, a=a, c=c, later=later)
    assert result == (12, 6) and "class C(one.A)" in made.texts["pack/two.py"]


def test_numbers_and_texts_set_once_become_constants_and_others_do_not():
    a = _CONST + "_A = const(3)\nB = 4\nC = B\nD = 1 << 4\nE = 'a text'\nF = 1\nF = 2\n_g = 0\nH = None\n\n"
    a += "def use():\n    global _g\n    _g += 1\n    _B = 99\n    return _A, B, C, D, E, F, _g, H, _B\n"
    result, made = run("from pack.a import use, D\nRESULT = use(), D\n", a=a)
    assert result == ((3, 4, 4, 16, "a text", 2, 1, None, 99), 16)
    lines = one(made)
    assert "= const(4)" in lines and "_E = const('a text')" in lines and "\nD = const(1 << 4)" in lines
    assert "F = const" not in lines and "_g = const" not in lines and "_B = const(4)" not in lines  # _B is a variable


def test_a_module_as_an_object_stays_a_module():
    whole = "def f():\n    return 1\n"
    a = "from pack import whole\n\ndef a(module=whole):\n    return module.f()\n"
    result, made = run("from pack.a import a\nRESULT = a()\n", a=a, whole=whole)
    assert result == 1 and "pack/whole.py" in made.texts


def test_what_is_loaded_on_demand_or_first_brings_copies_of_what_it_imports():
    demand = {"demand/__init__": "", "demand/walk": "from pack import clock\n\ndef walk():\n    return clock.add(1)\n"}
    clock = "def add(x):\n    return x + _ONE\n\n_ONE = 1\n"
    start = "from pack import clock, first\nfrom pack.demand.walk import walk\nRESULT = clock.add(2), walk(), first.F\n"
    result, made = run(start, demand, clock=clock, first="from pack import clock\nF = clock.add(5)\n")
    assert result == (3, 2, 6)
    assert made.texts["pack/clock.py"] == clock and "def add" in one(made)
    for more in ("_cache = {}\n", "_seen = list()\n", "def f():\n    global _ONE\n    _ONE = 2\n"):
        with pytest.raises(JoinError, match="pack.clock:[56]: is loaded a second time on demand"):
            run(start, demand, clock=clock + more, first="F = 1\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def f(x):\n    return f'{x}'\n", "f-string"),
        ("from pack import b\nb.VALUE = 3\n", "set from outside"),
        ("from pack.b import VALUE\nVALUE = 3\n", "imported and set"),
        ("from pack.b import missing\n", "pack.b has no missing"),
        ("from pack import b\n\ndef f():\n    return b.missing\n", "pack.b has no missing"),
        ("from . import b\n", "relative import"),
        ("X = 1\n\nclass C:\n    X = X\n", "of the class or of the module"),
        ("try:\n    int('x')\nexcept ValueError as e:\n    pass\n", "outside a function"),
        ("from pack.b import *\n", "import \\*"),
        ("import pack.b\n", "write `from"),
        ("def (:\n", "pack.a:1: "),
    ],
)
def test_what_cannot_be_told_apart_is_refused_by_file_and_line(text, why):
    with pytest.raises(JoinError, match=why):
        run("from pack import a\nRESULT = 1\n", a=text, b="VALUE = 1\n")


def test_code_in_a_package_itself_is_refused():
    with pytest.raises(JoinError, match="code in a package"):
        run("RESULT = 1\n", {"__init__": "X = 1\n"})


def test_a_traceback_is_turned_back_into_the_sources():
    a = '"""Doc."""\n\n\ndef a():\n    return 1\n'
    b = '"""Doc."""\nfrom pack import a\n\n\nclass B:\n    """Doc,\n    two lines."""\n\n'
    b += "    def f(self):\n        return [][a.a()]\n"
    _, made = run("from pack.b import B\nRESULT = 1\n", a=a, b=b)
    lines = one(made).split("\n")
    at = lines.index("        return [][a()]") + 1
    assert made.place("pack.one", at) == ("pack.b", 10)
    assert made.place("pack.start", 7) == ("pack.start", 7)
    log = f'  File "firmware.resident", line {at}, in f\n'
    made.places["firmware.resident"] = made.places["pack.one"]
    assert readable(log, made) == '  File "pack.b", line 10, in f\n'
    assert readable("anything else\n", made) == "anything else\n"


def test_a_function_with_a_shared_name_is_called_by_its_own_again(tmp_path):
    (tmp_path / "firmware").mkdir()
    text = "class C:\n    def _go(self):\n        return [f for f in [1][2:]][0]\n\n\ndef _other():\n    pass\n\n\nX = 1\n"
    (tmp_path / "firmware" / "c.py").write_text(text)
    _, made = run("RESULT = 1\n")
    made.places["firmware.resident"] = [(11, "firmware.c")]
    for line, name, wanted in (
        (13, "_a", "_go"),
        (17, "_b", "_other"),
        (20, "_a", "_a"),
        (13, "<listcomp>", "<listcomp>"),
        (13, "go", "go"),
    ):
        trace = f'  File "firmware.resident", line {line}, in {name}'
        assert readable(trace, made, tmp_path) == f'  File "firmware.c", line {line - 10}, in {wanted}'
    assert readable('  File "firmware.c", line 3, in _a', made, tmp_path) == '  File "firmware.c", line 3, in _go'


def test_sentences_and_names_of_classes_are_not_kept():
    a = "class A:\n    '''Doc.'''\n\n    def f(self, x):\n"
    a += "        if x:\n            raise ValueError('no such thing as %d, alas' % x)\n"
    a += "        return 'a sentence of two words', 'LONG_NAME_OF_SOMETHING', 'no'\n"
    start = "from pack.a import A\n\ndef f(x):\n    try:\n        return A().f(x)\n"
    start += "    except ValueError as e:\n        return str(e)\n\n"
    result, made = run(start + "RESULT = f(0), f(3)\n", a=a)
    assert result == (("a sentence of two words", "LONG_NAME_OF_SOMETHING", "no"), "no such thing as 3, alas")
    text = one(made)
    assert "raise ValueError(_SAID[0:25] % x)" in text and "del __module__, __qualname__" in text
    assert "def _names(): LONG_NAME_OF_SOMETHING; no; ord()\n" in text


def test_short_texts_are_names_also_where_a_constant_holds_them():
    a = "WORDS = ('TICK', 'calm.bin', '#', 'class')\n\ndef f(word):\n    '''Finds.'''\n    return WORDS.index(word)\n"
    result, made = run("from pack.a import f\n\nRESULT = f('#'), f('class')\n", a=a)
    assert result == (2, 3) and "def _names(): TICK; ord('#', 'calm.bin', 'class')\ndel _names\n" in one(made)
