"""Arguments get shorter names only where nobody can notice: same behaviour, same lines, same calls by keyword."""

import ast
import textwrap

import pytest

from tools import rom
from tools.arguments import keywords, shortened


def short(text, keep=()):
    text = textwrap.dedent(text)
    return shortened(text, keywords([text]) | set(keep))


def test_arguments_become_letters_and_everything_else_stays():
    text = """
        class Lamp:
            def set(self, level, pause_ms=20):
                self.level = level  # level stays in this comment
                return self._wait(pause_ms) + level.pause_ms
    """
    wanted = """
        class Lamp:
            def set(self, b, c=20):
                self.level = b  # level stays in this comment
                return self._wait(c) + b.pause_ms
    """
    assert short(text) == textwrap.dedent(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "def f(name):\n    return name\n\nf(name=1)\n",  # by keyword
        "def f(name):\n    return name\n\nf(**{'name': 1})\n",  # a text that could be one
        "import micropython\n\n@micropython.viper\ndef f(name: ptr8):\n    return name[0]\n",
        "def f(name):\n    class C:\n        name = 1\n    return C\n",
        "def f(name):\n    import name\n    return name\n",
        "def f(name):\n    def g():\n        nonlocal name\n        name = 2\n    g()\n    return name\n",
        "def f(name):\n    return f'{name}'\n",
        "def f(self, _, x):\n    return x\n",
    ],
)
def test_where_a_name_means_more_it_stays(text):
    assert short(text) == text


def test_what_others_pass_by_keyword_stays():
    assert short("def f(name, other):\n    return name + other\n", {"name"}) == "def f(name, b):\n    return name + b\n"


@pytest.mark.parametrize(
    "text",
    [
        "def f(first, second):\n    a = first + 1\n    return a * second\n\nRESULT = f(2, 3)\n",
        "b = 7\ndef f(first, second=b):\n    return first + second + b\n\nRESULT = f(2)\n",
        "def f(value):\n    def g(value):\n        return value + 1\n    return g(value) * value\n\nRESULT = f(4)\n",
        "def f(value, other):\n    def g(other=other):\n        return other\n    return g() + g(9)\n\nRESULT = f(4, 5)\n",
        "def f(value):\n    return [value + n for n in range(value)] + [value for value in (8, 9)]\n\nRESULT = f(3)\n",
        "def f(*values, **named):\n    return values, named\n\nRESULT = f(1, 2, key=3)\n",
        "def f(wanted):\n    return lambda wanted, other=wanted: (wanted, other)\n\nRESULT = f(1)(2)\n",
        "def f(error):\n    try:\n        int('x')\n    except ValueError as error:\n        return 1\n\nRESULT = f(1)\n",
        "def f(value):\n    try:\n        open('')\n    except OSError as a:\n        pass\n    return value\n\nRESULT = f(1)\n",
        "def f(value):\n    def a():\n        return 2\n    return value + a()\n\nRESULT = f(1)\n",
        "def f(ä, wert):\n    return 'ü', ä + wert\n\nRESULT = f(1, 2)\n",
        "def f(value, key):\n    value[key] += 1\n    del key\n    return value\n\nRESULT = f([1, 2], 1)\n",
    ],
)
def test_the_result_is_the_same(text):
    before, after = {}, {}
    exec(text, before)
    exec(short(text), after)
    assert after["RESULT"] == before["RESULT"]
    assert len(short(text)) < len(text) or "error" in text


def test_every_module_of_the_unit_stays_the_same_but_for_names():
    paths = sorted((rom.ROOT / "firmware").rglob("*.py"))
    keep = keywords(path.read_text() for path in paths)
    saved = 0
    for path in paths:
        text = path.read_text()
        after = shortened(text, keep)
        assert _shape(after) == _shape(text), path
        assert after.count("\n") == text.count("\n")
        saved += len(text) - len(after)
    assert saved > 10000


def _shape(text):
    """The tree of a module with all names of variables and arguments left out."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = "x"
        elif isinstance(node, ast.arg):
            node.arg = "x"
    return ast.dump(tree)
