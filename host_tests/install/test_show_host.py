"""The audit as a person reads it, and what else tells that rows of it are missing."""

import csv
import hashlib
import io
import json

import pytest

from host_tests.install import plain
from tools.install import show, witness
from tools.install.__main__ import main
from tools.install.audit import COLUMNS, Audit
from tools.install.store import Store

MAC = "24:6f:28:00:00:01"


@pytest.fixture
def scheme(tmp_path):
    return plain.made(tmp_path)


def row(scheme, **cells):
    return Audit(scheme.audit).append(**{"utc": "2026-01-02T03:04:05Z", "result": "installed", **cells})


def log(scheme, name, *lines):
    (scheme.dir / "logs" / name).write_text("".join(f"2026-01-02T03:04:05Z {line}\n" for line in lines))


def missing(scheme):
    return witness.missing(scheme, Store(scheme), Audit(scheme.audit).rows())


def told(capsys, scheme, *words):
    code = main(["audit", *words, "--scheme", str(scheme.dir)])
    return code, capsys.readouterr()


def test_the_table_has_what_a_person_needs_under_its_heading(scheme):
    one = row(scheme, flat="f1", unit="u1", board="ESP32_GENERIC", mac=MAC, who="I. Nstaller", seconds=93)
    row(scheme, flat="f12", unit="u12", board="UM_FEATHERS3", result="failed", step="write", detail="writing failed " * 6)
    lines = show.table(Audit(scheme.audit).rows(), None)
    head = lines[0]
    assert " ".join(head.split()) == "row time (UTC) flat unit board MAC address result s who remark"
    for cell, name in ((one["n"], "row"), (one["utc"], "time"), ("f1", "flat"), ("ESP32_GENERIC", "board"), (MAC, "MAC"),
                       ("installed", "result"), ("I. Nstaller", "who")):  # fmt: skip
        at = head.index(name)
        assert lines[1][at:].startswith(cell) or lines[1][: at + len(name)].endswith(cell), (name, lines)
    assert lines[2][head.index("remark") :].startswith("at write: writing failed")
    wide = show.table(Audit(scheme.audit).rows(), 140)
    assert len(wide) > 3 and all(len(line) <= 140 for line in wide)
    assert " ".join(" ".join(wide[2:]).split()).endswith("writing failed writing failed")
    assert show.table([], 80) == ["the audit has no row"]


def test_another_program_gets_every_column(capsys, scheme):
    row(scheme, flat="f1", unit="u1", detail="fine, really")
    code, said = told(capsys, scheme, "show", "--csv")
    assert code == 0 and said.out == scheme.audit.read_text()
    assert tuple(next(csv.reader(io.StringIO(said.out)))) == COLUMNS


def test_an_audit_that_was_taken_away_head_and_all_is_not_taken_for_an_empty_one(capsys, scheme):
    Store(scheme).take(plain.flat(), MAC)
    last = row(scheme, flat="f1", unit="u1", mac=MAC)
    log(scheme, "20260102T030000Z-flat.log", f"1 of 1 installed. audit.csv: 1 rows, chain {last['chain'][:16]}")
    assert told(capsys, scheme, "verify")[0] == 0
    for path in scheme.dir.glob("audit.*"):
        path.unlink()
    code, said = told(capsys, scheme, "verify")
    assert code == 1 and "audit.csv: 0 rows, NOT ALL THERE" in said.out and "whole" not in said.out
    assert "logs/20260102T030000Z-flat.log tells of 1 rows, and 0 are there" in said.out
    assert f"unit u1 has the board {MAC}, and no row tells of it" in said.out
    code, said = told(capsys, scheme, "show")
    assert code == 0 and "REMARK: logs/" in said.out
    code, said = told(capsys, scheme, "show", "--csv")
    assert "REMARK: logs/" in said.err and "REMARK" not in said.out
    assert main(["batch", "--scheme", str(scheme.dir), "--port", str(scheme.dir / "none")]) == 1
    assert "REMARK: logs/" in capsys.readouterr().out
    assert main(["batch", "--scheme", str(scheme.dir), "--port", "/dev/null", "--dry-run"]) == 1
    assert "REMARK: logs/" in capsys.readouterr().out


def test_a_book_that_was_begun_anew_does_not_fit_the_log(scheme):
    row(scheme, flat="f1", unit="u1")
    log(scheme, "a-flat.log", "0 of 1 installed. audit.csv: 1 rows, chain 0123456789abcdef")
    assert missing(scheme) == ["logs/a-flat.log has another chain at row 1: the audit was begun anew, or is another one's"]


def test_what_a_board_prints_is_no_witness(scheme):
    words = "1 of 1 installed. audit.csv: 9 rows, chain 0123456789abcdef"
    log(scheme, "a-flat.log", f"/dev/ttyUSB0: console: {words}", f"/dev/ttyUSB0: {words}")
    assert missing(scheme) == []


def test_a_retired_board_and_a_record_without_a_row_are_named_and_with_one_they_are_not(scheme):
    store = Store(scheme)
    store.retire(store.take(plain.flat("f-1", "u-1"), MAC))
    store.retire(store.prepare(plain.flat()))
    record = b"a record"
    (scheme.dir / "records" / "u1-t.txt").write_bytes(record)
    found = missing(scheme)
    assert [text.split(",")[0] for text in found] == [
        f"unit u-1 was retired with the board {MAC}", "unit u1 was retired with the board none",
        "records/u1-t.txt is a self-test that no row tells of: rows are missing"]  # fmt: skip
    row(scheme, unit="u-1", mac=MAC, result="retired")
    row(scheme, unit="u1", mac="", result="retired")
    row(scheme, unit="u-1", mac=MAC, record=hashlib.sha256(record).hexdigest())
    assert missing(scheme) == []


def test_many_of_a_kind_are_counted(scheme):
    for n in range(9):
        Store(scheme).take(plain.flat(f"f{n}", f"u{n}"), f"24:6f:28:00:00:0{n}")
    assert len(missing(scheme)) == 4 and missing(scheme)[3] == "... and 6 more of that kind"


def test_a_clock_that_is_behind_the_last_row_is_remarked(capsys, scheme):
    row(scheme, utc="2999-01-01T00:00:00Z")
    code, said = told(capsys, scheme, "verify")
    assert code == 0 and "REMARK: this computer's clock says 20" in said.out and "2999-01-01" in said.out
    assert witness.clock([{"utc": "2026-01-01T00:00:00Z"}]) == [] and witness.clock([]) == []


def test_init_says_paths_as_they_were_given_and_the_next_command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["init", "--scheme", "elm house", "--id", "elm", "--name", "Elm", "--broker", "b.example:8883", "--no-wifi"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert str(tmp_path) not in said and "your flats into elm house/flats.csv" in said
    assert "\n    python -m tools.install desk --scheme 'elm house' --config desk.json\n" in said
    assert main(["desk", "--scheme", "elm house", "--config", "desk.json"]) == 0
    said = capsys.readouterr().out
    assert "elm house/desk/units.json: " in said and str(tmp_path) not in said
    assert json.loads((tmp_path / "desk.json").read_text())["units"]
