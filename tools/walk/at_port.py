"""A test begun at the unit's serial port, without a desk: the console is opened with the claim code, the request written by
mpremote, the unit started anew, and its console shown. docs/testing.md."""

import json
import subprocess
import sys

from tools.service import Console, ServiceError

from . import words
from .ending import EXITS
from .guide import WalkError

REQUEST = "test.req"  # docs/testing.md
_ON_UNIT = "f=open({name!r},'w')\nf.write({text!r})\nf.close()\n"
_MPREMOTE_S = 60
_HINT = """\
Questions to a human stay open unless they are answered by the unit's answer button, or at the desk (python -m tools.walk).
Ctrl-C leaves; the test goes on at the unit."""
_BLANK = "is a blank board: it belongs to no flat yet, and there is nothing to test (python -m tools.install)"
_BUSY = "a call is open, somebody speaks with the flat, or a test runs: see to that first, then begin again"


def walk(port, who, witness, screen, code):
    """Exit code by the verdict. `code()`: the claim code of this unit, asked for if it is needed. Raises WalkError."""
    _enter(port, screen, code)
    try:
        request(port, who, witness)
        screen.say("begin", f"The unit at {port} starts anew and begins its test.\n{_HINT}", port=port)
    except BaseException as error:
        _leave_after(port, screen, error)
        raise
    try:
        return Console(port).leave(lambda lines: follow(lines, screen))
    except ServiceError as error:
        raise WalkError(f"the request is written, and the unit is to be left: {error}") from error


def _enter(port, screen, code):
    """Service mode, in which the unit calls nobody. Raises WalkError; the unit runs on then."""

    def say(line):
        if line.startswith("service: "):
            screen.say("console", line, line=line)

    console = Console(port, say)
    try:
        state = console.state()
        if state == "blank":
            raise WalkError(f"{port} {_BLANK}")
        if state != "service":
            console.enter(code())
    except ServiceError as error:
        raise WalkError(_BUSY if error.reason == "busy" else str(error)) from error
    except EOFError:
        raise WalkError("no claim code: nobody is there to be asked. Give it with --code-file, - for standard input") from None
    except (OSError, ValueError) as error:  # of the code's file, or of what is in it
        raise WalkError(str(error)) from error


def request(port, who, witness):
    """Writes the request. Raises WalkError."""
    code = _ON_UNIT.format(name=REQUEST, text=json.dumps({"who": who, "witness": witness}))
    command = [sys.executable, "-m", "mpremote", "connect", port, "exec", code]
    try:
        done = subprocess.run(command, timeout=_MPREMOTE_S, check=False, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        raise WalkError(f"no answer from {port} for {_MPREMOTE_S} s. Is another program at the port?") from None
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        what = "Is the unit at this port, and no other program on it? `mpremote connect list` shows ports."
        raise WalkError(f"{port}: {last[0]}. {what}")


def _leave_after(port, screen, error):
    """Something went wrong, or Ctrl-C, in service mode: the flat is not left without its unit."""
    screen.say("leaving", "No test. The unit is brought back out of service mode ...", port=port)
    try:
        Console(port).leave()
    except ServiceError as problem:
        text = f"{error or 'left by you'} AND THE UNIT IS STILL IN SERVICE MODE, in which it does not call ({problem}): " \
               f"`python -m tools.service --port {port} leave`. It starts by itself 15 min after the way in."
        raise WalkError(text) from error


def follow(lines, screen):
    """Shows lines of the console until the test is over. `lines`: what Console.leave gives to `then`. Raises WalkError."""
    begun = False
    try:
        for text in lines:
            if not text:
                continue
            screen.say("console", text, line=text)
            if text.startswith("test: not begun") or (text.startswith("test: ") and text.endswith(": no test")):
                raise WalkError(f"the unit does not begin: {_why(text)}")
            said = text.split()
            begun = begun or (said[:1] == ["test"] and "begins;" in said)
            if begun and said[:1] == ["test"] and said[2:3] == ["ended,"]:
                return _end(" ".join(said[3:]), screen)
    except ServiceError as error:
        raise WalkError(f"the console is gone ({error}). The test goes on at the unit.") from error
    raise WalkError("the console has ended. The test goes on at the unit.")


def _end(verdict, screen):
    told = f"{verdict}. {words.VERDICTS.get(verdict, '')}\n  Its record is on the unit, which sends it to the desk."
    screen.say("verdict", "\n" + told, verdict=verdict, record=None)
    return EXITS.get(verdict, 1)


def _why(text):
    reason = text.rpartition(": ")[2]
    return words.REFUSALS.get(reason, text.removeprefix("test: "))
