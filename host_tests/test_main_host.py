"""main.py in the real MicroPython: however the application ends, and however full the memory is then, the board starts anew."""

import subprocess

import pytest

from host_tests.run_micropython import ROOT, interpreter

LIMIT_S = 60
# Built-in modules cost a board no memory: here they are made before. What the application has made outlives it in `hoard`, as
# asyncio holds the tasks of a unit.
_INSIDE = """
import sys
class Machine:
    @staticmethod
    def reset():
        sys.stdout.write("RESET\\n")
class Micropython:
    @staticmethod
    def kbd_intr(char):
        print("CTRL-C", char)
hoard = [None] * 10000
class App:
    @staticmethod
    def run():
        print("APP")
        place = 0
        try:
            while %(fills)r:
                hoard[place] = bytearray(1)
                place += 1
        except MemoryError:
            assert place < len(hoard)
        %(ends)s
class Rescue:
    @staticmethod
    def listen():
        print("LISTENS")
class Firmware:
    app, rescue = App, Rescue
sys.modules["machine"], sys.modules["firmware"], sys.modules["micropython"] = Machine, Firmware, Micropython
main = compile(open(%(main)r).read(), "main.py", "exec")
names = {"__name__": "__main__"}
try:
    exec(main, names)
except BaseException:
    hoard = None
print("ENDED")
"""


@pytest.mark.parametrize(("fills", "ends", "resets"), [
    (True, "raise MemoryError", True), (False, "raise MemoryError", True), (False, "raise SystemExit", True),
    (False, "raise KeyboardInterrupt", True), (False, "return False", True), (False, "return True", False),
])  # fmt: skip
def test_only_an_application_that_says_so_leads_to_the_prompt(fills, ends, resets):
    program = _INSIDE % {"fills": fills, "ends": ends, "main": str(ROOT / "main.py")}
    command = [interpreter(), "-X", "heapsize=400k", "-c", program]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=LIMIT_S, check=False)
    said = done.stdout.splitlines()
    assert said[-1:] == ["ENDED"] and ("RESET" in said) == resets, done.stdout + done.stderr
    assert said[:2] == ["CTRL-C -1", "APP"], "Ctrl-C is off before all else"
    if not fills:
        wanted = ["LISTENS", "RESET"] if ends.startswith("raise") else ["RESET"] if resets else []
        heard = [line for line in said[2:-1] if line in ("LISTENS", "RESET")]
        assert heard == wanted, "whatever it was, the claim code is listened for, and then it starts anew"
