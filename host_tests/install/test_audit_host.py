"""The audit's rows are chained: whatever is changed, added or taken out is found, and nothing is put onto a broken chain."""

import hashlib
import json
import os

import pytest

from tools.install import atomic, audit
from tools.install.audit import Audit
from tools.install.errors import InstallError


def book(tmp_path, rows=3):
    made = Audit(tmp_path / "audit.csv")
    for n in range(rows):
        made.append(flat=f"f{n}", unit=f"u{n}", result=audit.INSTALLED, mac=f"24:6f:28:00:00:0{n}", detail="fine, really")
    return made


def lines(tmp_path):
    return (tmp_path / "audit.csv").read_text().splitlines(keepends=True)


def change(tmp_path, found):
    (tmp_path / "audit.csv").write_text("".join(found))


def test_rows_are_numbered_chained_and_verified(tmp_path):
    made = book(tmp_path)
    rows = made.rows()
    assert [row["n"] for row in rows] == ["1", "2", "3"] and rows[1]["detail"] == "fine, really"
    assert rows[0]["chain"] == audit.link(audit.FIRST, rows[0]) and rows[2]["chain"] == audit.link(rows[1]["chain"], rows[2])
    assert made.verify() == (3, [])
    assert (tmp_path / "audit.csv").stat().st_mode & 0o777 == 0o600


def test_an_empty_audit_is_whole(tmp_path):
    assert Audit(tmp_path / "audit.csv").verify() == (0, []) and Audit(tmp_path / "audit.csv").rows() == []


@pytest.mark.parametrize("spoil", [
    lambda found: [found[0], found[1].replace("f0", "f7"), *found[2:]],  # a cell
    lambda found: [found[0], found[1], found[3]],  # a row taken out
    lambda found: found[:-1],  # the last one taken off
    lambda found: [found[0], found[2], found[1], found[3]],  # two changed about
    lambda found: [*found, found[-1]],  # one put in
    lambda found: found[:1],  # all of them
    lambda found: [found[0].replace("who", "whom"), *found[1:]],
    lambda found: [*found[:3], found[3].replace(",", ";", 1)],
    lambda found: [*found[:2], '"' + found[2]],
])  # fmt: skip
def test_a_change_is_found_and_nothing_is_appended_to_it(tmp_path, spoil):
    made = book(tmp_path)
    change(tmp_path, spoil(lines(tmp_path)))
    assert made.verify()[1]
    before = (tmp_path / "audit.csv").read_bytes()
    with pytest.raises(InstallError, match="audit"):
        made.append(flat="f9")
    assert (tmp_path / "audit.csv").read_bytes() == before


def test_a_clever_forger_who_chains_anew_is_found_by_the_head(tmp_path):
    made = book(tmp_path)
    rows = made.rows()[:2]
    rows[1]["mac"], before = "00:00:00:00:00:00", rows[0]["chain"]
    rows[1]["chain"] = audit.link(before, rows[1])
    change(tmp_path, [lines(tmp_path)[0], *(",".join(f'"{cell}"' for cell in row.values()) + "\n" for row in rows)])
    assert "taken out" in made.verify()[1][0]


def test_a_missing_or_foreign_head_is_named(tmp_path):
    made = book(tmp_path)
    head = tmp_path / "audit.head"
    kept = head.read_text()
    head.unlink()
    assert "missing" in made.verify()[1][0]
    head.write_text(json.dumps({**json.loads(kept), "chain": "0" * 64}))
    assert "does not belong" in made.verify()[1][0]
    for count in ("3", True, 3.0, None, -1, 0):
        head.write_text(json.dumps({**json.loads(kept), "rows": count}))
        assert made.verify()[1], count
    head.write_text("{")
    assert "cannot be read" in made.verify()[1][0]


def test_the_chain_is_what_the_page_says(tmp_path):
    """Reckoned apart from the tool: over the chain of the row before, and all other cells."""
    before = "0" * 64
    for row in book(tmp_path).rows():
        cells = list(row.values())
        text = json.dumps([before, *cells[:-1]], separators=(",", ":"), ensure_ascii=False)
        assert cells[-1] == hashlib.sha256(text.encode()).hexdigest()
        before = cells[-1]


def test_rows_that_were_put_behind_the_last_one_are_found_by_the_head(tmp_path):
    """One may be there, as after a power cut; a second one was never written by this tool."""
    made = book(tmp_path)
    head = (tmp_path / "audit.head").read_text()
    made.append(flat="f8")
    made.append(flat="f9")
    (tmp_path / "audit.head").write_text(head)
    assert "does not belong" in made.verify()[1][0]
    with pytest.raises(InstallError, match="audit"):
        made.check()


def test_row_and_head_are_on_the_disk_when_it_returns(tmp_path, monkeypatch):
    done, synced = [], []
    monkeypatch.setattr(audit.os, "fsync", lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")))
    monkeypatch.setattr(atomic.os, "replace", lambda old, new: done.append((str(old) in synced, os.rename(old, new))))
    book(tmp_path, rows=1)
    assert str(tmp_path / "audit.csv") in synced and str(tmp_path) in synced
    assert done == [(True, None)], "the new head is on the disk before it has its name"


def test_a_row_cut_short_by_a_power_cut_is_taken_away_by_the_next(tmp_path):
    """At each byte of the row that was being written: what was whole before stays, and the next row follows it."""
    made = book(tmp_path, rows=1)
    whole, head = (tmp_path / "audit.csv").read_bytes(), (tmp_path / "audit.head").read_text()
    made.append(flat="f1", unit="u1")
    longer = (tmp_path / "audit.csv").read_bytes()
    for cut in range(len(whole) + 1, len(longer), 7):
        (tmp_path / "audit.csv").write_bytes(longer[:cut])
        (tmp_path / "audit.head").write_text(head)
        assert len(made.rows()) == 1 and "cut short" in made.verify()[1][0]
        assert made.append(flat="f2")["n"] == "2" and made.verify() == (2, [])
        assert (tmp_path / "audit.csv.torn").read_bytes() == longer[len(whole) : cut]


def test_a_power_cut_between_row_and_head_is_no_break(tmp_path):
    made = book(tmp_path, rows=2)
    head = (tmp_path / "audit.head").read_text()
    made.append(flat="f2")
    (tmp_path / "audit.head").write_text(head)
    assert made.verify() == (3, [])
    assert made.append(flat="f3")["n"] == "4" and made.verify() == (4, [])


def test_the_very_first_row_cut_short_leaves_a_book_that_goes_on(tmp_path):
    """The first line of columns is written together with the first row: a cut may leave the one without the other."""
    longer = (book(tmp_path, rows=1)._path).read_bytes()
    first = len(longer.splitlines(keepends=True)[0])
    (tmp_path / "audit.head").unlink()
    for cut in (0, 1, first - 1, first, first + 1, len(longer) - 1):
        (tmp_path / "audit.csv").write_bytes(longer[:cut])
        (tmp_path / "audit.head").unlink(missing_ok=True)
        made = Audit(tmp_path / "audit.csv")
        assert made.append(flat="f1")["n"] == "1" and made.verify() == (1, []), cut
        assert made.append(flat="f2")["n"] == "2" and made.verify() == (2, []), cut


def test_on_a_full_disk_head_and_rows_do_not_part_company(tmp_path, monkeypatch):
    """A row finds room where the head, which is a new file, finds none: whatever is tried meanwhile, the book goes on after."""
    made = book(tmp_path, rows=2)

    def full(path, *_):
        raise InstallError("disk", path=path, why="No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(audit.atomic, "write_json", full)
        for _ in range(3):
            with pytest.raises(InstallError, match="disk"):
                made.append(flat="f2")
    assert made.append(flat="f3") and made.verify()[1] == []


def test_what_a_board_says_is_kept_as_printable_text(tmp_path):
    made = Audit(tmp_path / "audit.csv")
    row = made.append(detail="it says: \0\x1b[2Jgone\x07 \udcff\u202eé", who="\udce9ve")
    assert row["detail"] == "it says: [2Jgone é" and row["who"] == "ve" and made.verify() == (1, [])
    assert b"\0" not in (tmp_path / "audit.csv").read_bytes() and made.append(flat="f2")["n"] == "2"


def test_no_cell_is_a_formula_and_none_is_more_than_a_line(tmp_path):
    made = Audit(tmp_path / "audit.csv")
    row = made.append(who='=HYPERLINK("x")', detail="one\ntwo\r\n three", error="-1")
    assert row["who"].startswith("'=") and row["detail"] == "one two three" and row["error"] == "'-1"
    assert len((tmp_path / "audit.csv").read_text().splitlines()) == 2 and made.verify() == (1, [])


def test_a_column_that_there_is_not_is_a_programming_error(tmp_path):
    with pytest.raises(ValueError, match="colour"):
        Audit(tmp_path / "audit.csv").append(colour="red")
