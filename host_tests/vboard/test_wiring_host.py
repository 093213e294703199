"""Contacts, lines and broken wires show at the pins as they would on the board; every board file can be wired."""

import json
import pathlib

import pytest

from host_tests.vboard.sample_root import BOARD
from tools.vboard import BoardError
from tools.vboard.child import wire
from tools.vboard.wiring import Wiring, load_board

_BOARDS = pathlib.Path(__file__).resolve().parents[2] / "board_configs"


def _wiring(seed=1):
    told = []
    return Wiring(BOARD, lambda *frame: told.append(frame), seed), told


def test_a_contact_shows_its_active_level_when_closed():
    wiring, told = _wiring()
    for name, pin, active in (("button", 14, 0), ("bell", 35, 1)):
        one = wiring[name]
        for state, pulled, closed in (("ok", False, False), ("ok", True, True), ("cut", True, False), ("short", False, True)):
            one.wire, one.pulled = state, pulled
            level = active if closed else 1 - active
            told.clear()
            one.settle()
            assert told == [(wire.LEVEL, pin, level)], (name, state, pulled)


def test_a_line_shows_the_middle_of_its_band():
    wiring, told = _wiring()
    one = wiring["cord"]
    for state, pulled, mv in (("ok", False, 1650), ("ok", True, 800), ("cut", True, 2900), ("short", False, 150)):
        one.wire, one.pulled = state, pulled
        told.clear()
        one.settle()
        assert told == [(wire.MILLIVOLTS, 34, mv * 1000)]
    one.noise = "nan"
    told.clear()
    one.settle()
    assert told == [(wire.MILLIVOLTS, 34, -2)]


def test_bounce_ends_at_the_new_level_is_short_and_fits_the_interrupt_queue():
    wiring, _ = _wiring()
    for n in range(200):
        wiring["button"].pulled = n % 2 == 0
        chatter = wiring.chatter("button")
        assert 3 <= len(chatter) <= 8
        assert chatter[-1][1] == wiring["button"].level()
        assert all(a[1] != b[1] for a, b in zip(chatter, chatter[1:], strict=False))
        assert sum(wait_s for wait_s, _ in chatter) < 0.010


def test_bounce_repeats_with_its_seed_and_does_not_happen_on_lines_and_dead_wires():
    first, second, other = (_wiring(seed)[0].chatter("button") for seed in (7, 7, 8))
    assert first == second != other
    wiring, _ = _wiring()
    assert wiring.chatter("cord") == []
    wiring["button"].wire = "cut"
    assert wiring.chatter("button") == []
    wiring["button"].wire = "ok"
    wiring.bounce = False
    assert wiring.chatter("button") == []


def test_every_board_of_the_repository_can_be_wired():
    for path in sorted(_BOARDS.glob("*.json")):
        board = load_board(path.stem, [_BOARDS])
        wiring = Wiring(board, lambda *frame: None, 1)
        wiring.settle()
        assert set(wiring.states().values()) == {"normal"}


def test_a_board_inherits_what_it_does_not_say(tmp_path):
    (tmp_path / "A.json").write_text(json.dumps({"name": "A", "chip": "esp32", "inputs": []}))
    (tmp_path / "B.json").write_text(json.dumps({"name": "B", "inherits": "A", "chip": "esp32s3"}))
    (tmp_path / "C.json").write_text(json.dumps({"name": "C", "inherits": "C"}))
    board = load_board("B", [tmp_path / "nowhere", tmp_path])
    assert (board["name"], board["chip"], board["inputs"]) == ("B", "esp32s3", [])
    for name in ("C", "D"):
        with pytest.raises(BoardError, match=name):
            load_board(name, [tmp_path])
