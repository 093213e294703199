"""P1 through power cuts for calls that are kept as files: on a real littlefs in the real MicroPython, on the NOR model. The sweep
holds for the journal of files and breaks every faulty build; a full file system loses nothing that was promised."""

import ast
from concurrent.futures import ThreadPoolExecutor

import pytest

from host_tests.filecuts.runner import ROOT, said

STATES = 900
SEED = 20261122
CUTS = r"CUTS (\d+) (\d+) (\d+) (\d+) ([01])"
_TREE = ast.parse((ROOT / "host_tests/filecuts/bugs.py").read_text())  # it runs in MicroPython only
BUGS = next(ast.literal_eval(node.value) for node in _TREE.body if isinstance(node, ast.Assign) and node.targets[0].id == "BUGS")


def swept(build, states):
    return said("sweep", build, SEED, states, pattern=CUTS)


def test_the_journal_of_files_keeps_p1_in_every_cut_state_of_a_seeded_part():
    (states, first, second, third, broken), words = swept("none", STATES)
    print(f"{states} cut states")
    assert not broken, words
    assert states >= STATES and first > 200 and second > third > 100


def test_on_a_full_file_system_what_the_journal_has_taken_outlives_every_cut_p1():
    (refused, _, _, _, _, broken), words = said("sweep", "none", SEED, 200, "full", pattern=r"REFUSED (\d+)\n" + CUTS)
    assert not broken and refused > 20, words
    for bug in ("ClearByRemoving", "ClearGoesFirst"):
        (*_, broken), words = said("sweep", bug, SEED, 200, "full", pattern=CUTS)
        assert broken, words


@pytest.fixture(scope="module")
def caught():
    """What the sweep said of each faulty build; two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(BUGS, pool.map(lambda bug: swept(bug, STATES), BUGS), strict=True))


def test_there_are_no_faulty_builds_but_those_that_are_swept():
    classes = [node.name for node in _TREE.body if isinstance(node, ast.ClassDef)]
    assert classes == list(BUGS) and len(BUGS) >= 10


@pytest.mark.parametrize("bug", BUGS)
def test_the_sweep_catches_a_faulty_build(caught, bug):
    (*_, broken), words = caught[bug]
    assert broken and "BROKEN: " in words


def test_an_activation_costs_three_programs_and_one_time_in_seven_an_erase():
    (programs, program_bytes, erases, *event, most), _ = said("wear", 300, pattern=" ".join(["WEAR"] + [r"(\d+)"] * 7))
    assert programs <= 3000 and program_bytes <= 200_000 and erases <= 170 and most <= 2
    assert event[0] <= 6000 and event[2] <= 170, "a clear and its housekeeping cost next to no erase"


def test_a_full_file_system_takes_calls_for_long_and_loses_none_that_it_took():
    (calls, programs, erases), _ = said("full", pattern=r"FULL (\d+) (\d+) (\d+)")
    assert calls >= 24, "a directory of two blocks has room for more"
    assert programs <= 130 and erases <= 2, "more than a directory of two blocks written anew"
