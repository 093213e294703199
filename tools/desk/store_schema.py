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
)
