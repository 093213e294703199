"""Power cuts at every block operation of a real littlefs lose and double no record, and the sweep finds builds that do (P7)."""

import re
import subprocess

import pytest

from host_tests.run_micropython import ROOT, interpreter

_PROGRAM = """
import sys
sys.argv[1:] = %r
sys.path[:] = %r
import host_tests.walk.littlefs_cuts
"""


def swept(build, seconds):
    """(cut states that held, True if a promise was broken, what was said)."""
    path = [str(ROOT / "tools" / "vboard" / "standins"), str(ROOT), ".frozen"]
    command = [interpreter(), "-X", "heapsize=8m", "-c", _PROGRAM % ([build, str(seconds)], path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    found = re.fullmatch(r"(?s)(.*)CUTS (\d+) ([01])\n", done.stdout)
    assert found and done.returncode == 0, done.stdout + done.stderr
    return int(found.group(2)), found.group(3) == "1", found.group(1)


def test_no_cut_of_the_power_loses_or_doubles_a_record_and_the_chain_holds():
    states, broken, said = swept("none", 200)
    print(f"{states} cut states")
    assert not broken, said
    assert states > 3000


@pytest.mark.parametrize(("build", "promise"), [("names_first", "lost"), ("writes_in_place", "open.bad"), ("forgets", "results")])
def test_the_sweep_catches_a_build_that_breaks_a_promise(build, promise):
    _, broken, said = swept(build, 0)
    assert broken and promise in said
