"""`python -m tools.records` from the outside: what it makes, and what it says when it cannot."""

import json
import sqlite3
import subprocess
import sys

import pytest

from host_tests.run_micropython import ROOT
from host_tests.tools.records import made
from tools.deploy import unit_settings
from tools.records.__main__ import main


def config(tmp_path, *flats):
    units = [{"scheme": "demo", "flat": flat, "unit": "u1", "key": "00" * 32, "label": f"No. {flat}"} for flat in flats]
    broker = {"name": "b", "host": "127.0.0.1", "port": 1883, "password": "x", "tls": False}
    path = tmp_path / "desk.json"
    path.write_text(json.dumps({"v": 1, "state": "desk", "brokers": [broker], "units": units}))
    return str(path)


def test_pdf_writes_the_newest_of_each_unit_or_one_or_all(tmp_path, capsys):
    made.stored(tmp_path / "desk", [*made.chained(2), made.text("0000000f", "demo/f13/u1")])
    state = ["--state", str(tmp_path / "desk")]
    assert main(["pdf", *state, "--out", str(tmp_path / "newest")]) == 0
    assert sorted(path.name for path in (tmp_path / "newest").iterdir()) == [
        "demo_f12_u1_2026-11-22_00000002.pdf", "demo_f13_u1_2026-11-22_0000000f.pdf"]  # fmt: skip
    assert main(["pdf", *state, "--all", "--unit", "demo/f12/u1", "--out", str(tmp_path / "all")]) == 0
    assert len(list((tmp_path / "all").iterdir())) == 2
    assert main(["pdf", *state, "--record", "1", "--out", str(tmp_path / "one.pdf")]) == 0
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF")
    assert str(tmp_path / "one.pdf") in capsys.readouterr().out


def test_pdf_takes_files_and_labels_of_the_configuration(tmp_path):
    (tmp_path / "record.txt").write_bytes(made.text().encode())
    assert main(["pdf", str(tmp_path / "record.txt"), "--out", str(tmp_path / "a.pdf")]) == 0
    made.stored(tmp_path / "desk", [made.text()])
    assert main(["pdf", "--config", config(tmp_path, "f12"), "--out", str(tmp_path / "b.pdf")]) == 0
    assert (tmp_path / "a.pdf").read_bytes() != (tmp_path / "b.pdf").read_bytes()


def test_a_records_name_cannot_lead_out_of_the_directory(tmp_path):
    made.stored(tmp_path / "desk", [made.text("../../x", "../../etc")])
    assert main(["pdf", "--state", str(tmp_path / "desk"), "--out", str(tmp_path / "out")]) == 0
    assert [path.parent for path in tmp_path.rglob("*.pdf")] == [tmp_path / "out"]


def test_csv_lists_the_units_of_a_scheme_tested_or_not(tmp_path):
    made.stored(tmp_path / "desk", [made.text(engineer="Jörg")])
    arguments = ["csv", "--config", config(tmp_path, "f12", "f13"), "--scheme", "demo", "--today", "2026-11-23"]
    assert main([*arguments, "--out", str(tmp_path / "a.csv")]) == 0
    assert main([*arguments, "--bom", "--out", str(tmp_path / "b.csv")]) == 0
    plain = (tmp_path / "a.csv").read_bytes()
    assert plain.count(b"\r\n") == 3 and b"never tested" in plain and "Jörg".encode() in plain
    assert (tmp_path / "b.csv").read_bytes() == b"\xef\xbb\xbf" + plain


def test_verify_ends_with_1_at_a_break_and_0_without(tmp_path, capsys):
    made.stored(tmp_path / "desk", made.chained(3))
    assert main(["verify", "--state", str(tmp_path / "desk")]) == 0
    assert "demo/f12/u1: 3 records, no break" in capsys.readouterr().out
    db = sqlite3.connect(tmp_path / "desk" / "desk.db")
    with db:
        db.execute("DELETE FROM test_records WHERE n = 1")
    db.close()
    assert main(["verify", "--state", str(tmp_path / "desk")]) == 1
    said = capsys.readouterr().out
    assert said.count("BROKEN: record 2") == 2 and "more)" not in said


@pytest.mark.parametrize(("arguments", "said"), [
    (["pdf"], "--config FILE or --state"), (["verify", "--state", "nowhere"], "--state names the desk's state directory"),
    (["pdf", "nothing.txt"], "name a file with the text of one record"), (["csv", "--config", "none.json"], "cannot be read"),
    (["pdf", "--state", "desk", "--record", "9"], "no such record"),
    (["pdf", "--state", "desk", "--unit", "a/b/c"], "scheme/flat/unit"),
    (["csv", "--state", "desk", "--scheme", "x"], "no unit of it"), (["pdf", "bad.txt"], "not a record of test"),
    (["pdf", "binary.txt"], "not UTF-8"), (["hashes", "bad.txt"], "docs/settings.md"), (["hashes", "x.json"], "No such file"),
    (["pdf", "--state", "old"], "knows no tests"), (["pdf", "--state", "broken"], "take the last copy"),
])  # fmt: skip
def test_what_cannot_be_done_is_said_with_what_to_do(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    made.stored(tmp_path / "desk", [made.text()])
    (tmp_path / "bad.txt").write_text("{}\nnonsense")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    for name in ("old", "broken"):
        (tmp_path / name).mkdir()
    sqlite3.connect(tmp_path / "old" / "desk.db").execute("CREATE TABLE x (y)").connection.close()
    (tmp_path / "broken" / "desk.db").write_bytes(b"no database" * 100)
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_two_records_do_not_go_into_one_file(tmp_path, capsys):
    made.stored(tmp_path / "desk", made.chained(2))
    assert main(["pdf", "--state", str(tmp_path / "desk"), "--all", "--out", str(tmp_path / "x.pdf")]) == 2
    assert "name a directory" in capsys.readouterr().err


def test_hashes_are_those_that_the_unit_reckons(tmp_path, capsys):
    settings = unit_settings("f12", "u1", [{"host": "127.0.0.1", "port": 8883, "server_name": "b", "tls": True}], "secret")
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    assert main(["hashes", str(tmp_path / "settings.json")]) == 0
    first = capsys.readouterr().out
    (tmp_path / "settings.json").write_text(json.dumps({**settings, "wifi": {"ssid": "other", "password": "another-one"}}))
    assert main(["hashes", str(tmp_path / "settings.json")]) == 0
    assert capsys.readouterr().out == first and "configuration" in first and "board" in first


def test_help_names_every_command():
    done = subprocess.run([sys.executable, "-m", "tools.records", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(f"    {command} " in done.stdout for command in ("pdf", "csv", "verify", "hashes"))
