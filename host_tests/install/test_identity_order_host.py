"""A board that is interrupted while it gets its identity holds no secret without the claim that shuts its console."""

import ast
import contextlib
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from host_tests.install import plain
from tools.install import files as module
from tools.install import identity_files, loader, run
from tools.install.errors import InstallError
from tools.install.files import Files
from tools.install.programs import Stop
from tools.install.store import Store

SECRETS = ("unit.key", "settings.json")
ENOUGH = 40  # operations on the board, of all of an identity


class Cut(Exception):
    pass


class Board:
    """What mpremote changes on a board: files written one by one, then renamed. `left`: operations until the power goes."""

    def __init__(self, left):
        self.files, self.left = {}, left

    def run(self, program, words, bound_s, stop, say=None):
        words, said = words[3:], ""  # connect PORT resume
        for i, word in enumerate(words):
            if word == "cp":
                self._step()
                self.files[words[i + 2][1:]] = Path(words[i + 1]).read_bytes()
            elif word == "run":
                said = self._script(Path(words[i + 1]).read_text())
        return 0, said

    def _script(self, text):
        said = []
        for name, _ in ast.literal_eval(re.search(r"^for name, wanted in (.*):$", text, re.M)[1]):
            self._step()
            self.files[name] = self.files.pop(name + ".new")
            said.append(f"FILE {hashlib.sha256(self.files[name]).hexdigest()} {name}")
        return "\n".join([*said, "END"])

    def _step(self):
        self.left -= 1
        if self.left < 0:
            raise Cut


@pytest.fixture
def identity(tmp_path):
    scheme = plain.made(tmp_path)
    flat = plain.flat()
    return identity_files.files(scheme, flat, Store(scheme).take(flat, "24:6f:28:00:00:01"))


def given(identity, left, folder, monkeypatch):
    """The Board after so many operations of the step `identity`."""
    board = Board(left)
    monkeypatch.setattr(module.programs, "run", board.run)
    one = run.Run.__new__(run.Run)
    one._job, one.facts = type("Job", (), {"scheme": None}), run.Facts()
    one._files = lambda: Files("port", folder, Stop(), print)
    monkeypatch.setattr(run.identity_files, "files", lambda *_: identity)
    with contextlib.suppress(Cut):
        one._put_identity()
    return board


def test_wherever_it_is_cut_no_secret_is_there_before_the_claim(tmp_path, identity, monkeypatch):
    whole = given(identity, ENOUGH, tmp_path, monkeypatch)
    assert whole.files == identity and whole.left > 0
    for left in range(ENOUGH - whole.left):
        there = given(identity, left, tmp_path, monkeypatch).files
        shut = there.get("claim.json") == identity["claim.json"]
        secret = [name for name in there if name.removesuffix(".new") in SECRETS]
        assert shut or not secret, f"cut after {left}: {sorted(there)}"
        assert "settings.json" not in there, "the last of all"


def test_a_unit_that_another_copy_of_the_scheme_directory_wrote_is_not_written_over(tmp_path):
    """It says that it is one of ours, and we have never written it: before its journal is gone somebody has to say so."""
    mac, other = "24:6f:28:00:00:01", "24:6f:28:00:00:02"

    class Job:
        store = plain.store(tmp_path)
        options = type("Options", (), {"again": False})
        press = type("Press", (), {"download": staticmethod(lambda port: None)})

    class Chosen(Exception):
        pass

    def identified(runs, again=False):
        """True if a flat is chosen for it, False if it is refused as a stranger."""
        one = run.Run.__new__(run.Run)
        one._job, one._port, one.facts, one._log = Job, "port", run.Facts(), print
        one._loader = type("Loader", (), {"identify": staticmethod(lambda: loader.Board("esp32", mac, 4))})
        one._choose = lambda board: (_ for _ in ()).throw(Chosen)
        Job.options.again = again
        try:
            one._identify(runs)
        except Chosen:
            return True
        except InstallError as refused:
            assert refused.code == "not_blank" and "house/f1/u1" in refused.what and "Another copy" in refused.next
            return False

    Job.store.prepare(plain.flat())
    assert not identified("house/f1/u1"), "our unit has no board yet"
    assert identified("house/f1/u1", again=True) and identified("") and identified("unknown/unknown/unknown")
    taken = Job.store.take(plain.flat(), other)
    assert not identified("house/f1/u1"), "our unit is another board"
    Job.store.keep(replace(taken, mac=mac))
    assert identified("house/f1/u1")


def test_what_was_interrupted_there_is_gone_on_with_and_a_foreign_unit_is_not(tmp_path):
    class Job:
        store = plain.store(tmp_path)
        options = type("Options", (), {"again": False})
        press = type("Press", (), {"download": staticmethod(lambda port: None)})

    class Loader:
        def identify(self):
            raise Cut

    one = run.Run.__new__(run.Run)
    one._job, one._port, one._loader, one.facts = Job, "port", Loader(), run.Facts()
    with pytest.raises(Cut):
        one._identify("unknown/unknown/unknown")
    with pytest.raises(InstallError) as refused:
        one._identify("other/f1/u1")
    assert refused.value.code == "not_blank"
