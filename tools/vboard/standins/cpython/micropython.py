"""`micropython` for CPython: what the firmware's pure code imports, with the same meaning and no cost.

Only on the path of host tests; the board and the virtual board have the real one. `viper` functions run with the ESP32's
32-bit words, so that a test under CPython tells what the board would do and one under the unix port what 64 bits do.
"""

import builtins

from viper_compiler import translate
from viper_values import Pointer, to_uint

_pending = []
for _name in ("ptr8", "ptr16", "ptr32"):
    setattr(builtins, _name, Pointer(_name))  # annotations of viper functions name these without an import
builtins.uint = to_uint


def const(value):
    return value


def native(function):
    return function


def viper(function):
    """The function on 32-bit words and pointers. Raises ViperTypeError for what MicroPython's compiler refuses."""
    return translate(function)


def asm_thumb(function):
    raise NotImplementedError("assembly does not run on the host")


def opt_level(level=None):
    return 0 if level is None else None


def alloc_emergency_exception_buf(size):
    return None


def heap_lock():
    return 0


def heap_unlock():
    return 0


def kbd_intr(character):
    return None


def mem_info(verbose=None):
    return None


def schedule(function, arg):
    """Runs at once: on CPython the tests are the main loop. Between two bytecodes on the board, never inside a handler."""
    _pending.append((function, arg))
    if len(_pending) > 1:
        return  # called from inside a scheduled function: runs after it, as on the board
    while _pending:
        called, with_arg = _pending[0]
        try:
            called(with_arg)
        finally:
            _pending.pop(0)
