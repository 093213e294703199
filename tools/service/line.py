"""A unit's console over a serial line: what it is in, into service mode, out of it. docs/service-mode.md has the words.

    console = Console("/dev/ttyUSB0")
    console.state()                    # "blank", "running", "service" or "silent"
    console.enter("K7QM-3XRT-9WDP")    # then mpremote works at the port, for 15 min at a time
    console.renew()
    console.leave()                    # returns when the unit has said that it runs

Each opens the port and closes it again, so that other programs can have it in between.
"""

import re
import time

import serial

from tools.service import claim
from tools.service.port import opened

_WHO_S, _WHO_TRIES = 2.5, 2  # a unit looks at its console once a second
_PROMPT_S = 2.0
_CHECK_S = 30.0  # a claim's rounds on a busy unit, and the seconds in which it looks
_OPEN_S = 60.0  # tone and words in the flat, the report to the service, and the start
_START_S = 120.0  # from the restart to the line that says that the unit runs
_LAST_LINES = 3
_RUNS = re.compile(r"unit \S+ running|unit \S+ started, session ")
_STARTED = re.compile(r"unit (\S+) started, session ")
_LOOK = b"import os;print('look'+'ed',sum(n[-5:]=='.json'and n.split('.')[0]in('claim','settings')for n in os.listdir('/')))\r\n"
_LOOKED = re.compile(r"^looked (\d+)")
_PROMPT = b"\r\x03\x03\x02"  # end what is being typed or runs, leave the raw REPL
_RENEW = b"from firmware.service_mode import renew;renew();print('renew'+'ed')\r\n"
_LEAVE = b"import machine;machine.reset()\r\n"

# What the unit answers to `service CODE`: beginning of the line -> what to tell.
_REFUSALS = (
    ("service: wrong code", "code", "wrong code. Is it the label of this very unit? Each wrong one makes the next wait longer"),
    ("service: this unit has no claim code", "claim",
     "this unit has no claim code that can be read: it can only be written anew (docs/service-mode.md)"),
    ("service: not opened: ", "busy", "not opened: {rest}. `--now` opens all the same; an open call is taken up again then"),
    ("service: called off: ", "busy", "called off while it was opening: {rest}. Try again when that is over, or with `--now`"),
    ("service: wait ", "wait", "it waits after wrong codes: try again in {rest}"),
    ("service: not now: ", "memory", "it has no room to check a code just now ({rest}); try again in a minute"),
    ("service: a code is being looked at", "wait", "a code is being checked already; try again in a moment"),
)  # fmt: skip


class ServiceError(Exception):
    """What went wrong and what to do next. `reason`: port, silent, code, claim, busy, wait, memory, service or start."""

    def __init__(self, reason, text):
        super().__init__(text)
        self.reason = reason


def _send(line, data):
    """Raises ServiceError if the port takes nothing any more."""
    try:
        line.write(data)
    except (serial.SerialException, OSError) as error:
        raise _gone(error) from error


def _gone(error):
    return ServiceError("port", f"the port is gone ({error}): put the cable back and look at the unit's state")


class Console:
    """`port`: as pyserial takes it; `say(line)`: told of each line that the unit prints."""

    def __init__(self, port, say=None):
        self.port = port
        self._say = say or (lambda line: None)
        self._heard, self._new, self._rest = [], [], b""

    def state(self):
        """`running`: a unit that calls; `blank`: a prompt without any identity; `service`: a prompt with one; `silent`: nothing
        that is known. Does not disturb a unit that runs. Raises ServiceError."""
        with self._open() as line:
            return self._state(line)

    def enter(self, code, now=False):
        """The unit is in service mode when this returns; it stays as it is if it is at its prompt already. `now`: whatever goes
        on. Raises ServiceError, ValueError for what is no code."""
        code = claim.written(code)
        with self._open() as line:
            state = self._state(line)
            if state in ("blank", "service"):
                return
            if state == "silent":
                self._until(line, r"service: this unit does not run|started, session ", _START_S, "silent",
                            "nothing that is known answers. Is it the right port, and is the unit powered?")
            _send(line, b"\nservice " + code.encode() + (b" now\n" if now else b"\n"))
            words = "|".join(re.escape(begins) for begins, _, _ in _REFUSALS)
            answer = self._until(line, rf"^service: opening|^service: opened|{words}", _CHECK_S, "silent",
                                 "the unit does not answer to its code. Try again; if it stays so, press its reset button first")
            self._check(answer)
            answer = self._until(line, rf"^service: the console is open|{words}", _OPEN_S, "silent",
                                 "the unit took the code and did not come back with its prompt. Look at its state again")
            self._check(answer)
            if not self._prompt(line):
                raise ServiceError("silent", "service mode has begun, and its prompt does not answer. Try `state`")

    def renew(self):
        """15 minutes from now. Raises ServiceError if the unit is not in service mode."""
        with self._open() as line:
            if self._state(line) != "service":
                raise ServiceError("service", "the unit is not in service mode: there is nothing to renew")
            _send(line, _RENEW)
            self._until(line, r"^renewed", _PROMPT_S * 2, "service", "the unit does not renew. Look at its state again")

    def leave(self, then=None):
        """Restarts the unit; returns its name once it has said that it runs. A unit that runs already is left alone. Raises
        ServiceError if it does not come. `then(lines)`: goes on at the same opening of the port, and what it gives is returned
        instead; `lines`: endless iterator of what the unit prints, from the restart on, with "" for each moment without."""
        with self._open() as line:
            state = self._state(line)
            if state == "silent":
                raise ServiceError("silent", f"nothing answers at {self.port}: press the unit's reset button, then try `state`")
            since = len(self._heard)
            if state != "running":
                self._restart(line)
            return then(self._lines(line, since)) if then else self._name()

    def _restart(self, line):
        _send(line, _LEAVE)
        found = self._until(line, r"started, session |blank unit: waiting|service: this unit does not run", _START_S, "start",
                            "the unit has not said that it runs")
        if "started, session " not in found:
            raise ServiceError("start", f"it does not run: {found}. Put right what is missing, then leave again")

    def _lines(self, line, since):
        while True:
            yield from self._heard[since:] or [""]
            self._heard = self._heard[:since]  # whoever listens for an hour keeps no hour of it
            self._read(line)

    # --- the line

    def _open(self):
        self._heard, self._new, self._rest = [], [], b""
        try:
            return opened(self.port)
        except (serial.SerialException, OSError, ValueError) as error:
            why = f"{self.port}: {error}. Is the cable in, and no other program at the port? `mpremote connect list` shows ports"
            raise ServiceError("port", why) from error

    def _state(self, line):
        for _ in range(_WHO_TRIES):
            _send(line, b"\nwho\n")
            if self._wait(line, _RUNS, _WHO_S):
                return "running"
            if self._rest.endswith(b">>> ") or any(text.startswith((">>>", "blank unit: ")) for text in self._heard):
                break
        if not self._prompt(line):
            return "silent"
        _send(line, _LOOK)
        found = self._wait(line, _LOOKED, _PROMPT_S)
        if not found:
            return "silent"
        return "service" if int(_LOOKED.search(found)[1]) else "blank"

    def _prompt(self, line):
        """True if a prompt answers. A unit that runs takes these bytes for noise."""
        _send(line, _PROMPT)
        end_s = time.monotonic() + _PROMPT_S
        while time.monotonic() < end_s:
            self._read(line)
            if self._rest.endswith(b">>> "):
                return True
        return False

    def _check(self, answer):
        for begins, reason, text in _REFUSALS:
            if answer.startswith(begins):
                raise ServiceError(reason, text.format(rest=answer[len(begins) :].split(";")[0]))

    def _until(self, line, pattern, limit_s, reason, text):
        found = self._wait(line, re.compile(pattern), limit_s)
        if found:
            return found
        last = " / ".join(self._heard[-_LAST_LINES:])
        raise ServiceError(reason, f"{text}. After {limit_s:g} s; " + (f"it said last: {last}" if last else "it said nothing"))

    def _wait(self, line, pattern, limit_s):
        """The first new line in which `pattern` is found; "" if none comes in time."""
        end_s = time.monotonic() + limit_s
        while time.monotonic() < end_s:
            while self._new:
                text = self._new.pop(0)
                if pattern.search(text):
                    return text
            self._read(line)
        return ""

    def _read(self, line):
        """Takes what has come: whole lines to `_new`, the rest of one to `_rest`."""
        try:
            data = line.read(max(1, line.in_waiting))
        except (serial.SerialException, OSError) as error:
            raise _gone(error) from error
        *lines, self._rest = (self._rest + data).split(b"\n")
        texts = [text.decode("utf-8", "replace").strip("\r") for text in lines]
        self._heard += texts
        self._new += texts
        for text in texts:
            self._say(text)

    def _name(self):
        for text in reversed(self._heard):
            found = _STARTED.search(text) or re.search(r"unit (\S+) running", text)
            if found:
                return found[1]
        return ""
