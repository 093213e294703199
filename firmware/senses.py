"""Watches every input and turns what the debouncers say into calls and faults. Source: P4, P5, D9.

Contacts have interrupts: they are looked at when one came, while a debounce or a hold runs, and once a second in case an
interrupt was lost. Supervised lines have none (an ADC cannot interrupt): they are read at their own pace.
"""

from micropython import const

from firmware.core import clock
from firmware.core.call import CAUSES

_BY_HAND = CAUSES.index("activated")
_TEST = CAUSES.index("test")
_SCAN_MS = const(1000)  # safety scan of all contacts: the queue of interrupts is 8 deep, a ninth is lost


class Sense:
    """One input. `index`: its place in the board file, as in journal and alarms; `role`: "call", or of core.board.ROLES;
    `kind_index`: of core.call.KINDS, None for what raises no call; `driver` and `judge`: drivers.contact with core.contact, or
    drivers.line with core.line."""

    def __init__(self, index, kind_index, name, driver, judge, role="call"):
        self.index = index
        self.kind_index = kind_index
        self.name = name
        self.driver = driver
        self.judge = judge
        self.role = role

    def rests(self):
        """True while it is neither active nor in doubt, by what was seen last."""
        contact = getattr(self.judge, "contact", self.judge)
        return contact.state == "RESTING" and (contact is self.judge or self.judge.state == "SOUND")


class Senses:
    """`contacts`, `lines`: lists of Sense; `unit`: activate, reset_pressed, answer_pressed,
    privacy_switched; `reports`: fault; `now()`: tick."""

    def __init__(self, contacts, lines, unit, reports, now):
        self._contacts = contacts
        self._lines = lines
        self._unit = unit
        self._reports = reports
        self._now = now
        self._scan_due = now()
        self.testing = None  # testing.Testing, put in by assembly.py
        self.rung = True

    def step(self):
        """Looks at what is due. `rung` is set by whoever heard an interrupt."""
        now_ms = self._now()
        scan = self.rung or clock.reached(now_ms, self._scan_due)
        if scan:
            self.rung = False
            self._scan_due = clock.add(now_ms, _SCAN_MS)
        for sense in self._contacts:
            if scan or clock.reached(now_ms, sense.judge.next_due()):
                pulse_ms = sense.driver.take_pulse_ms()
                self._act(sense, sense.judge.sample(sense.driver.closed(), pulse_ms, now_ms))
        for sense in self._lines:
            due_ms = sense.judge.next_due()
            if due_ms is None or clock.reached(now_ms, due_ms):
                mv = sense.driver.read_mv()
                self._act(sense, sense.judge.read(mv, sense.driver.scatter_mv, sense.driver.why, now_ms))

    def rests(self, name):
        """True if the input of that name is at rest, or there is none (any more)."""
        for sense in self._contacts + self._lines:
            if sense.name == name and not sense.rests():
                return False
        return True

    def callers(self):
        """Names of the inputs that raise calls."""
        found = []
        for sense in self._contacts + self._lines:
            if sense.role == "call":
                found.append(sense.name)
        return found

    def next_due(self):
        due_ms = self._scan_due
        for sense in self._contacts:
            due_ms = clock.soonest(due_ms, sense.judge.next_due())
        for sense in self._lines:
            due_ms = clock.soonest(due_ms, sense.judge.next_due())
        return due_ms

    def _act(self, sense, actions):
        try:
            self._report(sense, actions)
        finally:  # whatever becomes of a report, the call is raised (P1)
            for action in actions:
                if action[0] == "ACTIVATED":
                    self._raise(sense, action[1])
                elif action[0] in ("RELEASED", "REARMED"):
                    self._release(sense)

    def _release(self, sense):
        if self.testing is not None:
            self.testing.released(sense)
        if sense.role == "call":
            self._unit.released(sense.index)
        elif sense.role == "privacy":
            self._unit.privacy_switched(False)

    def _raise(self, sense, cause):
        testing = self.testing
        if sense.role == "call":
            cause_index = CAUSES.index(cause)
            try:
                if testing is not None and testing.takes(sense, cause_index == _BY_HAND):
                    cause_index = _TEST
            finally:  # whatever becomes of a test, the call is raised, and as a real one (P4, P7)
                self._unit.activate(sense.index, sense.kind_index, cause_index)
            return
        taken = False
        try:
            taken = testing is not None and testing.pressed(sense)
        finally:  # likewise: above all the privacy switch is heard (P3)
            if not taken:
                self._press(sense.role)

    def _press(self, role):
        if role == "reset":
            self._unit.reset_pressed()
        elif role == "answer":
            self._unit.answer_pressed()
        else:
            self._unit.privacy_switched(True)

    def _report(self, sense, actions):
        for action in actions:
            verb = action[0]
            if sense.role == "privacy" and verb in ("HELD", "REARMED"):
                continue  # a switch that stays on is no fault
            if verb == "HELD":
                self._reports.fault("held", sense.name, True)
            elif verb == "REARMED":
                self._reports.fault("held", sense.name, False)
            elif verb == "OPEN_FAULT":
                print("%s: %s" % (sense.name, action[2]))
                self._reports.fault(action[1], sense.name, True)
            elif verb == "CLOSE_FAULT":
                self._reports.fault(action[1], sense.name, False)
