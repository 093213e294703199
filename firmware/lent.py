"""In place of a program that is loaded when it begins and let go of when it is over (on_demand.py).

A program that is not there, does not fit or breaks costs its own test, and nothing else (P4, P8). That one did not fit is told to
the service, once: what was not tested is no pass. Source: FACTS (heap); docs/rom.md.
"""

import binascii
import os

from micropython import const

from firmware import on_demand
from firmware.core import clock
from firmware.core.media.goertzel import recur
from firmware.core.media.level import mean_abs

_AGAIN_MS = const(60000)  # between two loadings that failed
_BREAKS = (MemoryError, ImportError, OSError, ValueError, TypeError, LookupError, AttributeError)


class Lent:
    """`shell`: shell.Shell with all of its parts; `begin(lent, ...)`: loads the program and begins it; gives it, or None if it
    cannot begin now. Raises MemoryError. `rest`: its `state` before and after; `paths`: names of paths, () for one that is not
    about paths; `now()`: tick.

    `result`: of the last one, as the program has it; None while it runs or when it was broken off.
    """

    def __init__(self, shell, begin, rest, paths, now):
        self.state = rest
        self.result = None
        self.shell = shell
        self._begin = begin
        self._rest = rest
        self._paths = paths
        self.now = now
        self._program = None
        self._home = None  # index of the broker that a proof began with
        self._again_ms = None
        self._told = False

    def paths(self):
        return self._paths

    def busy(self):
        """A call or speech is on."""
        shell = self.shell
        return bool(shell.calls.open) or shell.talk.active or shell.speech.is_on()

    def prove(self, *asked):
        """Begins. False if that cannot be now."""
        self.poll()  # one that is over is let go of, also where nobody looks each second
        if self._program is not None or (self._again_ms is not None and not clock.reached(self.now(), self._again_ms)):
            return False
        self._again_ms = None
        self._home = self.shell.link.path if self._paths else None
        try:
            self._program = self._begin(self, *asked)
        except _BREAKS as problem:
            self._failed(problem)
        if self._program is None:
            return False
        self._told = False
        self.state = self._program.state
        self.result = None
        return True

    start = prove

    def answered(self, proof_id):
        if self._program is not None:
            self._safely(self._program.answered, proof_id)

    def poll(self):
        """About once a second, and at each activation."""
        if self._program is None:
            if clock.reached(self.now(), self._again_ms):
                self._again_ms = None  # left alone for six days it would lie in the future
            return
        self._safely(self._program.poll)
        if self._program is not None:
            self.result = self._program.result
            self.state = self._program.state
            if self.state == self._rest:
                self._program = None

    def _safely(self, do, *data):
        try:
            do(*data)
        except _BREAKS as problem:
            self._program = None
            self.state = self._rest
            link = self.shell.link
            if self._paths:
                link.stay()
                if link.path not in (None, self._home):
                    link.go_over(self._home)  # nobody else would lead it back (P8)
            self._failed(problem)

    def _failed(self, problem):
        self._again_ms = clock.add(self.now(), _AGAIN_MS)
        if self._told:
            return
        self._told = True
        print("self-test: broken:", repr(problem))
        why = "memory" if isinstance(problem, MemoryError) else "program"
        for path in self._paths or ("",):
            what = "path:" + path if path else "audio"
            self.shell.reports.note("proven", {"what": what, "ok": False, "detail": why}, "proven " + what)


def begin_proofs(lent, path=None):
    """proofs.Proofs that proves a path, or all; None if that cannot be now."""
    shell = lent.shell
    if shell.link.path is None or lent.busy():
        return None
    proofs = on_demand.proofs()(lent.paths(), shell.link, shell.reports, lent.busy, _digits, lent.now)
    return proofs if proofs.prove(path) else None


def begin_listening(lent):
    """audio_loop.AudioLoop that listens; None if that cannot be now."""
    shell = lent.shell
    if shell.talk.prompting or lent.busy():
        return None
    loop = on_demand.audio_loop()(shell.talk, shell.speech, shell.signals, shell.reports, lent.busy, _digits, lent.now,
                                  mean_abs, recur)
    return loop if loop.start() else None


def _digits(count):
    return binascii.hexlify(os.urandom(count)).decode()
