"""When each unit is to be tested next, from the records that the desk holds. Pure.

A test that was passed, with or without defects, holds for 90 calendar days; one that failed, was not finished or whose record is
in doubt moves nothing (P7). Source: DESIGN.md timers, G9.
"""

import datetime

from .record import PASSED

DAYS = 90
SOON_DAYS = 14  # an engineer is not booked in a day
NEVER, OVERDUE, SOON, GOOD = "never", "overdue", "soon", "good"
STATES = (NEVER, OVERDUE, SOON, GOOD)  # from worst to best
_DOUBT = ("form", "unit", "test", "verdict")


def next_test(records, today):
    """`records`: a unit's records as the store gives them, oldest first; `today`: date. Dict of tested, due (YYYY-MM-DD or None),
    state, days (until due, below 0 when it is over, None if never tested), verdict and record (of the newest record, or None).
    """
    passed = [day for day in (_day(record) for record in records if counts(record)) if day <= today]
    newest = records[-1] if records else None
    words = {"verdict": newest and newest["verdict"], "record": newest and newest["n"]}
    if not passed:
        return {"tested": None, "due": None, "state": NEVER, "days": None, **words}
    tested = max(passed)
    due = tested + datetime.timedelta(days=DAYS)
    days = (due - today).days
    state = OVERDUE if days < 0 else SOON if days <= SOON_DAYS else GOOD
    return {"tested": tested.isoformat(), "due": due.isoformat(), "state": state, "days": days, **words}


def counts(record):
    """Does this record show that the unit was tested?"""
    return record["verdict"] in PASSED and not any(flag in _DOUBT for flag in record["flags"])


def _day(record):
    """Local day of the test: the unit's word unless its clock was wrong, else when the record came."""
    is_told = record["ended_s"] is not None and "clock" not in record["flags"]
    return datetime.date.fromtimestamp(record["ended_s"] if is_told else record["received_s"])
