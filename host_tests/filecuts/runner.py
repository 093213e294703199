"""Starts the programs of this folder that run in MicroPython."""

import re
import subprocess

from host_tests.run_micropython import ROOT, interpreter

_HEAP = "64m"  # of the harness, which holds an image of the flash for every operation of a life
_PROGRAM = """
import sys
sys.argv[1:] = %r
sys.path[:] = %r
import host_tests.filecuts.%s
"""


def command(program, *arguments):
    """Of a program of this folder, by its name; for subprocess."""
    path = [str(ROOT / "tools" / "vboard" / "standins"), str(ROOT), ".frozen"]
    words = [str(argument) for argument in arguments]
    return [interpreter(), "-X", f"heapsize={_HEAP}", "-c", _PROGRAM % (words, path, program)]


def said(program, *arguments, pattern):
    """(numbers of the last line, which must be `pattern`; what was printed before it). AssertionError if it ended otherwise."""
    done = subprocess.run(command(program, *arguments), capture_output=True, text=True, timeout=600, check=False)
    found = re.fullmatch(rf"(?s)(.*){pattern}\n", done.stdout)
    assert found and done.returncode == 0, done.stdout + done.stderr
    return [int(number) for number in found.groups()[1:]], found.group(1)
