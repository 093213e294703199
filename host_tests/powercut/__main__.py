"""The power-cut campaign of the alarm journal: `python -m host_tests.powercut --states 200000 --seed 7`.

Prints its seed, so that a failure can be had again; exit code 1 and the way to the state if a promise is broken.
"""

import argparse
import random
import sys
import time

from host_tests.powercut.bugs import BUGS
from host_tests.powercut.oracle import Violation
from host_tests.powercut.sweep import Sweep

_EVERY_S = 5  # between progress lines


class _Progress:
    def __init__(self):
        self._start_s = self._last_s = time.monotonic()

    def __call__(self, done, of, states):
        now_s = time.monotonic()
        if now_s - self._last_s < _EVERY_S:
            return
        self._last_s = now_s
        spent_s = now_s - self._start_s
        left_s = spent_s / done * (of - done)
        print(f"  {states:,} states, {done:,} of {of:,} first cuts, {states / spent_s:,.0f}/s, {left_s:,.0f} s to go", flush=True)


def main():
    options = _options()
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(24)
    classes = {bug.__name__: bug for bug in BUGS}
    if options.bug not in (None, *classes):
        sys.exit(f"no such bug build: {options.bug} (there are: {', '.join(classes)})")
    from firmware.drivers.journal import Journal

    sweep = Sweep(classes.get(options.bug, Journal), seed, options.states or None)
    print(f"power-cut sweep of {options.bug or 'the journal'}: seed {seed}, {options.states or 'all'} states", flush=True)
    started_s = time.monotonic()
    try:
        sweep.run(_Progress())
    except Violation as broken:
        sys.exit(f"BROKEN after {sweep.states:,} states: {broken}")
    spent_s = time.monotonic() - started_s
    parts = f"{sweep.first:,} first, {sweep.second:,} second, {sweep.third:,} third cuts"
    print(f"held: {sweep.states:,} cut states ({parts}) in {spent_s:.0f} s, seed {seed}")


def _options():
    parser = argparse.ArgumentParser(prog="python -m host_tests.powercut", description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--states", type=int, default=20000, help="about how many cut states; 0: every second cut (default 20000)"
    )
    parser.add_argument("--seed", type=int, help="draws the second cuts and the torn bits (default: a new one each time)")
    parser.add_argument("--bug", help="sweep this faulty build from host_tests/powercut/bugs.py instead")
    return parser.parse_args()


if __name__ == "__main__":
    main()
