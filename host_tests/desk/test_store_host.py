"""The database: durable, never back, and clear when it cannot be used."""

import asyncio
import os
import signal
import sqlite3
import sys

import pytest

from host_tests.fakes.desk import ROOT
from tools.desk.store import Store, StoreError

FLAT = "demo/f12/u1"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "desk.db"


def test_it_syncs_fully_and_uses_a_write_ahead_log(path):
    store = Store(path)
    assert store._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert store._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert store._db.execute("PRAGMA user_version").fetchone()[0] == 3
    store.close()


def test_counters_grow_over_restarts_and_are_each_units_own(path):
    numbers = []
    for _ in range(3):
        store = Store(path)
        numbers += [store.next_ctr(FLAT) for _ in range(150)]
        assert store.next_ctr("demo/f13/u1") == len(numbers) // 150 * 100 - 99
        store.close()
    assert numbers == sorted(set(numbers))


def test_counters_are_not_taken_inside_a_transaction_that_could_be_undone(path):
    store = Store(path)
    with pytest.raises(RuntimeError), store.transaction():
        store.next_ctr(FLAT)
    store.close()


def test_used_up_counters_are_said_and_not_wrapped(path):
    store = Store(path)
    store.next_ctr(FLAT)
    store._db.execute("UPDATE units SET ctr_reserved = ?", (2**31 - 50,))
    store._ctr.clear()
    with pytest.raises(StoreError, match="new `id`"):
        store.next_ctr(FLAT)
    store.close()


def test_a_failed_transaction_leaves_nothing(path):
    store = Store(path)
    with pytest.raises(KeyError), store.transaction():
        store.add_call(FLAT, "u1-00000000-1", "open", {})
        store.log(0, "alarm", FLAT, "", {})
        raise KeyError
    assert store.calls(closed=False, limit=-1) == []
    assert store.log_end() == 0
    store.close()


def test_the_same_call_of_the_same_unit_cannot_be_stored_twice(path):
    store = Store(path)
    store.add_call(FLAT, "u1-00000000-1", "open", {})
    assert store.add_call("demo/f13/u1", "u1-00000000-1", "open", {}) == 2
    with pytest.raises(sqlite3.IntegrityError):
        store.add_call(FLAT, "u1-00000000-1", "open", {})
    store.close()


def test_two_desks_on_one_database_are_refused(path):
    store = Store(path)
    with pytest.raises(StoreError, match="another desk"):
        Store(path)
    store.close()
    Store(path).close()


def test_a_newer_schema_is_refused(path):
    store = Store(path)
    store._db.execute("PRAGMA user_version=99")
    store.close()
    with pytest.raises(StoreError, match="newer desk"):
        Store(path)


@pytest.mark.parametrize("damage", ["not a database", "header", "middle"])
def test_a_damaged_file_is_refused_with_what_to_do(path, damage):
    store = Store(path)
    for i in range(300):
        store.log(i, "alarm", FLAT, "", {"text": "x" * 200})
    store.close()
    data = bytearray(path.read_bytes())
    if damage == "middle":
        data[4096 * 3 : -4096] = os.urandom(len(data) - 4096 * 4)
    else:
        data[:100] = b"not a database at all" * 4 + b"xxxxxxxxxxxxxxxx"
    path.write_bytes(data if damage != "not a database" else b"hello" * 1000)
    with pytest.raises(StoreError, match="Move the file away"):
        Store(path)


def test_the_log_keeps_its_newest_entries(path, monkeypatch):
    monkeypatch.setattr("tools.desk.store._LOG_KEPT", 500)
    store = Store(path)
    with store.transaction():
        for i in range(2000):
            store.log(i, "alarm", FLAT, "", {})
    rows = store.log_since(0, 10_000)
    assert (len(rows), rows[0][0], rows[-1][0]) == (500, 1501, 2000)
    store.close()


_CHILD = """
import sys
from pathlib import Path
from tools.desk.store import Store
store = Store(Path(sys.argv[1]))
n = len(store.calls(closed=False, limit=-1))
while True:
    n += 1
    with store.transaction():
        store.add_call("demo/f12/u1", f"u1-00000000-{n}", "open", {"n": n})
        store.log(n, "alarm", "demo/f12/u1", "", {})
    print(n, store.next_ctr("demo/f12/u1"), flush=True)
"""


def test_kill_9_at_any_moment_loses_nothing_that_was_stored_and_repeats_no_number(path):
    """P1 on the desk's side: what it has told the world (here: printed) is in the file after SIGKILL."""

    async def one_life(lines_wanted):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _CHILD, str(path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )  # fmt: skip
        lines = [await asyncio.wait_for(child.stdout.readline(), 20) for _ in range(lines_wanted)]
        child.send_signal(signal.SIGKILL)
        rest = await child.stdout.read()
        await child.wait()
        whole = (b"".join(lines) + rest).decode().split("\n")[:-1]
        return [tuple(map(int, line.split())) for line in whole]

    async def run():
        said = []
        for lines_wanted in (1, 2, 7, 40, 130):
            said += await one_life(lines_wanted)
        return said

    said = asyncio.run(run())
    counters = [ctr for _, ctr in said]
    assert counters == sorted(set(counters))
    store = Store(path)
    stored = [row[4]["n"] for row in store.calls(closed=False, limit=-1)]
    assert stored == list(range(1, len(stored) + 1))
    assert {n for n, _ in said} <= set(stored)
    assert store.log_end() == len(stored)
    store.close()
