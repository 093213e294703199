"""A board's console as the steps need it: start it, ask who it is, open it by its claim code, send it into service."""

import re

from tools import service

from .errors import InstallError
from .ports import Line, refusal

BLANK, RUNNING, SERVICE, SILENT = "blank", "running", "service", "silent"
DAMAGED = "damaged"  # MicroPython does not mount its file system
RESCUE = "rescue"  # its program does not start; it listens for the claim code all the same
_BLANK = r"^blank unit: waiting for its identity"
_STARTED = r"^unit ils/v1/(\S+?)/? started, session ([0-9a-f]{16})"
_DAMAGED = r"filesystem appears to be corrupted"
_BROKEN = r"^service: this unit does not run"
_RUNNING = r"^unit (?:ils/v1/)?(\S+?)/? running"
_NO_UNIT = r"^invalid header: 0x|^blank unit: waiting"  # an empty chip's ROM, over and over; a board without an identity
_WHO_S, _WHO_TRIES = 1.5, 2
_START_S = 45  # with the modules as files an ESP32 starts in some seconds; this bounds one that does not
_SERVICE_S = 100
_REPL_RESET = b"\r\x03\x03\x02\r\nimport machine; machine.reset()\r\n"


class Console:
    """`with`: the port is open. `state`: one of the above, once it is known; `last`: the last line that came."""

    def __init__(self, port, job, log):
        self._port, self._job, self._log = port, job, log
        self._line = Line(port, job.stop, log)
        self.state = SILENT

    def __enter__(self):
        self._line.__enter__()
        return self

    def __exit__(self, *error):
        self._line.__exit__(*error)

    @property
    def last(self):
        return self._line.said[-1] if self._line.said else ""

    def who(self):
        """`scheme/flat/unit` of the unit that runs, "" if none says so. Does not disturb it."""
        for _ in range(_WHO_TRIES):
            self._line.send(b"\nwho\n")
            name, match = self._line.until({RUNNING: _RUNNING, BLANK: _NO_UNIT}, _WHO_S)
            if name == RUNNING:
                self.state = RUNNING
                return match.group(1)
            if name:
                return ""
        return ""

    def start(self, press):
        """Starts the board and waits until it says what it is."""
        press.run(self._port, self._line)
        name, _ = self._line.until({BLANK: _BLANK, RUNNING: _STARTED, RESCUE: _BROKEN, DAMAGED: _DAMAGED}, _START_S)
        self.state = name or SILENT

    def enter(self, identity, now):
        """Opens a running unit by its claim code; it stands in its REPL then. Raises InstallError (`claim_refused`,
        `unit_busy`)."""
        self._line.__exit__(None, None, None)  # the port is one program's at a time
        try:
            service.Console(self._port, lambda line: self._log(f"console: {line}")).enter(identity.claim, now=now)
        except service.ServiceError as error:
            found = refusal(self._port, str(error)) if error.reason == "port" else None
            code = "unit_busy" if error.reason == "busy" else "claim_refused"
            raise found or InstallError(code, port=self._port, unit=identity.unit, why=error) from error
        self.state = SERVICE

    def into_service(self, identity):
        """Restarts a board that stands in its REPL; returns the session of its start, "" if it runs and was not heard saying it.

        Raises InstallError (`no_start`).
        """
        self._line.send(_REPL_RESET)
        name, match = self._line.until({RUNNING: _STARTED, BLANK: _BLANK, RESCUE: _BROKEN}, _SERVICE_S)
        if name == RUNNING and match.group(1) == identity.address:
            return match.group(2)
        if name == RUNNING:
            raise InstallError("no_start", port=self._port, why=f"it calls itself {match.group(1)}")
        if name == BLANK:
            raise InstallError("no_start", port=self._port, why="it has no identity, although that was read back")
        if not name and self._line.is_open() and self.who() == identity.address:
            return ""
        told = re.sub(r"\s+", " ", " | ".join(self._line.said[-3:]))
        raise InstallError("no_start", port=self._port, why=f"it says: {told}" if told else "it says nothing")
