"""Where records of test come from: the desk's database, while the desk runs or not, or files with the text of one record each.

Every entry is a dict as docs/desk-api.md has it ("A record"): `n`, `unit`, `test`, `received_s`, `sha256`, `prev`, `text`,
`verdict`, `ended_s`, `flags`, `chain`. Of a file `n`, `received_s` and `chain` are None.
"""

import contextlib
import hashlib
import sqlite3
from pathlib import Path

from tools.desk.testing.record import Record
from tools.desk.testing.store import TestStore

_TEXT_MAX = 1 << 20  # bytes; a record has a few thousand


class SourceError(Exception):
    """The records cannot be read; the text says what to do."""


class _ReadOnly:
    """What TestStore needs of a store, without the desk's lock: a running desk goes on."""

    def __init__(self, db):
        self.db = db


@contextlib.contextmanager
def desk(state):
    """A TestStore of the desk whose state directory is `state`, for reading. Raises SourceError."""
    path = Path(state) / "desk.db"
    if not path.is_file():
        raise SourceError(f"{path} is not there; --state names the desk's state directory, --config its configuration file")
    db = sqlite3.connect(path.resolve().as_uri() + "?mode=ro", uri=True)
    try:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'test_records'").fetchone():
            raise SourceError(f"{path} is of a desk that knows no tests; start the new desk on it once, then try again")
        yield TestStore(_ReadOnly(db))
    except sqlite3.Error as error:
        raise SourceError(f"{path}: {error}; if the disk is whole, take the last copy of the file") from error
    finally:
        db.close()


def entries(store, unit=""):
    """All records of `unit` ("" for all units) with their text, by number."""
    return [store.record(brief["n"]) for brief in store.records(unit, 0, -1)]


def from_file(path):
    """The entry of a file that holds the text of one record. Raises SourceError."""
    try:
        data = Path(path).read_bytes()
        text = data.decode()
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}; name a file with the text of one record") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not UTF-8, so no record of test") from error
    record = Record(text) if len(data) <= _TEXT_MAX else Record("")
    if not record.is_read:
        raise SourceError(f"{path}: not a record of test (docs/records.md has the format)")
    return {
        "n": None, "unit": record.header["unit"], "test": record.header["test"], "received_s": None, "chain": None,
        "sha256": hashlib.sha256(data).hexdigest(), "prev": record.prev, "text": text, "verdict": record.verdict,
        "ended_s": record.ended_s, "flags": _flags(record),
    }  # fmt: skip


def _flags(record):
    """Those that need no desk."""
    return ["verdict"] if "verdict" in record.flags(record.header["unit"], record.header["test"], record.ended_s or 0) else []
