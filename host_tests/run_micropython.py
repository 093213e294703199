"""Runs the dual-runtime tests in a real MicroPython with a bounded heap: `python -m host_tests.run_micropython [words ...]`.

Takes every `test_*.py` below host_tests except `test_*_host.py` (those need CPython), each in a process of its own. With words,
only files whose path contains one of them; `--no-clock`, `--clock`: only those that calculate, or only those that wait for the
real clock and so want the machine to themselves. `--compiled`: `firmware` compiled and run in place from a read-only image, as it
is installed, with `-X heapsize=320k`, which stands for about 160 KB on the board. From source byte code lies in the heap as well:
640 KB. Exit code 0 only if all passed.
"""

import argparse
import os
import pathlib
import subprocess
import sys

from tools import arguments, attributes, rom
from tools.vboard import launch
from tools.vboard.child_process import BOARD_HEAP, CODE_HEAP

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The whole unit at once, module by module: it is installed joined (docs/rom.md), and that fits, which test_heap_host.py measures.
WHOLE = ("test_assembly.py",)
REAL_TIME = ("sleep_ms", "ticks_ms", "ticks_us", "time.time")  # words of a test that keeps time by the real clock
LIMIT_S = 180  # one file; the slowest takes a few seconds, so this only catches a hang

_INSIDE = """
import sys, gc
if len(sys.argv) > 1:
    import uctypes, vfs
    address, length = sys.argv[1].split(":")
    vfs.mount(vfs.VfsRom(memoryview(uctypes.bytearray_at(int(address), int(length)))), "/rom")
sys.path[:] = %(path)r
name = %(module)r
module = __import__(name, None, None, ("",))
passed = failed = 0
for test in sorted(n for n in dir(module) if n.startswith("test_")):
    if "machine" in sys.modules:
        sys.modules["machine"].world.clear()
    gc.collect()
    try:
        getattr(module, test)()
        passed += 1
    except BaseException as error:
        failed += 1
        print("FAILED", test)
        sys.print_exception(error)
print("RESULT", passed, failed)
"""


def keeps_time(file):
    """Does this test wait for the real clock? Judged by its text, so a new one is found by itself."""
    return any(word in file.read_text() for word in REAL_TIME)


def find_tests(words, root=ROOT, clock=None):
    """Dual-runtime test files in order; new ones are found by themselves. `clock`: True for those that keep time, False for the
    others, None for all."""
    files = sorted((root / "host_tests").rglob("test_*.py"))
    files = [file for file in files if not file.stem.endswith("_host")]
    files = [file for file in files if clock is None or keeps_time(file) == clock]
    return [file for file in files if not words or any(word in str(file.relative_to(root)) for word in words)]


def interpreter():
    """Path of the MicroPython next to this Python, else the one on PATH."""
    beside = pathlib.Path(sys.executable).parent / "micropython"
    return str(beside) if beside.exists() else "micropython"


def compiled():
    """The image that holds `firmware` and `lib`, as a unit gets it; names that tests use stay."""
    modules = {str(path.relative_to(ROOT)): path for part in ("firmware", "lib") for path in sorted((ROOT / part).rglob("*.py"))}
    texts = [path.read_text() for path in sorted((ROOT / "host_tests").rglob("*.py"))]
    keep = arguments.keywords(texts) | attributes.mentioned(texts)
    image = ROOT / "build" / "compiled.romfs"
    rom.write(image, rom.image(rom.compile_all(modules, keep=keep)))
    return image


def run_file(file, image, root=ROOT):
    """(passed, failed, output) of one file; `image`: of the firmware, None: its source. A crash, a hang or an import that fails
    counts as one failure."""
    module = ".".join(file.relative_to(root).with_suffix("").parts)
    standins = root / "tools" / "vboard" / "standins"
    path = [str(standins), *(["/rom"] if image else []), str(root), ".frozen", str(root / "lib")]
    heap = BOARD_HEAP if image and file.name not in WHOLE else CODE_HEAP
    program = ["-X", "heapsize=" + heap, "-c", _INSIDE % {"path": path, "module": module}]
    command = [sys.executable, str(launch.__file__), *program, "--", *([str(image)] if image else [])]
    try:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = subprocess.run(command, cwd=root, timeout=LIMIT_S, text=True, check=False, **pipes)
    except subprocess.TimeoutExpired as late:
        return 0, 1, f"not finished after {LIMIT_S} s\n{late.stdout or ''}"
    last = done.stdout.strip().rsplit("\n", 1)[-1].split()
    if done.returncode == 0 and len(last) == 3 and last[0] == "RESULT":
        return int(last[1]), int(last[2]), done.stdout
    return 0, 1, f"{done.stdout}\n(interpreter ended with {done.returncode})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("words", nargs="*", help="run only files whose path contains one of these")
    parser.add_argument("--compiled", action="store_true", help="take `firmware` from an image (default: the source)")
    parser.add_argument("--clock", action=argparse.BooleanOptionalAction,
                        help="only what waits for the real clock, or only what does not (default: both)")
    options = parser.parse_args()
    image = compiled() if options.compiled else None
    os.environ.pop("MICROPYPATH", None)
    total_passed = total_failed = 0
    for file in find_tests(options.words, clock=options.clock):
        passed, failed, output = run_file(file, image)
        total_passed += passed
        total_failed += failed
        print(f"{'FAILED' if failed else 'ok    '} {file.relative_to(ROOT)}: {passed} passed, {failed} failed", flush=True)
        if failed:
            print(output)
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed or not total_passed else 0


if __name__ == "__main__":
    sys.exit(main())
