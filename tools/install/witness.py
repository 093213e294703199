"""What else in the scheme directory tells of the audit: who takes rows away, head and all, leaves these witnesses.

- `logs/`: each run ends with the number of rows and 16 digits of the chain.
- `identities/`: a unit that has a board had a run, and so has one that was retired.
- `records/`: the record of a self-test is named by its SHA-256 in the row of its run.

Nothing here is proof against who changes them all; the digits on paper are (docs/install.md).
"""

import hashlib
import re
import time

from . import audit

_TOLD = re.compile(r"^\S+Z \d+ of \d+ installed\. audit\.csv: (\d+) rows, chain ([0-9a-f]{16})$", re.M)
_UTC = "%Y-%m-%dT%H:%M:%SZ"
_MOST = 3  # of a kind are named, and the number of the others


def missing(scheme, store, rows):
    """Sentences on rows that must have been there and are not; empty when nothing speaks against the audit. Raises
    InstallError (`identity`)."""
    return [*_of_logs(scheme, rows), *_some(_of_boards(store, rows)), *_some(_of_records(scheme, rows))]


def clock(rows):
    """A sentence, in a list, if this computer's clock is behind the audit's last row; else an empty list. Units take their
    time from it, and never go back."""
    latest = max((row["utc"] for row in rows), default="")
    now = time.strftime(_UTC, time.gmtime())
    if latest <= now:
        return []
    return [
        f"this computer's clock says {now}, and a row of the audit {latest}: set the clock. Units that were installed while it "
        "was wrong show the fault `clock`"
    ]


def _of_logs(scheme, rows):
    """The newest log that does not agree."""
    for path in sorted((scheme.dir / "logs").glob("*.log"), reverse=True):
        for count, chain in reversed(_TOLD.findall(path.read_text(encoding="utf-8", errors="replace"))):
            if len(rows) < int(count):
                return [f"logs/{path.name} tells of {count} rows, and {len(rows)} are there"]
            if not rows[int(count) - 1]["chain"].startswith(chain):
                return [f"logs/{path.name} has another chain at row {count}: the audit was begun anew, or is another one's"]
    return []


def _of_boards(store, rows):
    seen = {(row["unit"], row["mac"]) for row in rows}
    gone = {(row["unit"], row["mac"]) for row in rows if row["result"] == audit.RETIRED}
    found = [
        f"unit {one.unit} has the board {one.mac}, and no row tells of it: rows are missing, or its only run was cut short"
        for one in store.all() if one.mac and (one.unit, one.mac) not in seen
    ]  # fmt: skip
    return found + [
        f"unit {one.unit} was retired with the board {one.mac or 'none'}, and no row tells of it"
        for one in store.retired() if (one.unit, one.mac or "") not in gone
    ]  # fmt: skip


def _of_records(scheme, rows):
    known = {row["record"] for row in rows}
    return [
        f"records/{path.name} is a self-test that no row tells of: rows are missing, or its run was cut short"
        for path in sorted((scheme.dir / "records").glob("*.txt"))
        if hashlib.sha256(path.read_bytes()).hexdigest() not in known
    ]  # fmt: skip


def _some(found):
    return found[:_MOST] + ([f"... and {len(found) - _MOST} more of that kind"] if len(found) > _MOST else [])
