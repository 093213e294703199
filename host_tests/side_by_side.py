"""All tests: `python -m host_tests.side_by_side`. What only calculates runs beside what keeps time, and gives way to it.

The tests of BESIDE, and the plain tests under the real MicroPython (as source and as .mpy), want a processor and nothing else: no
clock but a counted one, no network, no other process that must answer soon. They run one after the other at a low priority, with
what they say in build/beside/.

What keeps time has brokers, boards and browsers of its own and waits for them nine tenths of its time, so it runs in several
lanes at once: those of LANES with what they say in build/beside/ too, the rest in front. What makes images and writes boards
(AFTER) wants the processor too: it has lanes when the others are through. What hears every sample or holds a tone
against the rest of the sound (QUIET) comes last, alone, and so does what waits for the real clock under MicroPython. All of them
take time from each other, so what failed is named and run once more, alone: that run counts. Exit code 0 only if all passed.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BESIDE = ("host_tests/core", "host_tests/powercut", "host_tests/filecuts", "host_tests/tools/prompts",
          "host_tests/test_versions_host.py", "host_tests/test_speech_chance_host.py")
QUIET = ("host_tests/sip", "host_tests/transports/test_media_path_host.py", "host_tests/vboard/test_sound_host.py",
         "host_tests/web/test_sound_in_chromium_host.py", "host_tests/demo/test_two_people_host.py")
LANES = {
    "scenarios and calls with others": ("host_tests/scenario", "host_tests/second_desk", "host_tests/demo"),
    "units in their shell": tuple(sorted("host_tests/" + path.name for path in ROOT.glob("host_tests/test_*.py"))),
    "engineer's tests, and pages": ("host_tests/walk", "host_tests/web"),
}
AFTER = {
    "installations": ("host_tests/install",),
    "images, boards on a port, service mode": ("host_tests/image", "host_tests/service", "host_tests/vboard/usb"),
}
_LOGS = ROOT / "build" / "beside"
_NICE = 19  # gives way to what keeps time as far as it goes
_SIGNALLED_S = 60  # a lane that was interrupted ends its brokers and boards
_END_S = 10
_LAST_LINES = 1  # of what went well

_PYTEST = (sys.executable, "-m", "pytest")
_MICROPYTHON = (sys.executable, "-m", "host_tests.run_micropython")


def in_front():
    """The command for what keeps time and is in no lane."""
    elsewhere = {*BESIDE, *QUIET, *(path for paths in (*LANES.values(), *AFTER.values()) for path in paths)}
    return [*_PYTEST, "host_tests", *("--ignore=" + path for path in sorted(elsewhere)), *_remembers("front")]


def _remembers(name):
    """Options with which a lane keeps what failed apart from the others."""
    return ("-o", "cache_dir=%s" % (_LOGS / "failed" / name.replace(" ", "-")))


def once_more(command):
    """The command for what failed in `command`; pytest fails then too if it left no list of failures."""
    return [*command, "--last-failed", "--last-failed-no-failures=none"] if "pytest" in command else command


def lanes(of=None):
    """{name: command} of what keeps time, each of which runs at once. `of`: LANES, or AFTER."""
    quiet = ["--ignore=" + path for path in QUIET]
    return {name: [*_PYTEST, *(path for path in paths if path not in BESIDE), *quiet, *_remembers(name)]
            for name, paths in (LANES if of is None else of).items()}


def at_last():
    """{name: command} of what wants the machine to itself."""
    return {
        "tests that want the machine to themselves": [*_PYTEST, *QUIET, *_remembers("quiet")],
        "tests by the clock under MicroPython, from source": [*_MICROPYTHON, "--clock"],
        "tests by the clock under MicroPython, compiled": [*_MICROPYTHON, "--clock", "--compiled"],
    }


def beside():
    """{name: command} of what only calculates, in the order in which it runs."""
    return {
        "tests that only calculate": [*_PYTEST, *BESIDE, *_remembers("beside")],
        "plain tests under MicroPython, from source": [*_MICROPYTHON, "--no-clock"],
        "plain tests under MicroPython, compiled": [*_MICROPYTHON, "--no-clock", "--compiled"],
    }


class Chain:
    """Runs the commands one after the other, while `look()` is called now and then. `nice`: how much they give way, 0-19."""

    def __init__(self, commands, logs=_LOGS, nice=_NICE):
        self._left, self._logs, self._process, self._log = list(commands.items()), logs, None, None
        self._nice = ("nice", "-n", str(nice))
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
            self._process = subprocess.Popen([*self._nice, *command], cwd=ROOT, **pipes)
        return True

    def _report(self):
        code, self._process = self._process.returncode, None
        lines = self._log.read_text(errors="replace").splitlines()
        if code:
            self.failed.append(self._name)
        print(f"\n-- beside: {self._name}: {'FAILED, ' if code else ''}{time.monotonic() - self._begun_s:.0f} s", flush=True)
        print("\n".join(lines if code else lines[-_LAST_LINES:]), flush=True)

    def end(self, wait_s=0):
        """For when the rest is not wanted any more. `wait_s`: so long it may take to end by itself."""
        self._left = []
        end_s = time.monotonic() + wait_s
        while self._process is not None and self._process.poll() is None and time.monotonic() < end_s:
            time.sleep(0.1)
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._process = None


def _cured(commands):
    """Names of those of `commands` ({name: command}) that pass when run once more, alone."""
    cured = []
    for name, command in commands.items():
        print("\n-- once more, alone: what failed in: " + name, flush=True)
        if subprocess.run(once_more(command), cwd=ROOT, check=False).returncode == 0:
            cured.append(name)
    return cured


def _run(aside, timed, after, front):
    """Runs what keeps time, then what comes after it, and `aside` beside both of them. False: interrupted, and all were ended."""
    try:
        while [chain for chain in (aside, *timed) if chain.look() and chain is not aside] or front.poll() is None:
            time.sleep(0.2)
        while [chain for chain in (aside, *after) if chain.look()]:
            time.sleep(0.2)
        return True
    except KeyboardInterrupt:
        for chain in (aside, *timed, *after):
            chain.end(_SIGNALLED_S)
        front.wait()
        return False


def main():
    together = {"the tests in front": in_front(), **lanes(), **lanes(AFTER), **beside(), **at_last()}
    aside = Chain(beside())
    timed, after = ([Chain({name: command}, nice=0) for name, command in lanes(of).items()] for of in (LANES, AFTER))
    front = subprocess.Popen(in_front(), cwd=ROOT)
    if not _run(aside, timed, after, front):
        return 130
    failed = [name for chain in (aside, *timed, *after) for name in chain.failed]
    failed += ["the tests in front"] if front.returncode else []
    for name, command in at_last().items():
        print("\n-- alone: " + name, flush=True)
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    cured = _cured({name: command for name, command in together.items() if name in failed})
    failed = [name for name in failed if name not in cured]
    if cured:
        print("Passed only when run once more, alone; look at what failed above: " + "; ".join(cured), flush=True)
    print("FAILED: " + ", ".join(failed) if failed else "All tests passed.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
