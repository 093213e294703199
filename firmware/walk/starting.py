"""What the start has to do with records of test; let go of with the other modules after it. No policy.

Source: P5, P7, docs/records.md.
"""

import os

from firmware.walk.keeping import Keeper
from firmware.walk.shelf import DIRECTORY


def look(due, may_write, directory=DIRECTORY):
    """Closes a test that was cut, and tells `due` (core.due.Due) when the last was passed.

    (True if there is something to send, problems as in shelf.Shelf).
    """
    try:
        os.stat(directory)
    except OSError:
        return False, []  # no test was ever made here
    keeper = Keeper(directory, may_write)
    due.passed(keeper.passed())
    keeper.resume(due.dates()[1])
    return bool(keeper.unsent()), keeper.problems
