"""The serial port: its console line by line, its reset, and what a port's refusal means."""

import os
import re
import time

import serial

from tools.service.port import opened

from .errors import InstallError

_READ_S = 0.1
_GONE_S = 5.0
_PULSE_S = 0.1  # EN held low; a few ms are enough
_LOST = (
    "disconnected", "Input/output error", "Errno 5", "returned no data", "reports readiness", "write failed",
    "Bad file descriptor", "multiple access on port", "Errno 6", "Device not configured",
)  # fmt: skip


def refusal(port, said):
    """InstallError for what a program or the system says of a port that does not work; None if it says nothing of that."""
    if re.search(r"lock port|Errno 11|Errno 16|[Rr]esource (temporarily unavailable|busy)|Device or resource busy", said):
        return InstallError("port_busy", port=port)
    if re.search(r"Errno 13|Permission denied", said):
        return InstallError("port_denied", port=port, why="permission denied")
    if not os.path.exists(port):
        return InstallError("port_missing", port=port)
    if any(word in said for word in _LOST):
        return InstallError("port_lost", port=port)
    if "failed to access" in said:  # mpremote says no more than that: it is there, and may not be had
        return InstallError("port_busy", port=port)
    return None


class Watch:
    """Notices that a port is gone for good: a board with USB of its own is back within a second or two of its reset."""

    def __init__(self, port):
        self._port, self._gone_s = port, None

    def look(self):
        """Raises InstallError (`port_lost`)."""
        if os.path.exists(self._port):
            self._gone_s = None
            return
        self._gone_s = self._gone_s or time.monotonic()
        if time.monotonic() - self._gone_s > _GONE_S:
            raise InstallError("port_lost", port=self._port)


class Line:
    """The console, open from `with` on. `log(text)`: told each line that comes. Raises InstallError for a port that does not
    work.

    A board with USB of its own takes the port away when it is reset and brings it back: it is opened again until the wait is
    over.
    """

    def __init__(self, port, stop, log):
        self.port, self._stop, self._log = port, stop, log
        self._serial, self._rest, self._watch = None, b"", Watch(port)
        self.said = []  # lines, oldest first

    def __enter__(self):
        self._open()
        return self

    def __exit__(self, *_):
        self._close()

    def pulse(self):
        """RESET by the RTS line, as boards with the usual two transistors have it."""
        try:
            self._serial.dtr = False
            self._serial.rts = True
            time.sleep(_PULSE_S)
            self._serial.rts = False
        except (OSError, serial.SerialException) as error:
            raise self._refused(error) from error

    def send(self, data):
        try:
            self._serial.write(data)
            self._serial.flush()
        except (OSError, serial.SerialException, AttributeError) as error:
            raise self._refused(error) from error

    def until(self, patterns, bound_s):
        """(name, match) of the first line that one of `patterns`, {name: regular expression}, finds; (None, None) after
        `bound_s`."""
        wanted = {name: re.compile(pattern) for name, pattern in patterns.items()}
        end_s = time.monotonic() + bound_s
        while time.monotonic() < end_s:
            self._stop.check()
            self._watch.look()
            for line in self._lines():
                for name, pattern in wanted.items():
                    if match := pattern.search(line):
                        return name, match
        return None, None

    def _lines(self):
        """The next whole line, as a list of one, or none yet."""
        if b"\n" not in self._rest:
            self._rest += self._read()
        line, found, rest = self._rest.partition(b"\n")
        if not found:
            return []
        self._rest = rest
        text = line.decode("utf-8", "replace").strip()
        if text:
            self.said.append(text)
            self._log(f"console: {text}")
        return [text]

    def _read(self):
        if self._serial is None:
            self._stop.sleep(_READ_S)
            self._open(again=True)
            return b""
        try:
            return self._serial.read(max(1, self._serial.in_waiting))
        except (OSError, serial.SerialException, TypeError):
            self._close()  # gone for now: see above
            return b""

    def _open(self, again=False):
        try:
            self._serial = opened(self.port)
        except (OSError, serial.SerialException) as error:
            if not again:
                raise self._refused(error) from error

    def _close(self):
        if self._serial is not None:
            line, self._serial = self._serial, None
            try:
                line.close()
            except (OSError, serial.SerialException):
                return  # it is gone, which was wanted

    def is_open(self):
        return self._serial is not None

    def _refused(self, error):
        return refusal(self.port, str(error)) or InstallError("port_lost", port=self.port)
