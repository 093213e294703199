"""What the unit tests by itself, one step at a time: begun, asked now and then, broken off.

Each way to test belongs to another part of the unit, which is handed in; where there is none the step is left out with a reason,
never passed. Source: P5, P7; docs/testing.md.
"""

import os

from micropython import const

_CLOCK_OFF_S = const(60)
_FILE = "test.tmp"
_FILE_BYTES = const(512)


class Measures:
    """`shell`: shell.Shell with all of its parts."""

    def __init__(self, shell):
        self._shell = shell
        self._step = ""
        self._found = None  # (result, detail, ms) of what is done at once
        self._began_ms = 0
        self._waits = None  # function that gives what was found, or None as long as nothing was

    def begin(self, at_ms, step):
        """Begins a step; its outcome is told by `poll`."""
        self._step = step
        self._began_ms = at_ms
        self._found = self._waits = None
        if step == "clock":
            self._found = self._clock()
        elif step == "storage":
            self._found = self._storage()
        else:
            self._found = ("skip", "not there", None)

    def break_off(self, at_ms, step):
        self._step = ""
        self._found = self._waits = None

    def poll(self, at_ms):
        """(step, result, detail, ms) once it is done, else None."""
        if not self._step:
            return None
        found = self._found or (self._waits and self._waits(at_ms))
        if not found:
            return None
        step, self._step = self._step, ""
        return (step,) + found

    # --- clock and storage

    def _clock(self):
        wall = self._shell.wall_clock
        if not wall.known:
            return ("fail", "the service has told no time", None)
        off_s = self._shell.keeper.off_s
        return ("pass" if abs(off_s) <= _CLOCK_OFF_S else "fail", "%d s off" % off_s, None)

    def _storage(self):
        shell = self._shell
        if shell.journal is None:
            return ("fail", "no journal", None)
        usage = shell.journal.usage()
        if shell.faults.is_open("storage"):
            return ("fail", "fault is open", None)
        if not shell.may_write():
            return ("skip", "battery too low to write", None)
        if not self._same_again():
            return ("fail", "file system", None)
        return ("pass", "%d bad sectors" % usage["bad_sectors"], None)

    def _same_again(self):
        """Writes a small file, reads it back and takes it away. False if it is not the same, or cannot be."""
        wanted = os.urandom(_FILE_BYTES)
        try:
            with open(_FILE, "wb") as file:
                file.write(wanted)
            with open(_FILE, "rb") as file:
                found = file.read()
            os.remove(_FILE)
        except OSError:
            return False
        return found == wanted
