"""A batch beside its boards: what it leaves alone, what it waits for, and what a full disk or a lost terminal does to it."""

import errno
import io
import itertools
import os
from types import SimpleNamespace

import pytest

from host_tests.install import plain
from tools.install import batch
from tools.install.audit import Audit
from tools.install.batch import Batch
from tools.install.errors import InstallError
from tools.install.job import Job, Options
from tools.install.loader import Board
from tools.install.progress import Progress
from tools.install.run import Facts
from tools.install.store import Store

MACS = {"u1": "24:6f:28:00:00:01", "u2": "24:6f:28:00:00:02", "u3": "24:6f:28:00:00:03"}


class Desk:
    """A scheme of the flats f1 and f2, of which f1 is installed. `boards`: what runs at a port, as the Run would find it: a
    function of (meet, choose) that may raise."""

    def __init__(self, path, monkeypatch):
        self.scheme = plain.made(path)
        self.flats = [plain.flat("f1", "u1"), plain.flat("f2", "u2")]
        identity = Store(self.scheme).take(self.flats[0], MACS["u1"])
        Audit(self.scheme.audit).append(utc="2026-01-02T03:04:05Z", result="installed", unit="u1", flat="f1", mac=identity.mac)
        self.boards, self.out, self.path = {}, io.StringIO(), path
        desk = self

        class Run:
            def __init__(self, job, port, choose, say, log, meet):
                self.facts, self.step, self._words = Facts(), "look", (port, meet, choose)

            def run(self):
                port, meet, choose = self._words
                desk.boards[port](self, meet, choose)

        monkeypatch.setattr(batch, "Run", Run)
        monkeypatch.setattr(batch, "_LOOK_S", 0.01)
        monkeypatch.setattr(batch, "_NEXT_S", 60)

    def port(self, name, board):
        (self.path / name).touch()
        self.boards[str(self.path / name)] = board
        return str(self.path / name)

    def run(self, ports, flats=None, fixed=None):
        with Job(self.scheme, Options(), None, Progress(None, self.out)) as job:
            return Batch(job, self.flats[1:] if flats is None else flats, ports, fixed).run()


def says_its_name(address):
    def found(run, meet, choose):
        meet(address)
        pytest.fail("it was disturbed")

    return found


def is_silent(unit):
    """It does not say who it is: its chip's address tells, in the loader."""

    def found(run, meet, choose):
        run.step, run.facts.board = "identify", Board("esp32", MACS[unit], 4)
        run.facts.flat = choose(run.facts.board)

    return found


@pytest.fixture
def desk(tmp_path, monkeypatch):
    return Desk(tmp_path, monkeypatch)


@pytest.mark.parametrize("board", [says_its_name("house/f1/u1"), is_silent("u1")])
def test_a_board_that_is_done_is_left_alone_at_once_and_its_port_does_not_wait(desk, board):
    results = desk.run([desk.port("tty0", board)])
    assert [(one.flat, one.unit, one.mac, one.word, one.error.code) for one in results] == [
        ("f1", "u1", MACS["u1"], "left alone", "done_already"), ("f2", "u2", "", "not begun", "not_begun")]  # fmt: skip
    said = desk.out.getvalue()
    assert "is the unit u1 of flat f1, installed on 2026-01-02T03:04:05Z" in said and "`flat f1`" in said
    assert "unplug" not in said and len(Audit(desk.scheme.audit).rows()) == 1


def test_a_done_board_that_is_plugged_in_while_the_batch_runs_is_waited_out(desk):
    """Somebody stands at the bench and took the wrong one."""
    boards = iter((is_silent("u2"), says_its_name("house/f1/u1"), lambda *_: None))
    waits = iter((True, True, False))
    flats = [desk.flats[1], plain.flat("f3", "u3")]

    def one_after_the_other(run, meet, choose):
        next(boards)(run, meet, choose)

    Batch._next_board, real = lambda *_: next(waits), Batch._next_board
    try:
        results = desk.run([desk.port("tty0", one_after_the_other)], flats)
    finally:
        Batch._next_board = real
    assert [one.is_left_alone for one in results] == [False, True, False, False] and results[3].error.code == "not_begun"


def test_a_port_that_is_busy_or_not_ours_yet_when_a_board_is_plugged_in_is_not_given_up(desk, monkeypatch):
    """A modem manager looks at each new port, and the system gives it its group a moment after it has come."""
    asked, port, there, real = [], desk.port("tty0", None), itertools.cycle((False, True)), os.path.exists

    def busy(run, meet, choose):
        raise InstallError("port_busy", port=port)

    boards = iter((is_silent("u2"), busy, is_silent("u3")))
    desk.boards[port] = lambda run, meet, choose: next(boards)(run, meet, choose)
    monkeypatch.setattr(batch.os.path, "exists", lambda path: next(there) if path == port else real(path))
    monkeypatch.setattr(batch.os, "access", lambda *_: asked.append(1) or len(asked) % 3 == 0)
    results = desk.run([port], [desk.flats[1], plain.flat("f3", "u3")])
    assert [one.error and one.error.code for one in results] == [None, "port_busy", None] and len(asked) == 6


def test_a_board_of_a_flat_that_is_not_installed_yet_is_not_taken_for_a_done_one(desk):
    Audit(desk.scheme.audit).append(utc="2026-01-03T00:00:00Z", result="failed", unit="u1", flat="f1", mac=MACS["u1"])
    results = desk.run([desk.port("tty0", is_silent("u1"))], fixed={str(desk.path / "tty0"): "f9"})
    assert results[0].error.code == "mac_taken"


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "disk"), (errno.EROFS, "disk"), (errno.EBADF, "internal")])
def test_a_full_disk_is_named_as_one_and_the_other_board_goes_on(desk, number, code):
    def full(run, meet, choose):
        raise OSError(number, "no room here", "/somewhere/file")

    ports = [desk.port("tty0", full), desk.port("tty1", lambda *_: None)]
    flats = [desk.flats[1], plain.flat("f3", "u3")]
    results = desk.run(ports, flats, {ports[0]: "f2", ports[1]: "f3"})
    found = {one.port: one.error and one.error.code for one in results}
    assert found == {ports[0]: code, ports[1]: None}
    assert code != "disk" or "/somewhere/file cannot be written: no room here" in desk.out.getvalue()


class Gone(io.StringIO):
    """A terminal, or a disk, that takes nothing from its n-th write on."""

    def __init__(self, left=0):
        super().__init__()
        self.left = left

    def write(self, text):
        self.left -= 1
        if self.left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_a_terminal_that_goes_away_and_a_log_without_room_stop_nothing():
    log, out = io.StringIO(), Gone(2)
    shown = Progress(log, out)
    for step in ("look", "identify", "write"):
        shown.step("p", "f1", step)
    shown.say("done")
    shown.end("table")
    assert out.getvalue().count("\n") == 2 and log.getvalue().count("\n") == 5
    log, out = Gone(1), io.StringIO()
    shown = Progress(log, out)
    for step in ("look", "identify", "write"):
        shown.step("p", "f1", step)
    said = out.getvalue()
    assert said.count("the log cannot be written: No space left") == 1 and "write" in said and log.getvalue().count("\n") == 1


def test_rows_are_not_drawn_again_below_the_last_words_and_fit_the_terminal(monkeypatch):
    screen = io.StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr(batch.os, "get_terminal_size", lambda *_: SimpleNamespace(columns=60, lines=24))
    monkeypatch.setenv("COLUMNS", "60")
    shown = Progress(None, screen)
    shown.step("/dev/ttyUSB0", "f1", "write", "x" * 100)
    assert {len(line) for line in screen.getvalue().splitlines()} == {59}
    shown.end("the table")
    assert screen.getvalue().endswith("\x1b[1F\x1b[Jthe table\n")
