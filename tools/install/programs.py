"""Runs esptool and mpremote as what they are, programs: bounded, stoppable, their lines handed on as they come.

What they are given as arguments is public (anybody on this computer sees it): names of files and ports, never their content.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time

from .errors import InstallError

_LOOK_S = 0.05
_KILL_S = 3.0  # from SIGTERM to SIGKILL
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ENVIRONMENT = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200", "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}


class Stop:
    """Set by Ctrl-C: every wait of every board looks at it."""

    def __init__(self):
        self._event = threading.Event()

    def set(self):
        self._event.set()

    def is_set(self):
        return self._event.is_set()

    def check(self):
        """Raises InstallError (`stopped`)."""
        if self._event.is_set():
            raise InstallError("stopped")

    def sleep(self, wait_s):
        self._event.wait(wait_s)
        self.check()


def run(module, arguments, bound_s, stop, say=lambda line: None):
    """(exit code, output) of `python -m module arguments`. `say(line)`: told each line. Raises InstallError (`timeout`,
    `stopped`)."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, **_ENVIRONMENT},
        )  # fmt: skip
    except OSError as error:
        raise InstallError("program", program=module, why=error.strerror) from error
    lines = []
    reader = threading.Thread(target=_read, args=(process.stdout, lines, say), daemon=True)
    reader.start()
    end_s = time.monotonic() + bound_s
    try:
        while process.poll() is None:
            stop.check()
            if time.monotonic() > end_s:
                raise InstallError("timeout", bound_s=f"{bound_s:g}", why=_last(lines))
            time.sleep(_LOOK_S)
    finally:
        _end(process)
        reader.join(_KILL_S)
    return process.returncode, "\n".join(lines)


def _read(pipe, lines, say):
    """Lines end in LF, or in CR where a line is written over."""
    line = b""
    while byte := os.read(pipe.fileno(), 4096):
        *whole, line = re.split(rb"[\r\n]+", line + byte)
        for one in whole:
            _take(one, lines, say)
    _take(line, lines, say)
    pipe.close()


def _take(data, lines, say):
    text = _ANSI.sub("", data.decode("utf-8", "replace")).rstrip()
    if text:
        lines.append(text)
        say(text)


def _last(lines):
    return lines[-1] if lines else "it said nothing"


def _end(process):
    """Nothing of ours outlives the step that began it."""
    if process.poll() is not None:
        return
    for number, wait_s in ((signal.SIGTERM, _KILL_S), (signal.SIGKILL, _KILL_S)):
        try:
            os.killpg(process.pid, number)
            process.wait(wait_s)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
