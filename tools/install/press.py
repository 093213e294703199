"""BOOT and RESET: pressed by the port's own lines, by a person who is asked, or by a program (a test bench)."""

import select
import subprocess
import sys
import threading

from .errors import InstallError
from .programs import Stop

DOWNLOAD, RUN = "download", "run"
_WORDS = {
    DOWNLOAD: "{port}: hold BOOT, press and let go of RESET, let go of BOOT. Then press Enter: ",
    RUN: "{port}: press and let go of RESET. Then press Enter: ",
}
_PROGRAM_S = 30
_LOOK_S = 0.2
_ASKING = threading.Lock()  # one question at a time, however many boards there are


class Auto:
    """DTR and RTS: esptool brings the chip into its loader by itself, and we start what was written."""

    is_auto = True

    def download(self, port):
        pass

    def run(self, port, line):
        line.pulse()


class Manual:
    """`ask(text)`: shows it and returns when the person has done it; by default Enter is waited for, or `stop`."""

    is_auto = False

    def __init__(self, ask=None, stop=None):
        self._stop = stop or Stop()
        self._ask = ask or self._wait_for_enter

    def download(self, port):
        self._press(DOWNLOAD, port)

    def run(self, port, line):
        self._press(RUN, port)

    def _press(self, what, port):
        with _ASKING:
            try:
                self._ask(_WORDS[what].format(port=port))
            except EOFError:
                raise InstallError("no_answer", port=port) from None  # nobody is there to press

    def _wait_for_enter(self, text):
        """As input(), which Ctrl-C in the main thread does not end in this one. Raises EOFError, InstallError (`stopped`)."""
        self._stop.check()
        print(text, end="", flush=True)
        while not select.select([sys.stdin], [], [], _LOOK_S)[0]:
            self._stop.check()
        if not sys.stdin.readline():
            raise EOFError


class ByProgram(Manual):
    """`command`: a program with its first arguments; it is called with `download` or `run`, and the port."""

    def __init__(self, command):
        super().__init__()
        self._command = command

    def _press(self, what, port):
        try:
            subprocess.run([*self._command, what, port], check=True, timeout=_PROGRAM_S, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError) as error:
            raise InstallError("program", program=self._command[0], why=error) from error
