"""The calendar of tests: brings the day to core/due.py, keeps what it must know over a start, raises the fault `overdue`.

Before the service has told the time nobody knows which day it is: nothing is due, and nothing overdue. The two numbers are in
a small file that is written about once a month. Source: G9, G11, P5; docs/records.md.
"""

from micropython import const

from firmware.core import clock
from firmware.drivers import small_file

FILE = "calendar.bin"
_LOOK_MS = const(60000)


class Calendar:
    """`due`: core.due.Due; `wall_clock`: drivers.wall_clock; `fault(name, input, is_open)`: reports; `may_write()`; `now()`.

    `problem`: "" or what is wrong with the file.
    """

    def __init__(self, due, wall_clock, fault, may_write, now):
        self.due = due
        self.problem = ""
        self._wall_clock = wall_clock
        self._fault = fault
        self._may_write = may_write
        self._now = now
        self._look_due = now()
        self._unkept = False
        self._remind = False  # as of the last look: it costs the calendar, and the heart asks at each turn
        self._read()

    def tick(self):
        """Once a second is often enough; looks once a minute."""
        if not clock.reached(self._now(), self._look_due):
            return
        if not self._wall_clock.known:
            self._look_due = self._now()  # left alone for six days it would lie in the future
            return
        self._look_due = clock.add(self._now(), _LOOK_MS)
        self._unkept = self.due.look(self._wall_clock.now_s()) or self._unkept
        if self.due.overdue or self.due.is_proven():  # a calendar that was lost and began anew closes no fault (P5)
            self._fault("overdue", "", self.due.overdue)
        self._remind = self.due.reminder_is_due(self._wall_clock.now_s())
        self._keep()

    def passed(self):
        """A test was just passed. To be called before its record's due date is asked for."""
        if self._wall_clock.known:
            self.due.passed(self._wall_clock.now_s())
            self._look_due = self._now()

    def reminder_is_due(self):
        """True once a look has found it so, until `reminded`; the next look, a minute later, takes it back after 20 o'clock."""
        return self._remind

    def reminded(self):
        """The tenant was reminded; not again this month."""
        self.due.reminded(self._wall_clock.now_s())
        self._remind = False
        self._unkept = True
        self._keep()

    def _read(self):
        try:
            found = small_file.load(FILE)
            if found is not None:
                first_day, month = found.decode().split()
                self.due.first_day, self.due.month = int(first_day), int(month)
        except ValueError as problem:
            self.problem = "%s: %s; the days begin anew" % (FILE, problem)

    def _keep(self):
        """What could not be written is tried again with the next look."""
        if not self._unkept or not self._may_write():
            return
        try:
            small_file.save(FILE, b"%d %d" % (self.due.first_day, self.due.month))
            self._unkept = False
        except OSError as problem:
            self.problem = "%s: %s" % (FILE, problem)
