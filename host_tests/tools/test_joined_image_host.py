"""The firmware and a sample, joined, compiled and run by the real MicroPython from an image, as on a unit."""

import ast

import pytest

from host_tests.tools.test_rom_host import printed
from tools import joining, rom

_CONST = "from micropython import const\n"
_CALL = (
    _CONST
    + '''
_BASE = const(5)
KINDS = ("hall", "bath")
LIMIT = 7
_WORDS = "%d of %d are too many"


def _check(n):
    if n > LIMIT:
        raise ValueError(_WORDS % (n, LIMIT))
    return n + _BASE


class Call:
    """A call."""

    def __init__(self, _LIMIT=2):
        self._n = _check(_LIMIT)

    def wrong(self):
        raise OSError("this sentence is read from the image")
'''
)
_SUMS = """
import micropython
from micropython import const

from firmware import call
from firmware.call import _check as judge

_BASE = const(100)


@micropython.viper
def total(data: ptr8, n: int) -> int:
    found = int(_BASE)
    for i in range(n):
        found += data[i]
    return found


def _check():
    _LIMIT = 50
    return _LIMIT + call.LIMIT + judge(1)


def both(data):
    return total(data, len(data)), _check(), call.Call()._n, call.KINDS
"""
_START = "from firmware.sums import both\n\n\ndef f():\n    from firmware.rare import rare\n\n    return rare()\n"
_RARE = "from firmware import call\nfrom firmware.call import Call\n\n\ndef rare():\n    return isinstance(call.Call(), Call)\n"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The image of a firmware of five modules, joined."""
    folder = tmp_path_factory.mktemp("sample")
    texts = {"__init__": "", "assembly": _START, "sums": _SUMS, "call": _CALL, "rare": _RARE}
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return rom.compile_all({f"firmware/{name}.py": folder / f"{name}.py" for name in texts}, keep=(), join=True)


def test_a_joined_image_runs_with_constants_native_code_and_late_imports(sample, tmp_path):
    assert "firmware/resident.mpy" in sample and "firmware/call.mpy" not in sample and "firmware/rare.mpy" in sample
    main = "from firmware import assembly\nprint(assembly.both(b'\\x01\\x02\\x03'), assembly.f())\n"
    main += "from firmware import resident as r\nprint([n for n in ('LIMIT', '_BASE', '_WORDS') if n in r.__dict__])\n"
    main += "print([n for n in ('__module__', '__qualname__') if n in r.Call.__dict__], r.Call.__name__)\n"
    said = printed(tmp_path, main, sample)
    assert said == ["(106, 63, 7, ('hall', 'bath')) True", "[]", "[] Call"]


def test_its_tracebacks_can_be_read_and_its_sentences_are_whole(sample, tmp_path):
    main = "import sys\nfrom firmware import assembly, resident as r\nfor n in (lambda: r.Call(9), r.Call().wrong):\n    try:\n"
    main += "        n()\n    except Exception as problem:\n        sys.print_exception(problem)\n"
    said = printed(tmp_path, main, sample)
    texts = {f"firmware/{name}.py": text for name, text in (("assembly", _START), ("sums", _SUMS), ("call", _CALL))}
    made = joining.joined({**texts, "firmware/__init__.py": "", "firmware/rare.py": _RARE})
    read = [joining.readable(line, made) for line in said]
    raising = _CALL.split("\n").index("        raise ValueError(_WORDS % (n, LIMIT))") + 1
    assert f'  File "firmware.call", line {raising}, in _check' in read
    assert "ValueError: 9 of 7 are too many" in read and "OSError: this sentence is read from the image" in read


def test_the_joined_firmware_is_the_same_program_but_for_names_and_imports():
    """Statement by statement: what is in the joined modules is what is in the sources, in the same order."""
    made = joining.of_the_firmware()
    for name, places in made.places.items():
        lines = made.texts[name.replace(".", "/") + ".py"].split("\n")
        for at, (first, source) in enumerate(places):
            last = places[at + 1][0] if at + 1 < len(places) else len(lines) + 1
            before = (rom.ROOT / (source.replace(".", "/") + ".py")).read_text()
            assert _shape("\n".join(lines[first - 1 : last - 1])) == _shape(before), source


def _shape(text):
    """What a module does, with names, imports and texts left out, and `const` likewise; by line."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Return, ast.If, ast.For, ast.While, ast.Assign, ast.AugAssign,
                             ast.Raise, ast.Try, ast.BinOp, ast.Compare, ast.BoolOp, ast.Yield, ast.Await)):  # fmt: skip
            found.append((node.lineno, type(node).__name__))
    return sorted(found)


def test_most_of_the_firmware_is_joined():
    made = joining.of_the_firmware()
    inside = sum(len(places) for places in made.places.values())
    assert set(made.places) == {"firmware.resident", "firmware.spoken", "firmware.carried"}
    assert inside >= 90, "fewer modules than there were: has somebody used one as an object?"
