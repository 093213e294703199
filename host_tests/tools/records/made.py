"""Records as a unit writes them, and a desk's database that holds them."""

import hashlib

from firmware.core.walk import record as on_the_unit
from tools.desk.store import Store
from tools.desk.testing.record import FIRST, Record
from tools.desk.testing.store import TestStore

NOW_S = 1795305600  # 2026-11-22
_ENDS = ("ask:light", "ask:sounder", "tone", "mains_off", "load", "mains_on", "path:broker1", "path:broker2", "clock", "storage")
QUESTIONS = ("reach", "free", "untied", "bangles")


def results(cords=2, name="cord%d", fails=(), skips=(), remark="", why="nobody at home"):
    """List of [step, result, detail, ms] of a whole test. `fails`, `skips`: numbers of results that are not `pass`."""
    inputs = ["button", *[name % number for number in range(1, cords + 1)], "pendant", "answer", "privacy", "reset"]
    steps = []
    for one in inputs:
        steps.append(f"pull:{one}")
        if one in inputs[1 : cords + 1]:
            steps += [f"ask:{one}:{question}" for question in QUESTIONS]
    found = [[step, "pass", "", 400 + at if step.startswith("pull:") else None] for at, step in enumerate([*steps, *_ENDS])]
    for at in fails:
        found[at][1:3] = ["fail", remark]
    for at in skips:
        found[at][1:3] = ["skip", why]
    return found


def text(test="c0ffee01", unit="demo/f12/u1", prev=FIRST, found=None, verdict="PASS", due="2027-02-20", ended_s=NOW_S, **header):
    """The text of a record, by the unit's own code."""
    found = results() if found is None else found
    whole = {
        "test": test, "unit": unit, "board": "ESP32_GENERIC", "board_sha256": "b" * 64, "firmware": "0.1.0",
        "config_sha256": "c" * 64, "prev": prev, "engineer": "E. Ngineer", "witness": "W. Itness", "by": "desk",
        "started": NOW_S - 600, **header,
    }  # fmt: skip
    lines = [on_the_unit.line(*one) for one in found]
    return on_the_unit.head(whole) + "".join(lines) + on_the_unit.tail(verdict, ended_s, [one[:3] for one in found], due)


def sha256(record):
    return hashlib.sha256(record.encode()).hexdigest()


def entry(record, flags=()):
    """As tools/records/source.py gives it of a desk."""
    read = Record(record)
    return {
        "n": 1, "unit": read.header["unit"], "test": read.header["test"], "received_s": NOW_S, "sha256": sha256(record),
        "prev": read.prev, "text": record, "verdict": read.verdict, "ended_s": read.ended_s, "flags": list(flags),
        "chain": "d" * 64,
    }  # fmt: skip


def stored(state, records, received_s=NOW_S):
    """Puts records into the database of a desk with that state directory, as the desk does."""
    state.mkdir(exist_ok=True)
    store = Store(state / "desk.db")
    tests = TestStore(store)
    for one in records:
        read = Record(one)
        flags = read.flags(read.header["unit"], read.header["test"], received_s)
        tests.add(read.header["unit"], read.header["test"], received_s, sha256(one), read, one, flags)
    store.close()


def chained(count, unit="demo/f12/u1", **changes):
    """`count` records of one unit, each naming the one before."""
    found, prev = [], FIRST
    for number in range(1, count + 1):
        found.append(text(f"{number:08x}", unit, prev, **changes))
        prev = sha256(found[-1])
    return found
