"""Private data of objects gets shorter names only where nobody can notice: same behaviour, same lines, no two for one."""

import ast
import textwrap

import pytest

from tools import rom
from tools.attributes import mentioned, short_names, shortened


def short(text, keep=()):
    text = textwrap.dedent(text)
    return shortened(text, short_names([text], keep))


def test_data_becomes_letters_and_everything_else_stays():
    text = """
        class Lamp:
            def __init__(self, level):
                self._level = level  # self._level stays in this comment
                self.pause_ms = 20
                self._wait(self._level, "ä", self._level)

            def _wait(self, *levels):
                self._waits = lambda: self._level
    """
    wanted = (
        text.replace("self._level = ", "self._a = ")
        .replace("_wait(self._level", "_wait(self._a")
        .replace("self._level)", "self._a)")
        .replace("self._waits", "self._b")
        .replace("lambda: self._level", "lambda: self._a")
    )
    assert short(text) == textwrap.dedent(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "class C:\n    def f(self, other):\n        return self._data == other._data\n",  # of another object
        "class C:\n    def f(self):\n        return getattr(self, '_data') or self._data\n",
        "class C:\n    _data = 1\n\n    def f(self):\n        return self._data\n",
        "class C:\n    def f(self):\n        return f'{self._data}'\n",
        "class C:\n    def f(self):\n        return self.__data\n",
        "class C:\n    def f(self):\n        return self._data()\n\n    def _data(self):\n        return 1\n",
        "def f(self):\n    return self._data\n",  # no class to tell whose it is
    ],
)
def test_where_a_name_is_known_elsewhere_it_stays(text):
    assert short(text) == text


def test_names_that_others_use_stay():
    text = "class C:\n    def f(self):\n        return self._kept, self._data\n"
    assert short(text, {"_kept"}) == text.replace("_data", "_a")
    assert mentioned(["lamp._kept.level = other._x[0]"]) == {"_kept", "_x"}


def test_classes_share_short_names_but_not_with_those_that_they_inherit_from_in_other_modules():
    base = "class Base:\n    def f(self):\n        self._first = 1\n"
    middle = "import base\n\nclass Middle(base.Base):\n    pass\n"
    last = "class Last(Middle):\n    def g(self):\n        self._second = 2\n"
    sister = "class Sister(Middle):\n    def h(self):\n        self._third = 3\n"
    stranger = "class Stranger:\n    def f(self):\n        self._fourth = 4\n"
    names = short_names([base, middle, last, sister, stranger])
    assert len({names["_first"], names["_second"], names["_third"]}) == 3, names
    assert names["_fourth"] in (names["_first"], names["_second"], names["_third"])


def test_functions_share_names_too_where_that_is_wanted():
    text = """
        class Lamp:
            def __init__(self):
                self._level = 0

            def show(self):
                return self._wait(self._level), [self._wait(n) for n in (1, 2)]

            async def _wait(self, level):
                return level

            def _named(self):
                return getattr(self, "_named")

        def _free(lamp):
            return lamp._free
    """
    text = textwrap.dedent(text)
    assert short_names([text]) == {"_level": "_a"}
    names = short_names([text], functions=True)
    assert set(names) == {"_level", "_wait"} and len(set(names.values())) == 2
    assert shortened(text, names) == text.replace("_level", names["_level"]).replace("_wait", names["_wait"])
    assert "_wait" not in short_names([text], {"_wait"}, functions=True)


def test_a_function_of_a_class_keeps_its_name_if_another_object_is_asked_for_it():
    text = "class C:\n    def f(self, other):\n        return other._go() + self._go()\n\n    def _go(self):\n        return 1\n"
    assert short_names([text], functions=True) == {}
    base = "class B:\n    def _go(self):\n        return 1\n\n\nclass C(B):\n    def _go(self):\n        return super()._go()\n"
    assert short_names([base], functions=True) == {}


def test_a_short_name_is_none_that_is_there_already():
    text = "class C:\n    def f(self):\n        self._a, self._data = 1, 2\n        return self._a, self._data\n"
    changed = short(text)
    assert "self._data" not in changed and changed.count("self._a") == 2


def firmware():
    return [path.read_text() for package in ("firmware", "lib") for path in sorted((rom.ROOT / package).rglob("*.py"))]


def test_no_two_names_of_a_class_of_the_firmware_become_one():
    texts = firmware()
    names = short_names(texts, functions=True)
    for cls in [node for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]:
        own = {node.attr for node in ast.walk(cls) if isinstance(node, ast.Attribute) and node.attr in names}
        own |= {node.name for node in cls.body if getattr(node, "name", None) in names}
        assert len({names[name] for name in own}) == len(own), cls.name


@pytest.mark.parametrize(("functions", "least"), [(False, 250), (True, 450)])
def test_the_firmware_reads_the_same_apart_from_names(functions, least):
    texts = firmware()
    names = short_names(texts, functions=functions)
    assert len(names) > least, "the tool has stopped to find names"
    for before in texts:
        after = shortened(before, names)
        assert len(before.splitlines()) == len(after.splitlines())
        assert _shape(before) == _shape(after)


def _shape(text):
    """The program without the names of attributes."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for field in ("attr", "name"):
            if getattr(node, field, None) and getattr(node, field).startswith("_"):
                setattr(node, field, "_")
    return ast.dump(tree)
