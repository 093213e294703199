"""Records of test and the course of tests in the desk's database. Nothing here is ever taken away.

Records form one chain over all units: `chain` of each is SHA-256 over the chain before it and everything of the record that is
kept. Who changes, adds or takes out an entry later has to change all that follow, and the printed ones do not change.
"""

import hashlib
import json

from .record import FIRST

_COLUMNS = "n, address, test, received_s, sha256, prev, text, verdict, ended_s, flags, chain"
_BRIEF = _COLUMNS.replace("text, ", "")


def link(before, address, test, received_s, sha256, prev, verdict, ended_s, flags):
    """`chain` of a record, 64 hex digits. `before`: that of the record before it, 64 zeros for the first."""
    kept = [before, address, test, received_s, sha256, prev, verdict, ended_s, flags]
    return hashlib.sha256(json.dumps(kept, separators=(",", ":")).encode()).hexdigest()


class TestStore:
    """`store`: the desk's Store; its transactions hold for everything here."""

    __test__ = False  # for pytest: this is no test

    def __init__(self, store):
        self._store, self._db = store, store.db

    def courses(self):
        """Dict of address to the body of the unit's newest test."""
        return {address: json.loads(body) for address, body in self._db.execute("SELECT address, body FROM test_courses")}

    def save_course(self, address, body):
        with self._store.transaction():
            self._db.execute("INSERT OR REPLACE INTO test_courses VALUES (?, ?)", (address, json.dumps(body)))

    def add(self, address, test, received_s, sha256, record, text, flags):
        """Number of the new record. `record`: Record of `text`; `flags`: its own; those of its place are added."""
        with self._store.transaction():
            flags = ",".join([*flags, *self._flags_of_place(address, test, record.prev)])
            before = self._db.execute("SELECT chain FROM test_records ORDER BY n DESC LIMIT 1").fetchone()
            values = address, test, received_s, sha256, record.prev
            told = record.verdict, record.ended_s, flags
            chain = link(before[0] if before else FIRST, *values, *told)
            sql = f"INSERT INTO test_records ({_COLUMNS.removeprefix('n, ')}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            return self._db.execute(sql, (*values, text, *told, chain)).lastrowid

    def _flags_of_place(self, address, test, prev):
        newest = "SELECT sha256 FROM test_records WHERE address = ? ORDER BY n DESC LIMIT 1"
        newest = self._db.execute(newest, (address,)).fetchone()
        flags = []
        if prev and prev != (newest[0] if newest else FIRST):
            flags.append("fork" if prev == FIRST or self.number(address, prev) else "gap")
        same = "SELECT 1 FROM test_records WHERE address = ? AND test = ?"
        return flags + ["twice"] * bool(self._db.execute(same, (address, test)).fetchone())

    def number(self, address, sha256):
        """Number of that record of the unit, or None."""
        row = self._db.execute("SELECT n FROM test_records WHERE address = ? AND sha256 = ?", (address, sha256)).fetchone()
        return row[0] if row else None

    def record(self, n):
        """All of one record as a dict, or None."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM test_records WHERE n = ?", (n,)).fetchone()
        return _entry(_COLUMNS, row) if row else None

    def records(self, address, since, limit, newest=False):
        """Records after number `since` without their text, by number. `address`: "" for all units.

        `limit` of them: the first ones, or the `newest`.
        """
        where, values = ("address = ? AND", (address,)) if address else ("", ())
        order = "DESC" if newest else "ASC"
        sql = f"SELECT {_BRIEF} FROM test_records WHERE {where} n > ? ORDER BY n {order} LIMIT ?"
        rows = self._db.execute(sql, (*values, since, limit)).fetchall()
        return [_entry(_BRIEF, row) for row in (rows[::-1] if newest else rows)]

    def verify(self):
        """(records there are, list of (n, what is wrong)): every hash reckoned anew. n None: entries at the end are gone."""
        wrong, before, count, last = [], FIRST, 0, 0
        for row in self._db.execute(f"SELECT {_COLUMNS} FROM test_records ORDER BY n"):
            entry, count = dict(zip(_COLUMNS.split(", "), row, strict=True)), count + 1
            if hashlib.sha256(entry["text"].encode()).hexdigest() != entry["sha256"]:
                wrong.append((entry["n"], "sha256"))
            told = [entry[name] for name in ("address", "test", "received_s", "sha256", "prev", "verdict", "ended_s", "flags")]
            if link(before, *told) != entry["chain"]:
                wrong.append((entry["n"], "chain"))
            before, last = entry["chain"], entry["n"]
        made = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'test_records'").fetchone()
        return count, wrong + [(None, "end")] * bool(made and made[0] > last)


def _entry(columns, row):
    entry = dict(zip(columns.split(", "), row, strict=True))
    entry["flags"] = entry["flags"].split(",") if entry["flags"] else []
    return {"unit" if name == "address" else name: value for name, value in entry.items()}
