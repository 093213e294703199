"""The table of a scheme: each unit is in it, also who was never tested; nothing in it runs in a spreadsheet."""

import csv
import datetime
import io

import pytest

from host_tests.tools.records import made
from tools.records import source
from tools.records.table import COLUMNS, table

TODAY = datetime.date(2026, 11, 23)


def rows(tmp_path, records, units, today=TODAY):
    made.stored(tmp_path / "desk", records)
    with source.desk(tmp_path / "desk") as store:
        text = table(store, units, today)
    return text, list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_unit_has_a_row_with_its_state(tmp_path):
    units = {"demo/f1/u1": "flat 1", "demo/f2/u1": "flat 2", "demo/f3/u1": "flat 3"}
    records = [made.text("00000001", "demo/f1/u1"), made.text("00000002", "demo/f3/u1", verdict="FAIL")]
    text, found = rows(tmp_path, records, units)
    assert [(row["flat"], row["state"], row["verdict"], row["label"]) for row in found] == [
        ("f1", "good", "PASS", "flat 1"), ("f2", "never tested", "", "flat 2"),
        ("f3", "never passed", "FAIL", "flat 3")]  # fmt: skip
    assert tuple(found[0]) == COLUMNS
    assert (found[0]["last_passed"], found[0]["due"], found[0]["days_left"]) == ("2026-11-22", "2027-02-20", "89")
    assert found[0]["sha256"] == made.sha256(records[0]) and found[0]["engineer"] == "E. Ngineer"
    assert found[0]["ended_utc"] == "2026-11-22 00:00 UTC" and found[1]["ended_utc"] == ""


@pytest.mark.parametrize(("today", "state", "left"), [
    (datetime.date(2027, 2, 5), "good", "15"), (datetime.date(2027, 2, 6), "soon", "14"),
    (datetime.date(2027, 2, 20), "soon", "0"), (datetime.date(2027, 2, 21), "overdue", "-1")])  # fmt: skip
def test_a_unit_is_overdue_from_the_day_after_its_due_date(tmp_path, today, state, left):
    _, found = rows(tmp_path, [made.text()], {"demo/f12/u1": ""}, today)
    assert (found[0]["state"], found[0]["days_left"]) == (state, left)


def test_the_newest_record_is_shown_and_the_last_pass_counts(tmp_path):
    records = made.chained(1) + [made.text("0000000f", found=made.results(fails=(0,)), verdict="FAIL")]
    _, found = rows(tmp_path, records, {"demo/f12/u1": ""})
    assert (found[0]["verdict"], found[0]["test"], found[0]["state"]) == ("FAIL", "0000000f", "good")
    assert found[0]["defects"] == "button: pulled and released" and "newest record" in found[0]["in_doubt"]


def test_lines_end_as_rfc_4180_says_and_quotes_commas_and_breaks_come_back(tmp_path):
    label = 'No. "12", left\nor right'
    text, found = rows(tmp_path, [], {"demo/f1/u1": label})
    assert found[0]["label"] == label and '"No. ""12"", left\nor right"' in text
    assert text.count("\r\n") == 2 and text.endswith("\r\n")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\t=1", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(tmp_path, name):
    _, found = rows(tmp_path, [made.text(engineer=name, witness=name)], {"demo/f12/u1": name})
    for column in ("engineer", "witness", "label"):
        assert found[0][column].startswith("'") or found[0][column].strip()[0] not in "=+-@", column
        assert found[0][column].strip("' ") == name.replace("\t", " ").strip("' ") or column == "label"


def test_numbers_of_ours_stay_numbers(tmp_path):
    _, found = rows(tmp_path, [made.text()], {"demo/f12/u1": ""}, datetime.date(2027, 3, 1))
    assert found[0]["days_left"] == "-9" and found[0]["record"] == "1"
