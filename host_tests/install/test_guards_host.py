"""What stands between a slip and a unit on a wall: rights of the store, files and parts that are not as sent, hidden words."""

import io
import types

import pytest

from host_tests.install import plain
from tools.install import files as files_module
from tools.install import loader as loader_module
from tools.install import scheme
from tools.install.errors import InstallError
from tools.install.files import Files
from tools.install.job import Job, Options
from tools.install.loader import Loader
from tools.install.programs import Stop
from tools.install.progress import Progress
from tools.install.store import Store

PARTS = [(0x1000, "bootloader.bin"), (0x10000, "factory.bin")]


def code_of(work, *arguments):
    with pytest.raises(InstallError) as caught:
        work(*arguments)
    return caught.value.code


def said_by(monkeypatch, module, *answers):
    """Programs that answer so, one after the other; returns the list of what they were given."""
    left, given = list(answers), []

    def run(program, words, *_):
        given.append([str(word) for word in words])
        return 0, left.pop(0)

    monkeypatch.setattr(module.programs, "run", run)
    return given


def test_a_store_that_anybody_else_may_read_is_refused(tmp_path):
    one = plain.made(tmp_path)
    for mode in (0o750, 0o710, 0o701, 0o704, 0o777):
        one.dir.chmod(mode)
        assert code_of(scheme.load, one.dir) == "no_scheme", oct(mode)
    one.dir.chmod(0o700)
    assert scheme.load(one.dir).id == "house"


def test_the_claim_code_of_a_unit_is_hidden_however_it_is_written(tmp_path):
    one = plain.made(tmp_path)
    out, log = io.StringIO(), io.StringIO()
    identity = Store(one).take(plain.flat(), "24:6f:28:00:00:01")
    with Job(one, Options(), None, Progress(log, out)) as job:
        job.veil(identity)
        for secret in (*identity.secrets(), identity.claim, identity.claim.replace("-", ""), plain.WIFI[1], one.installer[1]):
            job.progress.say(f"it says: {secret}!")
            job.progress.log("port", secret)
            job.progress.step("port", "f1", "write", secret)
            assert secret not in out.getvalue() + log.getvalue()
    assert out.getvalue().count("(hidden)") >= 6


def test_a_file_that_is_not_on_the_board_as_it_was_sent_stops_the_run(tmp_path, monkeypatch):
    def put(answer):
        said_by(monkeypatch, files_module, answer)
        return code_of(Files("port", tmp_path, Stop(), print).put, {"unit.key": b"key", "settings.json": b"{}"})

    assert put("WRONG unit.key\n") == "put"
    assert put("END\n") == "put", "none of them was named"
    assert put(f"FILE {'0' * 64} unit.key\nFILE {'0' * 64} settings.json\nEND\n") == "put"
    assert put("FILE") == "put" and put("") == "put"


def test_the_board_itself_compares_before_a_file_gets_its_name(tmp_path, monkeypatch):
    """The script that runs there, with another file than the one that was sent."""
    renamed, said = [], []
    board = types.SimpleNamespace(rename=lambda old, new: renamed.append(new))
    text = files_module._RENAME % ([("unit.key", "aa"), ("settings.json", "bb")],)
    for digests, wanted in (({"unit.key": "aa", "settings.json": "xx"}, ["unit.key"]), ({"unit.key": "xx"}, [])):
        renamed.clear()
        digest = lambda name, now=digests: now[name.removesuffix(".new")]  # noqa: E731
        exec(text, {"digest": digest, "os": board, "print": lambda *words: said.append(words)})
        assert renamed == wanted and said[-1][0] == "WRONG" and ("END",) not in said


def test_each_part_is_verified_or_the_run_stops(monkeypatch):
    loader = Loader("port", 460800, True, True, Stop(), print)
    for answer, good in (("Verification successful\n" * 2, True), ("Verification successful\n", False), ("", False),
                         ("Verification successful\n" * 3, False)):  # fmt: skip
        said_by(monkeypatch, loader_module, answer)
        if good:
            assert loader.verify("esp32", PARTS) is None
        else:
            assert code_of(loader.verify, "esp32", PARTS) == "verify"
    said_by(monkeypatch, loader_module, "Wrote 4 bytes\n")
    assert code_of(loader.write, "esp32", PARTS, False) == "write"


def test_an_earlier_life_is_erased_and_a_unit_s_own_is_not(monkeypatch):
    for stub, keeps, erases in ((True, False, True), (True, True, False), (False, False, False), (False, True, False)):
        given = said_by(monkeypatch, loader_module, "Hash of data verified")
        Loader("port", 460800, True, stub, Stop(), print).write("esp32", PARTS, keeps)
        assert ("--erase-all" in given[0]) == erases and given[0][-4:] == ["0x1000", "bootloader.bin", "0x10000", "factory.bin"]
