"""`audit.csv`: a row for every run, failed ones too. Each row has the hash of all before it: who changes or takes out one is
found.

A row's `chain` is SHA-256 over the JSON list (no white space, as UTF-8) of the chain of the row before, 64 zeros for the first,
and of all its other cells. `audit.head` says how many rows there are and the last chain: rows taken off the end are found by it.
"""

import csv
import hashlib
import io
import json
import os
from pathlib import Path

from . import atomic
from .errors import InstallError

COLUMNS = (
    "n", "utc", "who", "result", "step", "error", "flat", "unit", "board", "chip", "mac", "flash_mb", "image", "form",
    "firmware", "session", "self_test", "record", "seconds", "detail", "chain",
)  # fmt: skip
FIRST = "0" * 64
INSTALLED, FAILED, RETIRED, LABEL = "installed", "failed", "retired", "label"
_FORMULA = "=+-@\t\r"  # a spreadsheet takes what begins so for a formula, and runs it
_LONGEST = 300  # characters of a cell


class Audit:
    """The file `path`. Writers hold the scheme directory's lock; `append` may be called by several threads under a lock of
    theirs."""

    def __init__(self, path):
        self._path = Path(path)
        self._head = self._path.with_name("audit.head")

    def append(self, **cells):
        """One more row; on the disk when this returns. Unknown cells stay empty. Returns the row as a dict. Raises
        InstallError."""
        rows = self._whole()
        self._catch_up(rows)
        row = {name: _plain(cells.pop(name, "")) for name in COLUMNS}
        if cells:
            raise ValueError(f"audit: no column {sorted(cells)[0]!r}")
        row["n"] = str(len(rows) + 1)
        row["chain"] = link(rows[-1]["chain"] if rows else FIRST, row)
        begun = self._path.exists() and self._path.stat().st_size > 0  # with its first line at least
        text = ("" if begun else _line(COLUMNS)) + _line(row.values())
        try:
            with open(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, atomic.SECRET), "ab") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            atomic.sync_directory(self._path.parent)
        except OSError as error:
            raise InstallError("disk", path=self._path, why=error.strerror) from error
        self._write_head([*rows, row])
        return row

    def _catch_up(self, rows):
        """The head may be one row behind, after a power cut or on a full disk; with a second one the book would be a broken
        one."""
        if rows and json.loads(self._head.read_text())["rows"] < len(rows):
            self._write_head(rows)

    def _write_head(self, rows):
        atomic.write_json(self._head, {"v": 1, "rows": len(rows), "chain": rows[-1]["chain"]})

    def rows(self):
        """List of dicts, in order. A last line that was cut short by a power cut is left out."""
        return self._read()[0]

    def check(self):
        """Raises InstallError (`audit`) if the chain is broken: then nothing is begun."""
        self._whole()

    def verify(self):
        """(number of rows, list of sentences: what is broken, first break first)."""
        try:
            rows, torn, broken = self._read()
        except InstallError as error:
            return 0, [error.facts["why"]]
        before = FIRST
        for i, row in enumerate(rows, 1):
            if row["n"] != str(i):
                broken.append(f"row {i} calls itself {row['n']!r}: a row is missing, or was put in")
            if row["chain"] != link(before, row):
                broken.append(f"row {i}: it, or one before it, was changed, added or taken out after it was written")
                break
            before = row["chain"]
        if torn:
            broken.append("the last line is cut short: the power went while it was written; the next run takes it away")
        return len(rows), broken + self._of_head(rows)

    def _of_head(self, rows):
        try:
            head = json.loads(self._head.read_text())
            count, chain = head["rows"], head["chain"]
        except FileNotFoundError:
            return ["audit.head is missing: nobody can tell whether rows were taken off the end"] if rows else []
        except (OSError, ValueError, TypeError, KeyError):
            return ["audit.head cannot be read: nobody can tell whether rows were taken off the end"]
        if type(count) is not int or count > len(rows):
            return [f"there were {count} rows, and {len(rows)} are left: rows at the end were taken out"]
        if count < 1 or rows[count - 1]["chain"] != chain or count < len(rows) - 1:
            return ["audit.head does not belong to these rows: one of the two was put back from another day"]
        return []

    def _whole(self):
        """The rows, with a torn last line taken away. Raises InstallError if the chain is broken: nothing is put onto that."""
        rows, torn, broken = self._read()
        if torn:
            data = self._path.read_bytes()
            atomic.write(self._path.with_name("audit.csv.torn"), data[-len(torn) :])
            atomic.write(self._path, data[: -len(torn)])
        before = FIRST
        for i, row in enumerate(rows, 1):
            if row["n"] != str(i) or row["chain"] != link(before, row):
                broken.append(f"row {i} does not follow the one before it")
            before = row["chain"]
        broken += self._of_head(rows)
        if broken:
            raise InstallError("audit", why=broken[0])
        return rows

    def _read(self):
        """(rows, bytes of a torn last line, list of sentences)"""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return [], b"", []
        except OSError as error:
            raise InstallError("audit", why=f"{self._path.name} cannot be read: {error.strerror}") from error
        whole, _, torn = data.rpartition(b"\n")
        try:
            lines = list(csv.reader(io.StringIO(whole.decode("utf-8"), newline=""), strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            raise InstallError("audit", why=f"{self._path.name} is no CSV any more: {error}") from error
        if not lines:
            return [], torn, []
        if tuple(lines[0]) != COLUMNS:
            raise InstallError("audit", why="its first line is not the one that this tool writes")
        wrong = [f"row {i} has {len(line)} cells" for i, line in enumerate(lines[1:], 1) if len(line) != len(COLUMNS)]
        rows = [dict(zip(COLUMNS, line, strict=True)) for line in lines[1:] if len(line) == len(COLUMNS)]
        return rows, torn, wrong


def link(before, row):
    """The chain of `row`, a dict of all cells but `chain`."""
    cells = [before, *(row[name] for name in COLUMNS[:-1])]
    return hashlib.sha256(json.dumps(cells, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _plain(cell):
    """One line of printable characters, of bounded length, that no spreadsheet takes for a formula. A board's console gives
    anything: a zero byte would end the book for Python 3.10, an escape sequence would speak to the terminal of who reads it."""
    text = "".join(one if one.isprintable() else " " for one in str("" if cell is None else cell))
    text = " ".join(text.split())[:_LONGEST]
    return "'" + text if text[:1] and text[0] in _FORMULA else text


def _line(cells):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
