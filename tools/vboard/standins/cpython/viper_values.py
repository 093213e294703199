"""What a viper function works on, as the ESP32 has it: 32-bit words and pointers into buffers.

Used by the code that viper_compiler.py makes. Where the ESP32 would silently read or write outside a buffer, these raise.
"""

import ctypes

_SIZES = {"ptr8": 1, "ptr16": 2, "ptr32": 4}
_CODES = {"ptr8": "B", "ptr16": "H", "ptr32": "i"}  # a 32-bit load gives an int, which is signed on the board


class ViperTypeError(TypeError):
    """What MicroPython's compiler says of a function whose types do not fit."""


class Pointer:
    """The name `ptr8` outside viper code, where only annotations use it."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name

    def __call__(self, value):
        raise TypeError(f"{self.name}() has a meaning in viper code only")


def to_int(value):
    """An integer object as a signed word. Raises TypeError for anything else."""
    return ((_integer(value) + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def to_uint(value):
    return _integer(value) & 0xFFFFFFFF


def to_bool(value):
    return bool(value)


def _integer(value):
    if not isinstance(value, int):
        raise TypeError(f"can't convert {type(value).__name__} to int")
    return value


def to_pointer(value, kind):
    """A view of a buffer in elements of ptr8, ptr16 or ptr32; a last half element is left out.

    Raises TypeError for what has no buffer, NotImplementedError for an address, ValueError where the buffer begins at an odd
    address for its elements: x64 bears that, other processors trap.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        raise NotImplementedError("addresses as pointers do not exist on the host")
    view = memoryview(value).cast("B") if memoryview(value).nbytes else memoryview(bytearray())
    size = _SIZES[kind]
    if size > 1 and not view.readonly and len(view) and ctypes.addressof(ctypes.c_char.from_buffer(view)) % size:
        raise ValueError(f"a {kind} to an unaligned address")
    return view[: len(view) // size * size].cast(_CODES[kind])


def to_moved(view, distance, kind):
    """A pointer `distance` bytes further on. Raises IndexError for one that leaves the buffer (its end is still a pointer)."""
    octets = view.cast("B")
    if not 0 <= distance <= len(octets):
        raise IndexError(f"a pointer moved by {distance} bytes in {len(octets)}")
    return to_pointer(octets[distance:], kind)


def below():
    """The index of a load or a store was negative: the board would touch what lies before the buffer."""
    raise IndexError("negative index of a pointer")


def count(value):
    """A shift count. Raises ValueError outside 0..31, where ESP32, ARM and x64 each do something else."""
    if not 0 <= value <= 31:
        raise ValueError(f"shift by {value}")
    return value
