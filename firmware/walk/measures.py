"""What the unit tests by itself, one step at a time: begun, asked now and then, broken off.

Each way to test belongs to another part of the unit, which is handed in; where there is none the step is left out with a reason,
never passed. Source: P5, P7; docs/testing.md.
"""

import os

from micropython import const

from firmware.core.walk.load_test import EVERY_MS, LoadTest

_CLOCK_OFF_S = const(60)
_TRIES_MS = const(15000)  # a microphone that does not open by then will not
_FILE = "test.tmp"
_FILE_BYTES = const(512)


class Measures:
    """`shell`: shell.Shell with all of its parts; `timers`: core.timers.Timers; `private()`: the privacy switch is on."""

    def __init__(self, shell, timers, private):
        self._shell = shell
        self._timers = timers
        self._private = private
        self._step = ""
        self._began_ms = 0
        self._asked = False  # what the step needs has been begun
        self._load = None  # core.walk.load_test.LoadTest
        self._read_ms = 0
        self._were_out = False  # the mains, in this test
        self._ways = {"tone": self._tone, "mains_off": self._mains_off, "load": self._under_load, "mains_on": self._mains_on,
                      "path": self._path, "clock": self._clock, "storage": self._storage}

    def begin(self, at_ms, step):
        """Begins a step; its outcome is told by `poll`."""
        self._step = step
        self._began_ms = self._read_ms = at_ms
        self._asked = False
        self._load = None

    def break_off(self, at_ms, step):
        """Nothing goes on afterwards."""
        self._step = ""
        if self._load is not None:
            self._loads(self._load.stop())
            self._load = None

    def poll(self, at_ms):
        """(step, result, detail, ms) once it is done, else None."""
        if not self._step:
            return None
        found = self._ways[self._step.split(":")[0]](at_ms)
        if not found:
            return None
        step, self._step = self._step, ""
        return (step,) + found

    # --- sound and paths

    def _tone(self, at_ms):
        loop = self._shell.audio_loop
        if loop is None:
            return ("skip", "no microphone or loudspeaker", None)
        if self._private():
            return ("skip", "privacy is on", None)
        loop.poll()  # a flat may have no daily test of the sound, and nobody else who looks
        if not self._asked:
            self._asked = loop.start()
            late = not self._asked and at_ms - self._began_ms >= _TRIES_MS
            return ("fail", "the microphone does not open", None) if late else None
        if loop.result is None:
            self._asked = loop.state != "OFF"  # broken off: once more
            return None
        ok, detail = loop.result
        return ("pass" if ok else "skip" if detail.startswith("noise") else "fail", detail, None)

    def _path(self, at_ms):
        proofs, path = self._shell.proofs, self._step[5:]
        if not self._asked:
            self._asked = proofs.prove(path)
        elif proofs.result is not None and proofs.result[0] == path:
            return ("pass" if proofs.result[1] else "fail", proofs.result[2], None)
        elif proofs.state in ("IDLE", "RETURNING"):
            self._asked = False  # broken off: once more
        return None

    # --- mains and battery

    def _mains(self):
        """True, False, or None if the board cannot tell."""
        power = self._shell.power
        on = power.health()["mains"] if power else None
        self._were_out = self._were_out or on is False
        return on

    def _mains_off(self, at_ms):
        on = self._mains()
        if on is None:
            return ("skip", "the board cannot tell", None)
        return None if on else ("pass", "", at_ms - self._began_ms)

    def _mains_on(self, at_ms):
        on = self._mains()
        if on is None:
            return ("skip", "the board cannot tell", None)
        if not self._were_out:
            return ("skip", "the mains were not out", None)
        return ("pass", "", at_ms - self._began_ms) if on else None

    def _under_load(self, at_ms):
        on = self._mains()
        if not self._were_out:
            return ("skip", "the mains were not out", None)
        if on:
            self.break_off(at_ms, "load")
            self._step = "load"
            return ("skip", "the mains came back", None)
        if self._load is None:
            self._load = LoadTest(self._timers.load_rest_ms, self._timers.load_ms)
        if at_ms >= self._read_ms:
            self._read_ms = at_ms + EVERY_MS
            mv, why = self._shell.power.measure()
            self._loads(self._load.read(on, mv, why, at_ms))
            if self._asked:
                self._shell.signals.sound("RING")
        found = self._load.found
        if found is not None and found[0] != "skip":
            self._shell.power.tested(found[0] == "pass")
        return found

    def _loads(self, on):
        """Full power and a tone each second, or not; None: as it is."""
        if on is not None:
            self._asked = on
            self._shell.power.load(on)

    # --- clock and storage

    def _clock(self, at_ms):
        wall = self._shell.wall_clock
        if not wall.known:
            return ("fail", "the service has told no time", None)
        off_s = self._shell.keeper.off_s
        return ("pass" if abs(off_s) <= _CLOCK_OFF_S else "fail", "%d s off" % off_s, None)

    def _storage(self, at_ms):
        shell = self._shell
        if shell.journal is None:
            return ("fail", "no journal", None)
        usage = shell.journal.usage()
        if any(name == "storage" for name, _ in shell.faults.opened()):
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
