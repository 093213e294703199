"""A scheme's units as CSV (RFC 4180): a row for each, tested or not, with what its newest record says and when it is due."""

import csv
import io

from tools.desk.testing.due import NEVER, next_test
from tools.desk.testing.record import Record

from . import words

COLUMNS = (
    "scheme", "flat", "unit", "label", "state", "due", "days_left", "last_passed", "verdict", "test", "begun_utc", "ended_utc",
    "engineer", "witness", "board", "firmware", "defects", "not_tested", "in_doubt", "record", "sha256", "prev", "board_sha256",
    "config_sha256",
)  # fmt: skip
_FORMULA = "=+-@\t\r\n"  # a spreadsheet takes what begins so for a formula, and runs it


def table(store, units, today):
    """The text. `store`: TestStore; `units`: {scheme/flat/unit: label}; `today`: date, local."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for address in sorted(units):
        writer.writerow([_plain(cell) for cell in _row(store, address, units[address], today)])
    return out.getvalue()


def _row(store, address, label, today):
    records = store.records(address, 0, -1)
    found = next_test(records, today)
    entry = store.record(found["record"]) if found["record"] else None
    record = Record(entry["text"] if entry else "")
    header = record.header.get
    state = "never tested" if not records else "never passed" if found["state"] == NEVER else found["state"]
    last = {step: result for step, result, *_ in record.results}
    return [
        *address.split("/"), label, state, found["due"] or "", "" if found["days"] is None else found["days"],
        found["tested"] or "", record.verdict, header("test", ""), _moment(header("started")), _moment(record.ended_s),
        header("engineer", ""), header("witness", ""), header("board", ""), header("firmware", ""),
        "; ".join(words.step(step) for step, result in last.items() if result == "fail"),
        "; ".join(words.step(step) for step, result in last.items() if result in ("skip", "open")),
        "; ".join(words.DOUBTS.get(flag, flag) for flag in (entry["flags"] if entry else ())),
        entry["n"] if entry else "", entry["sha256"] if entry else "", record.prev, header("board_sha256", ""),
        header("config_sha256", ""),
    ]  # fmt: skip


def _moment(unix_s):
    said = words.moment(unix_s)
    return said if said.endswith(" UTC") else ""


def _plain(cell):
    """A text that a spreadsheet shows as it is: numbers of ours stay numbers, everything else is never a formula."""
    if isinstance(cell, str) and cell.lstrip(" ")[:1] and cell.lstrip(" ")[0] in _FORMULA:
        return "'" + cell
    return cell
