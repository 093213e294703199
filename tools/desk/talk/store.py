"""What the desk must not forget of speech: turns, sessions, what units attested, welfare outcomes. In the desk's database.

A fact is what a unit has attested once and what somebody may be asked about years later: the microphone was opened, nobody
answered, "I'm OK" was pressed or missed. Facts are kept beside the log, which is swept sooner.
"""

import json

_FACTS_KEPT = 1_000_000  # a flat makes about 10 a day: 100 flats for three years
_TALKS_KEPT = 100_000  # sessions; what must outlive them are facts and outcomes
_SWEEP = 1_000  # entries between two sweeps
_ORDER = {False: "ASC", True: "DESC"}
TURN_MAX = 2**31 - 1


class TalkStore:
    """`store`: the desk's Store; its transactions hold for everything here."""

    def __init__(self, store):
        self._store, self._db = store, store.db

    def next_turn(self, address, above=0):
        """The next turn for offers to this unit: higher than any before, and than `above`, which the unit has told of."""
        row = self._db.execute("SELECT turn FROM turns WHERE address = ?", (address,)).fetchone()
        turn = min(TURN_MAX, max(row[0] if row else 0, above) + 1)
        with self._store.transaction():
            self._db.execute("INSERT OR REPLACE INTO turns VALUES (?, ?)", (address, turn))
        return turn

    def keep_turn(self, address, turn):
        """An offer with this turn is on its way."""
        with self._store.transaction():
            sql = "INSERT INTO turns VALUES (?, ?) ON CONFLICT (address) DO UPDATE SET turn = max(turn, excluded.turn)"
            self._db.execute(sql, (address, turn))

    def add_talk(self, sid, address, body):
        """Number of the new session, from 1."""
        with self._store.transaction():
            sql = "INSERT INTO talks (sid, address, is_over, body) VALUES (?, ?, 0, ?)"
            n = self._db.execute(sql, (sid, address, json.dumps(body))).lastrowid
            if n % _SWEEP == 0:
                self._db.execute("DELETE FROM talks WHERE is_over AND n <= ?", (n - _TALKS_KEPT,))
        return n

    def save_talk(self, n, is_over, body):
        with self._store.transaction():
            self._db.execute("UPDATE talks SET is_over = ?, body = ? WHERE n = ?", (int(is_over), json.dumps(body), n))

    def talks(self, is_over, limit):
        """The newest `limit` (-1: all) of those that are over, or of the others, by number: (n, sid, address, body)."""
        sql = "SELECT n, sid, address, body FROM talks WHERE is_over = ? ORDER BY n DESC LIMIT ?"
        return [(*row[:3], json.loads(row[3])) for row in self._db.execute(sql, (int(is_over), limit))][::-1]

    def talk(self, sid):
        """(n, sid, address, body) or None."""
        row = self._db.execute("SELECT n, sid, address, body FROM talks WHERE sid = ?", (sid,)).fetchone()
        return (*row[:3], json.loads(row[3])) if row else None

    def add_fact(self, at_ms, fact, address, message, body):
        """Number of the new fact, or None: this very message was taken before. `message`: session, seq, and sid if it has one."""
        values = (at_ms, fact, address, message["session"], message["seq"], message.get("sid", ""), json.dumps(body))
        with self._store.transaction():
            known = "SELECT 1 FROM facts WHERE address = ? AND session = ? AND seq = ?"
            if self._db.execute(known, (address, message["session"], message["seq"])).fetchone():
                return None
            sql = "INSERT INTO facts (at_ms, fact, address, session, seq, sid, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
            cursor = self._db.execute(sql, values)
            if cursor.lastrowid % _SWEEP == 0:
                self._db.execute("DELETE FROM facts WHERE n <= ?", (cursor.lastrowid - _FACTS_KEPT,))
        return cursor.lastrowid

    def facts(self, fact, address, since, limit, newest=False):
        """Facts of one kind after number `since`, by number: (n, at_ms, address, body). `address`: "" for all units.

        `limit` of them: the first ones, or the `newest`.
        """
        where, values = ("AND address = ?", (address,)) if address else ("", ())
        sql = f"SELECT n, at_ms, address, body FROM facts WHERE fact = ? {where} AND n > ? ORDER BY n {_ORDER[newest]} LIMIT ?"
        return sorted((*row[:3], json.loads(row[3])) for row in self._db.execute(sql, (fact, *values, since, limit)))

    def fact_of(self, fact, sid):
        """Body of the newest fact of this kind in the session, or None."""
        sql = "SELECT body FROM facts WHERE fact = ? AND sid = ? ORDER BY n DESC LIMIT 1"
        row = self._db.execute(sql, (fact, sid)).fetchone()
        return json.loads(row[0]) if row else None

    def add_outcome(self, at_ms, address, sid, who, body):
        """Number of the recorded outcome of a welfare call."""
        with self._store.transaction():
            sql = "INSERT INTO welfare (at_ms, address, sid, who, body) VALUES (?, ?, ?, ?, ?)"
            return self._db.execute(sql, (at_ms, address, sid, who, json.dumps(body))).lastrowid

    def outcomes(self, address, since, limit, newest=False):
        """Recorded outcomes as `facts`: (n, at_ms, address, sid, who, body)."""
        where, values = ("address = ? AND", (address,)) if address else ("", ())
        sql = f"SELECT n, at_ms, address, sid, who, body FROM welfare WHERE {where} n > ? ORDER BY n {_ORDER[newest]} LIMIT ?"
        return sorted((*row[:5], json.loads(row[5])) for row in self._db.execute(sql, (*values, since, limit)))
