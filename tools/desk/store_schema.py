"""The database's tables. `SCHEMA[n]` brings version n to n + 1; the version is SQLite's user_version."""

SCHEMA = (
    """
    CREATE TABLE units (address TEXT PRIMARY KEY, sessions TEXT NOT NULL DEFAULT '{}', ctr_reserved INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE duty (scheme TEXT PRIMARY KEY, on_duty INTEGER NOT NULL);
    CREATE TABLE calls (
        n INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT NOT NULL, call TEXT NOT NULL, state TEXT NOT NULL,
        body TEXT NOT NULL, UNIQUE (address, call));
    CREATE INDEX calls_by_state ON calls (state);
    CREATE TABLE log (n INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, event TEXT NOT NULL,
        address TEXT NOT NULL, call TEXT NOT NULL, body TEXT NOT NULL);
    """,
    """
    CREATE TABLE turns (address TEXT PRIMARY KEY, turn INTEGER NOT NULL);
    CREATE TABLE talks (
        n INTEGER PRIMARY KEY AUTOINCREMENT, sid TEXT NOT NULL UNIQUE, address TEXT NOT NULL, is_over INTEGER NOT NULL,
        body TEXT NOT NULL);
    CREATE INDEX talks_by_end ON talks (is_over);
    CREATE TABLE facts (
        n INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, fact TEXT NOT NULL, address TEXT NOT NULL,
        session TEXT NOT NULL, seq INTEGER NOT NULL, sid TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (address, session, seq));
    CREATE INDEX facts_by_kind ON facts (fact, address, n);
    CREATE TABLE welfare (
        n INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, address TEXT NOT NULL, sid TEXT NOT NULL, who TEXT NOT NULL,
        body TEXT NOT NULL);
    """,
    """
    CREATE TABLE test_courses (address TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE test_records (
        n INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT NOT NULL, test TEXT NOT NULL, received_s INTEGER NOT NULL,
        sha256 TEXT NOT NULL, prev TEXT NOT NULL, text TEXT NOT NULL, verdict TEXT NOT NULL, ended_s INTEGER,
        flags TEXT NOT NULL, chain TEXT NOT NULL, UNIQUE (address, sha256));
    CREATE INDEX test_records_by_unit ON test_records (address, test);
    """,
)
