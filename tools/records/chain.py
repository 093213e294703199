"""Holds the chains of records together: each unit's own (`prev`), and the desk's over all of them (`chain`)."""

import hashlib

from tools.desk.testing.record import FIRST, Record

_DESK = {
    "sha256": "its text was changed after it was stored",
    "chain": "it, or one before it, was changed, added or taken out after it was stored",
}


def of_desk(store):
    """(records, lists of sentences: what is broken in the desk's chain, in order)."""
    count, wrong = store.verify()
    return count, ["records at the end were taken out" if n is None else f"record {n}: {_DESK[what]}" for n, what in wrong]


def of_units(entries, is_whole=True):
    """{unit: list of sentences, what is broken in its own chain, in order}; units without a break have an empty list.

    `entries`: in the order in which they came. `is_whole`: they are all that there ever were, so the first of a unit has no
    predecessor; else it may have one, as the unit itself keeps its last four only.
    """
    found, last = {}, {}
    for entry in entries:
        broken = found.setdefault(entry["unit"], [])
        name = _name(entry)
        if hashlib.sha256(entry["text"].encode()).hexdigest() != entry["sha256"]:
            broken.append(f"{name}: its text is not what the unit sent (SHA-256 differs)")
        record = Record(entry["text"])
        if not record.is_read:
            broken.append(f"{name}: it cannot be read")
            continue
        wanted = last.get(entry["unit"], FIRST if is_whole else record.prev)
        if record.prev != wanted:
            broken.append(f"{name}: {_why(record.prev, wanted)}")
        last[entry["unit"]] = entry["sha256"]
    return found


def ordered(entries):
    """Files in the order of their chain: each after the one that it names, as far as that goes."""
    by_prev = {(entry["unit"], entry["prev"]): entry for entry in entries}
    known = {(entry["unit"], entry["sha256"]) for entry in entries}
    placed = []
    for entry in entries:
        if (entry["unit"], entry["prev"]) in known:
            continue
        while entry is not None and entry not in placed:
            placed.append(entry)
            entry = by_prev.get((entry["unit"], entry["sha256"]))
    return placed + [entry for entry in entries if entry not in placed]


def _why(prev, wanted):
    if wanted == FIRST:
        return f"it names {prev[:12]} as the record before it, and that is missing"
    if prev == FIRST:
        return "it says that it is the unit's first; the unit lost its memory, or was replaced"
    return f"it names {prev[:12]} as the record before it, not {wanted[:12]}: one is missing, or was made beside"


def _name(entry):
    return f"record {entry['n']}, test {entry['test']}" if entry["n"] else f"test {entry['test']}"
