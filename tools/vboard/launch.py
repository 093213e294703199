"""Starts MicroPython with images of read-only files in memory, as an ESP32 has its flash: outside the heap, not to be written.

    python launch.py ARGUMENT ... -- IMAGE ...

MicroPython gets its arguments and, after them, ADDRESS:LENGTH of each image. It works because this MicroPython is an extension
of Python: the images are mapped into the process that it then runs in. `shared:IMAGE` may be written: it is a whole flash chip.
"""

import ctypes
import mmap
import os
import sys

import micropython_run

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.mmap.restype = ctypes.c_void_p
_LIBC.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
_FAILED = ctypes.c_void_p(-1).value


def mapped(path):
    """ADDRESS:LENGTH of the file's content; the mapping lasts as long as the process. Raises OSError."""
    shared = path.startswith("shared:")
    mode, rights = ("r+b", mmap.PROT_READ | mmap.PROT_WRITE) if shared else ("rb", mmap.PROT_READ)
    with open(path.removeprefix("shared:"), mode) as file:
        length = os.fstat(file.fileno()).st_size
        address = _LIBC.mmap(None, length, rights, mmap.MAP_SHARED if shared else mmap.MAP_PRIVATE, file.fileno(), 0)
    if address == _FAILED:
        raise OSError(ctypes.get_errno(), f"cannot map {path}")
    return f"{address}:{length}"


def main():
    end = sys.argv.index("--")
    return micropython_run.run_main(["micropython", *sys.argv[1:end], *(mapped(image) for image in sys.argv[end + 1 :])])


if __name__ == "__main__":
    sys.exit(main())
