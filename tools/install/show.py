"""`audit show` and `audit verify`: the audit as a person reads it, as wide as the terminal, or as CSV for another program."""

import csv
import shutil
import sys
import textwrap

from . import scheme, witness
from .audit import COLUMNS, FAILED, Audit
from .store import Store

_SHOWN = {"n": "row", "utc": "time (UTC)", "flat": "flat", "unit": "unit", "board": "board", "mac": "MAC address",
          "result": "result", "seconds": "s", "who": "who"}  # fmt: skip
_REMARK = "remark"
_LEAST = 30  # columns for the remark, however narrow the terminal is
_DONE, _NOT_ALL = 0, 1


def audit(options):
    """The command; returns its exit code."""
    one = scheme.load(options.scheme)
    book = Audit(one.audit)
    if options.what == "verify":
        return _verify(book, one)
    if options.csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([COLUMNS, *(row.values() for row in book.rows())])
    else:
        wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print("\n".join(table(book.rows(), wide)))
    _tell_missing(one, book.rows(), "REMARK", sys.stderr if options.csv else sys.stdout)
    return _DONE


def _verify(book, one):
    count, broken = book.verify()
    for text in broken:
        print(f"BROKEN: {text}")
    rows = book.rows() if not broken else []
    missing = _tell_missing(one, rows, "MISSING") if not broken else 0
    word = "BROKEN" if broken else "NOT ALL THERE" if missing else "whole"
    print(f"audit.csv: {count} rows, {word}" + (f", chain {rows[-1]['chain']}" if rows else ""))
    return _NOT_ALL if broken or missing else _DONE


def _tell_missing(one, rows, word, out=None):
    found = witness.missing(one, Store(one), rows)
    for text in found:
        print(f"{word}: {text}", file=out)
    for text in witness.clock(rows):
        print(f"REMARK: {text}", file=out)
    return len(found)


def table(rows, wide):
    """Lines of a table of audit rows. `wide`: columns of the terminal, or None where a line may be as long as it is."""
    if not rows:
        return ["the audit has no row"]
    cells = [[row[name] for name in _SHOWN] for row in rows]
    widths = [max(map(len, column)) for column in zip(list(_SHOWN.values()), *cells, strict=True)]
    left = sum(widths) + 2 * len(widths)
    found = [_line([*_SHOWN.values()], widths) + _REMARK]
    for row, line in zip(rows, cells, strict=True):
        parts = _wrapped(_remark(row), wide and max(wide - left, _LEAST))
        found.append((_line(line, widths) + parts[0]).rstrip())
        found += [" " * left + part for part in parts[1:]]
    return found


def _line(cells, widths):
    right = {i for i, name in enumerate(_SHOWN) if name in ("n", "seconds")}
    return "".join((cell.rjust(width) if i in right else cell.ljust(width)) + "  "
                   for i, (cell, width) in enumerate(zip(cells, widths, strict=True)))  # fmt: skip


def _remark(row):
    return f"at {row['step']}: {row['detail']}" if row["result"] == FAILED else row["detail"]


def _wrapped(text, wide):
    return (textwrap.wrap(text, wide) if wide else [text]) or [""]
