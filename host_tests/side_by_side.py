"""All tests: `python -m host_tests.side_by_side`. What only calculates runs beside what keeps time, and gives way to it.

The tests of BESIDE, and the plain tests under the real MicroPython (as source and as .mpy), want a processor and nothing else: no
clock but a counted one, no network, no other process that must answer soon. They run one after the other at a low priority, with
what they say in build/beside/; the rest of host_tests runs at the same time, alone with its brokers, boards and browsers. Exit
code 0 only if all passed.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BESIDE = ("host_tests/core", "host_tests/powercut", "host_tests/tools/prompts", "host_tests/test_versions_host.py",
          "host_tests/test_speech_chance_host.py")
_LOGS = ROOT / "build" / "beside"
_NICE = 10
_END_S = 10
_LAST_LINES = 1  # of what went well

_PYTEST = (sys.executable, "-m", "pytest")
_MICROPYTHON = (sys.executable, "-m", "host_tests.run_micropython")


def in_front():
    """The command for what keeps time."""
    return [*_PYTEST, "host_tests", *("--ignore=" + path for path in BESIDE)]


def beside():
    """{name: command} of what only calculates, in the order in which it runs."""
    return {
        "tests that only calculate": [*_PYTEST, *BESIDE],
        "plain tests under MicroPython, from source": list(_MICROPYTHON),
        "plain tests under MicroPython, compiled": [*_MICROPYTHON, "--compiled"],
    }


class Chain:
    """Runs the commands one after the other, while `look()` is called now and then."""

    def __init__(self, commands, logs=_LOGS):
        self._left, self._logs, self._process, self._log = list(commands.items()), logs, None, None
        self.failed = []
        logs.mkdir(parents=True, exist_ok=True)

    def look(self):
        """Starts the next when one has ended, and says how that went; False when all have."""
        if self._process is not None:
            if self._process.poll() is None:
                return True
            self._report()
        if not self._left:
            return False
        self._name, command = self._left.pop(0)
        self._log, self._begun_s = self._logs / (self._name.replace(" ", "-") + ".log"), time.monotonic()
        with open(self._log, "wb") as log:
            pipes = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
            self._process = subprocess.Popen(["nice", "-n", str(_NICE), *command], cwd=ROOT, **pipes)
        return True

    def _report(self):
        code, self._process = self._process.returncode, None
        lines = self._log.read_text(errors="replace").splitlines()
        if code:
            self.failed.append(self._name)
        print(f"\n-- beside: {self._name}: {'FAILED, ' if code else ''}{time.monotonic() - self._begun_s:.0f} s", flush=True)
        print("\n".join(lines if code else lines[-_LAST_LINES:]), flush=True)

    def end(self):
        """For when the rest is not wanted any more."""
        self._left = []
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._process = None


def main():
    chain = Chain(beside())
    front = subprocess.Popen(in_front(), cwd=ROOT)
    try:
        while True:
            busy = chain.look()
            if not busy and front.poll() is not None:
                break
            time.sleep(0.2)
    except KeyboardInterrupt:
        chain.end()
        front.wait()
        return 130
    failed = [*chain.failed, *(["the tests that keep time"] if front.returncode else [])]
    print("FAILED: " + ", ".join(failed) if failed else "All tests passed.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
