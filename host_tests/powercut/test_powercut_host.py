"""P1 through power cuts: the sweep holds for the journal and breaks every faulty build. Source: D6, FACTS (storage)."""

import time

import pytest

from firmware.drivers.journal import Journal
from host_tests.powercut.bugs import BUGS
from host_tests.powercut.oracle import Violation
from host_tests.powercut.sweep import Sweep

STATES = 20000
SEED = 20261122


def test_the_journal_keeps_p1_in_20000_cut_states():
    sweep = Sweep(Journal, SEED, STATES)
    started_s = time.monotonic()
    sweep.run()
    print(f"{sweep.states} cut states in {time.monotonic() - started_s:.1f} s")
    assert sweep.states >= STATES
    assert sweep.first > 5000
    assert sweep.second > sweep.third > 1000


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_the_sweep_catches_a_faulty_build(bug):
    sweep = Sweep(bug, SEED, STATES)
    with pytest.raises(Violation):
        sweep.run()
