"""A test begun at the unit's serial port, without a desk: the request is written, the unit starts anew, its console is shown."""

import json
import subprocess
import sys

import serial

from . import words
from .ending import EXITS
from .guide import WalkError

REQUEST = "test.req"  # docs/testing.md
_ON_UNIT = "f=open({name!r},'w')\nf.write({text!r})\nf.close()\n"
_MPREMOTE_S = 60
_BAUD = 115200
_READ_S = 0.5
_HINT = """\
Questions to a human stay open unless they are answered by the unit's answer button, or at the desk (python -m tools.walk).
Ctrl-C leaves; the test goes on at the unit."""


def walk(port, who, witness, screen):
    """Exit code by the verdict. Raises WalkError."""
    request(port, who, witness)
    screen.say("begin", f"The unit at {port} starts anew and begins its test.\n{_HINT}", port=port)
    with _console(port) as console:
        return follow(console, screen)


def request(port, who, witness):
    """Write the request and start the unit anew."""
    code = _ON_UNIT.format(name=REQUEST, text=json.dumps({"who": who, "witness": witness}))
    command = [sys.executable, "-m", "mpremote", "connect", port, "exec", code, "reset"]
    try:
        done = subprocess.run(command, timeout=_MPREMOTE_S, check=False, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        raise WalkError(f"no answer from {port} for {_MPREMOTE_S} s. Is it the right port? The unit starts by itself.") from None
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        what = "Is the unit at this port, and no other program on it? `mpremote connect list` shows ports."
        raise WalkError(f"{port}: {last[0]}. {what}")


def _console(port):
    try:
        console = serial.serial_for_url(port, _BAUD, timeout=_READ_S, do_not_open=True)
        console.dtr = console.rts = False  # on most boards these lines reset the chip
        console.open()
    except (serial.SerialException, OSError, ValueError) as error:
        raise WalkError(f"{port}: {error}. The test was asked for all the same: the unit begins it by itself.") from error
    return console


def follow(console, screen):
    """Shows lines of the console until the test is over. `console`: has readline() that gives bytes, b"" after a while."""
    begun, line = False, b""
    while True:
        try:
            line += console.readline()
        except (serial.SerialException, OSError) as error:
            raise WalkError(f"the console is gone ({error}). The test goes on at the unit.") from error
        if not line.endswith(b"\n"):
            continue
        text, line = line.decode("utf-8", "replace").strip(), b""
        screen.say("console", text, line=text)
        if text.startswith("test: not begun") or (text.startswith("test: ") and text.endswith(": no test")):
            raise WalkError(f"the unit does not begin: {_why(text)}")
        said = text.split()
        begun = begun or (said[:1] == ["test"] and "begins;" in said)
        if begun and said[:1] == ["test"] and said[2:3] == ["ended,"]:
            verdict = " ".join(said[3:])
            told = f"{verdict}. {words.VERDICTS.get(verdict, '')}\n  Its record is on the unit, which sends it to the desk."
            screen.say("verdict", "\n" + told, verdict=verdict, record=None)
            return EXITS.get(verdict, 1)


def _why(text):
    reason = text.rpartition(": ")[2]
    return words.REFUSALS.get(reason, text.removeprefix("test: "))
