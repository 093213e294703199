"""Lets the joined modules of an image forget what only the start needs. app.py lets go of this module then. No policy.

A module's table of names grows by steps and never shrinks: with names taken out it would be as large as before. So it is emptied
and filled again. Source: docs/rom.md.
"""

import sys

# Written by tools/joining/unread.py, as {joined module: names in one text}. In source nothing is joined and nothing forgotten.
NAMES = {}  # that no function reads
MADE = {}  # of classes of which no more objects are made


def forget():
    """To be called once, when the unit is made. A MemoryError leaves modules that are not whole: the unit has to start anew."""
    for name in NAMES:
        if name in sys.modules:
            table = sys.modules[name].__dict__
            for made in MADE[name].split():
                table[made].__init__ = None  # with `del` its table would still hold it
            unread = set(NAMES[name].split())
            kept = {key: table[key] for key in table if key not in unread}
            # MicroPython runs the handlers of interrupts at jumps only: none between these two, in which they would find nothing.
            table.clear()
            table.update(kept)
