"""Cuts the power at every flash operation of the workloads, in every torn variant, and again while the unit recovers.

A *cut state* is one flash image with one torn operation, recovered and lived on with to the end. Of each first cut the recovery
and the life after it are recorded too, and cut again at its own operations. Without a limit all second cuts are made; with one,
all first cuts and as many second cuts, drawn by the seed, as the limit allows; some of them are cut a third time. Half of the
draws go to the first operations of the recovery in the variants that leave weak bits: that is where journals go wrong.
"""

import random

from host_tests.powercut import workloads
from host_tests.powercut.life import Life, RecordingFlash
from host_tests.powercut.oracle import Oracle, Violation
from tools.vboard.standins.nor import ERASE_CUTS, PROGRAM_CUTS, Dice

_THIRD_CUT_EVERY = 4  # a quarter of the drawn second cuts get a third one
_LOOKS = (0, 1, 3)  # restarts tried from one point, after one cut, two, three: a weak kill note reads right more often than not
_EARLY = 3  # operations of a recovery: its notes, before anything is told
_WEAK = ("looks_blank", "looks_whole", "half_weak", "looks_old")


class Sweep:
    """states: cut states tried so far. first, second, third: how they divide."""

    def __init__(self, journal_class, seed=1, limit=None):
        self.states = self.first = self.second = self.third = 0
        self._class = journal_class
        self._seed = seed
        self._limit = limit
        self._random = random.Random(seed)

    def run(self, on_progress=None):
        """Raises Violation, with the way to the state in its text, at the first broken promise."""
        cuts = []
        for number, work in enumerate(workloads.WORKLOADS):
            cuts += self._record(number, work)
        self._random.shuffle(cuts)
        per_cut = self._second_cuts_for_each(len(cuts))
        for number, (flash, name, cut, variant) in enumerate(cuts):
            self._first_cut(flash, f"{name}, {variant} at {cut[0]}", cut, variant, per_cut)
            if on_progress:
                on_progress(number + 1, len(cuts), self.states)

    def _record(self, number, work):
        """Runs a workload without cuts; a list of (flash, name, cut, variant), every operation in every variant."""
        worn = work is workloads.worn_out
        flash = RecordingFlash(workloads.SECTORS_WORN if worn else workloads.SECTORS, workloads.SECTOR_BYTES)
        flash.worn = worn
        if worn:
            workloads.wear_down(flash)
        life = Life(flash, Oracle(), self._class, Dice(self._seed + number), worn)
        flash.log = []
        self._guarded(work.__name__ + ", no cut", work, life)
        return [(flash, f"{work.__name__}[{at}]", cut, variant) for at, cut in enumerate(flash.log) for variant in _variants(cut)]

    def _second_cuts_for_each(self, cuts):
        """None: all of them."""
        if self._limit is None:
            return None
        return max(0, -(-(self._limit - cuts) * _THIRD_CUT_EVERY // ((_THIRD_CUT_EVERY + 1) * cuts)))

    def _first_cut(self, flash, path, cut, variant, per_cut):
        self.first += 1
        log = self._cut_and_live(flash, path, cut, variant, 1, record=per_cut != 0)
        for number, torn in self._second_cuts(log, per_cut):
            self.second += 1
            third = per_cut is not None and self.second % _THIRD_CUT_EVERY == 0
            there = f"{path}; then {torn} at {log[number][0]} {number} of the recovery"
            last = self._cut_and_live(flash, there, log[number], torn, 2, record=third)
            if third:
                self.third += 1
                number, torn = self._draw(last)
                self._cut_and_live(
                    flash, f"{there}; then {torn} at {last[number][0]} {number}", last[number], torn, 3, record=False
                )

    def _second_cuts(self, log, per_cut):
        if per_cut is None:
            return [(number, torn) for number, cut in enumerate(log) for torn in _variants(cut)]
        return [self._draw(log) for _ in range(per_cut)]

    def _draw(self, log):
        """(number of an operation in the log, variant)."""
        if self._random.random() < 0.5:
            number = self._random.randrange(min(_EARLY, len(log)))
            return number, self._random.choice([torn for torn in _variants(log[number]) if torn in _WEAK])
        number = self._random.randrange(len(log))
        return number, self._random.choice(_variants(log[number]))

    def _cut_and_live(self, flash, path, cut, variant, depth, record):
        """One cut state, after `depth` cuts. The log of its recovery and life if `record`, else an empty list."""
        self.states += 1
        seed = self._random.getrandbits(28)
        flash.tear(cut, variant, seed)
        life = Life(flash, cut[4].copy(), self._class, Dice(seed + 1), flash.worn)
        flash.log = [] if record else None
        self._guarded(f"{path}, dice {seed}", lambda live: live_on(live, _LOOKS[depth - 1]), life)
        log, flash.log = flash.log or [], None
        return log

    def _guarded(self, path, do, life):
        try:
            do(life)
        except Violation as broken:
            raise Violation(f"{broken} (seed {self._seed}, {path})") from None
        except Exception as error:
            raise Violation(f"{type(error).__name__}: {error} (seed {self._seed}, {path})") from error


def live_on(life, looks):
    """After a cut: recover, alarm at once, tidy up, clear, and look again that all that was told is still so."""
    life.boot()
    while life.activations() > workloads.ACTIVATIONS_OPEN:
        life.clear(life.open_calls()[0])
    before = life.open_calls()
    call_n = life.raise_call()
    life.add(before[0] if before else call_n)
    life.idle()
    life.look(looks)
    life.boot()
    life.clear(call_n)
    life.idle()
    if before:
        life.clear(before[-1])
    life.boot()


def _variants(cut):
    return ERASE_CUTS if cut[0] == "erase" else PROGRAM_CUTS
