"""Runs in MicroPython: cuts the power at every flash operation of the journal of files, in every torn variant, and again while
the unit recovers. Arguments: name of a bug build or `none`, seed, states (0: every first cut, and every second); `weak`: with
weak bits; `full`: on a full file system.

Prints progress, then `CUTS <states> <first> <second> <third> <broken>`; the first broken promise is shown before, and how often
the journal refused.
"""

import sys

from nor import ERASE_CUTS, PROGRAM_CUTS, Dice

from firmware.drivers.file_journal import FileJournal
from host_tests.filecuts import bugs
from host_tests.filecuts.life import WORKLOADS, FileOracle, FullLife, Life, RecordingFlash, live_on, torn
from host_tests.powercut.oracle import Violation

_SECONDS = 2  # second cuts drawn for each first, if there is a limit
_THIRD_EVERY = 4  # of the drawn second cuts get a third one
_SAY_EVERY = 500  # states


class Sweep:
    """states: cut states tried so far; first, second, third: how they divide."""

    def __init__(self, journal_class, seed, limit):
        self.states = self.first = self.second = self.third = 0
        self._class = journal_class
        self._dice = Dice(seed)
        self._limit = limit

    def run(self):
        """Raises Violation, with the way to the state in its text, at the first broken promise."""
        cuts = []
        for work in WORKLOADS:
            for number, cut in enumerate(self._recorded(work)):
                for variant in _variants(cut):
                    cuts.append((work.__name__, number, cut, variant))
        while True:
            self._shuffle(cuts)
            for name, number, cut, variant in cuts:
                self._first_cut("%s[%d], %s at %s" % (name, number, variant, cut[0]), cut, variant)
                if self._limit and self.states >= self._limit:
                    return
            if not self._limit:
                return

    def _recorded(self, work):
        flash = RecordingFlash()
        life = _LIFE(flash, FileOracle(), self._class, 1)
        life.format()
        flash.log = []
        self._guarded(work.__name__ + ", no cut", work, life)
        log, flash.log = flash.log, None
        return log

    def _shuffle(self, cuts):
        for index in range(len(cuts) - 1, 0, -1):
            other = self._dice.below(index + 1)
            cuts[index], cuts[other] = cuts[other], cuts[index]

    def _first_cut(self, path, cut, variant):
        self.first += 1
        log = self._cut_and_live(path, cut, variant, True)
        for number, again in self._second_cuts(log):
            self.second += 1
            third = self._limit and self.second % _THIRD_EVERY == 0
            there = "%s; then %s at %s %d" % (path, again, log[number][0], number)
            last = self._cut_and_live(there, log[number], again, third)
            if third and last:
                self.third += 1
                number, again = self._draw(last)
                self._cut_and_live("%s; then %s at %s %d" % (there, again, last[number][0], number), last[number], again, False)

    def _second_cuts(self, log):
        if not self._limit:
            return [(number, again) for number, cut in enumerate(log) for again in _variants(cut)]
        return [self._draw(log) for _ in range(_SECONDS)]

    def _draw(self, log):
        """(number of an operation in the log, variant)."""
        number = self._dice.below(len(log))
        variants = _variants(log[number])
        return number, variants[self._dice.below(len(variants))]

    def _cut_and_live(self, path, cut, variant, record):
        self.states += 1
        if self.states % _SAY_EVERY == 0:
            print("%d states" % self.states)
        seed = self._dice.bits(28)
        flash = torn(cut, variant, seed)
        life = _LIFE(flash, cut[4].copy(), self._class, seed + 1)
        flash.log = [] if record else None
        self._guarded("%s, dice %d" % (path, seed), live_on, life)
        log, flash.log = flash.log or [], None
        return log

    def _guarded(self, path, do, life):
        try:
            do(life)
        except Violation as broken:
            raise Violation("%s (%s)" % (broken.args[0], path)) from None
        except OSError as error:
            raise Violation("%r (%s)" % (error, path)) from None
        finally:
            life.end()


def _variants(cut):
    found = ERASE_CUTS if cut[0] == "erase" else PROGRAM_CUTS
    return found if WEAK else [variant for variant in found if variant not in _WEAK]


_WEAK = ("looks_blank", "looks_whole", "half_weak", "looks_old")
WEAK = "weak" in sys.argv
_LIFE = FullLife if "full" in sys.argv else Life


def main():
    build = FileJournal if sys.argv[1] == "none" else getattr(bugs, sys.argv[1])
    sweep = Sweep(build, int(sys.argv[2]), int(sys.argv[3]))
    broken = 0
    try:
        sweep.run()
    except Violation as violation:
        print("BROKEN:", violation.args[0])
        broken = 1
    print("REFUSED", Life.refusals)
    print("CUTS", sweep.states, sweep.first, sweep.second, sweep.third, broken)


main()
