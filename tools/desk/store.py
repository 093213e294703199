"""Everything the desk must not forget, in one SQLite file: calls, sessions, counters, duty, the log.

WAL with synchronous=FULL: what `transaction()` has left is on disk, also after a power cut. One process at a time: the
desk holds a lock file next to the database. Raises StoreError with clear words when the file cannot be used.
"""

import contextlib
import fcntl
import json
import sqlite3

from .store_schema import SCHEMA

_CTR_BLOCK = 100  # numbers reserved per write: a crash skips at most these, and never goes back
_CTR_MAX = 2**31 - 1
_LOG_KEPT = 100_000  # entries; a flat makes about 200 a day
_LOG_SWEEP = 1_000  # entries between two sweeps


class StoreError(Exception):
    """The database cannot be used; the text says which file, why and what to do."""


class Store:
    def __init__(self, path):
        self.path = path
        self._ctr = {}  # address -> (next, end of the reserved block)
        self._lock = _lock(path.with_suffix(".lock"))
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._check()
            self._migrate()
        except sqlite3.Error as error:
            self._lock.close()
            raise StoreError(
                f"{path}: {error}. Move the file away and start again: open calls come back from the units by themselves."
            ) from error
        except StoreError:
            self._lock.close()
            raise

    @property
    def db(self):
        """The connection, for what else is kept in the same file (talk/store.py)."""
        return self._db

    def close(self):
        self._db.close()
        self._lock.close()

    def _check(self):
        answer = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if answer != "ok":
            raise sqlite3.DatabaseError(answer)

    def _migrate(self):
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > len(SCHEMA):
            raise StoreError(f"{self.path}: made by a newer desk (schema {version}, this one knows {len(SCHEMA)}).")
        for number in range(version, len(SCHEMA)):
            self._db.executescript(f"BEGIN; {SCHEMA[number]} PRAGMA user_version={number + 1}; COMMIT;")

    @contextlib.contextmanager
    def transaction(self):
        """All or nothing; durable once left. Inside another one: part of that."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        self._commit()

    def _roll_back(self):
        if self._db.in_transaction:  # on a full disk SQLite has done it already
            self._db.execute("ROLLBACK")

    def _commit(self):
        try:
            self._db.execute("COMMIT")
        except sqlite3.Error:
            self._roll_back()
            raise

    def sessions(self, address):
        """What `Sessions.save()` gave, or None."""
        row = self._db.execute("SELECT sessions FROM units WHERE address = ?", (address,)).fetchone()
        return json.loads(row[0]) if row else None

    def save_sessions(self, address, saved):
        self._db.execute(
            "INSERT INTO units (address, sessions) VALUES (?, ?) "
            "ON CONFLICT (address) DO UPDATE SET sessions = excluded.sessions",
            (address, json.dumps(saved)),
        )

    def next_ctr(self, address):
        """The next number for messages to this unit, 1 ... 2^31-1: grows for ever, crashes included."""
        number, end = self._ctr.get(address, (0, 0))
        if number >= end:
            number, end = self._reserve(address)
        self._ctr[address] = (number + 1, end)
        return number

    def _reserve(self, address):
        if self._db.in_transaction:
            raise RuntimeError("counters are reserved in a transaction of their own: a rollback would take them back")
        with self.transaction():
            row = self._db.execute("SELECT ctr_reserved FROM units WHERE address = ?", (address,)).fetchone()
            start = row[0] if row else 0
            if start + _CTR_BLOCK > _CTR_MAX:
                raise StoreError(f"{address}: all {_CTR_MAX} message numbers are used; give the desk a new `id`.")
            self._db.execute(
                "INSERT INTO units (address, ctr_reserved) VALUES (?, ?) "
                "ON CONFLICT (address) DO UPDATE SET ctr_reserved = excluded.ctr_reserved",
                (address, start + _CTR_BLOCK),
            )
        return start + 1, start + _CTR_BLOCK + 1

    def duty(self):
        """Dict of scheme to True (a coordinator is on duty) or False; a scheme never switched is not in it."""
        return {scheme: bool(on) for scheme, on in self._db.execute("SELECT scheme, on_duty FROM duty")}

    def save_duty(self, scheme, on_duty):
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO duty VALUES (?, ?)", (scheme, int(on_duty)))

    def add_call(self, address, call, state, body):
        """Number of the new call, from 1."""
        with self.transaction():
            cursor = self._db.execute(
                "INSERT INTO calls (address, call, state, body) VALUES (?, ?, ?, ?)", (address, call, state, json.dumps(body))
            )
        return cursor.lastrowid

    def save_call(self, n, state, body):
        with self.transaction():
            self._db.execute("UPDATE calls SET state = ?, body = ? WHERE n = ?", (state, json.dumps(body), n))

    def call_at(self, address, call):
        """(n, address, call, state, body) or None."""
        return self._one("address = ? AND call = ?", (address, call))

    def call_n(self, n):
        return self._one("n = ?", (n,))

    def _one(self, where, values):
        row = self._db.execute(f"SELECT n, address, call, state, body FROM calls WHERE {where}", values).fetchone()
        return _unpacked(row) if row else None

    def calls(self, closed, limit):
        """The newest `limit` (-1: all) of the closed or of the other ones, in the order of their numbers."""
        where = "state = 'closed'" if closed else "state != 'closed'"
        sql = f"SELECT n, address, call, state, body FROM calls WHERE {where} ORDER BY n DESC LIMIT ?"
        return [_unpacked(row) for row in self._db.execute(sql, (limit,))][::-1]

    def log(self, at_ms, event, address, call, body):
        """Number of the new entry, from 1."""
        with self.transaction():
            cursor = self._db.execute(
                "INSERT INTO log (at_ms, event, address, call, body) VALUES (?, ?, ?, ?, ?)",
                (at_ms, event, address, call, json.dumps(body)),
            )
            if cursor.lastrowid % _LOG_SWEEP == 0:
                self._db.execute("DELETE FROM log WHERE n <= ?", (cursor.lastrowid - _LOG_KEPT,))
        return cursor.lastrowid

    def log_since(self, n, limit, call=""):
        """Entries after number `n`, oldest first, each (n, at_ms, event, address, call, body)."""
        where, values = ("n > ? AND call = ?", (n, call)) if call else ("n > ?", (n,))
        rows = self._db.execute(
            f"SELECT n, at_ms, event, address, call, body FROM log WHERE {where} ORDER BY n LIMIT ?", (*values, limit)
        )
        return [(*row[:5], json.loads(row[5])) for row in rows]

    def log_end(self):
        """Number of the newest entry, 0 if there is none."""
        return self._db.execute("SELECT coalesce(max(n), 0) FROM log").fetchone()[0]


def _unpacked(row):
    return (*row[:4], json.loads(row[4]))


def _lock(path):
    try:
        file = open(path, "a")  # noqa: SIM115 - held open for as long as the desk runs
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}. The state directory must be writable.") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise StoreError(f"{path}: another desk is running with this state directory; stop it or use another one.") from error
    return file
