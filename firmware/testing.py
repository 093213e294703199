"""Tests of the unit: as much of them as is always there. The rest is loaded when a test begins, and let go of after it.

What keeps a real call from being taken for a test is all here, and does not need the program that is loaded (P4, P7):
- `waiting` names the inputs whose next pull is a test. A pull takes its input's name off, so the second one is real.
- Any other activation empties the list: it is a real call, and so is every pull from then on until that call is over.
- A test pull that is held for `test_real_ms` is raised once more, as real.
- While a program is loaded, begins or ends, the list is empty.
- Whatever breaks in the program ends it, and empties the list.

The monthly reminder to try the unit works the same way, without any program: behind its words the button's next press is a test.
Source: docs/testing.md.
"""

from micropython import const

from firmware.core import clock
from firmware.core.press_pattern import PressPattern
from firmware.version import VERSION

_BUTTON = const(0)  # index of "button" in core.call.KINDS
_REQUEST_MS = const(60000)  # a test that was asked for at the start waits so long for the link: the tool wants to see it
_WORDS_MS = const(15000)  # the reminder's words are over by then, whatever the speaker says
_AGAIN_MS = const(3600000)  # a record that the service has not taken is sent again after so long, as walk/sending.py has it
_SEND_MS = const(120000)  # so long its sending stays loaded; the service says within seconds that it has it


class Testing:
    """`shell`: shell.Shell with all of its parts; `senses`: list of senses.Sense; `names`: list of (name, room) of those fitted;
    `timers`: core.timers.Timers; `load`: on_demand, or what stands for it; `calendar`: calendar.Calendar; `now()`:
    tick.

    `request`: (engineer, witness) of a test that was asked for at the start, or None; `hashes`: of board and settings, for the
    record; `unsent`: the service has not every record; `reminds`: the tenant is reminded monthly.
    """

    def __init__(self, shell, senses, names, timers, load, calendar, now):
        self.waiting = []  # names of inputs
        self.request = None
        self.hashes = "", ""
        self.unsent = False
        self.reminds = True
        self._shell = shell
        self._senses = senses
        self._names = names
        self._timers = timers
        self._load = load
        self._calendar = calendar
        self._now = now
        self._walk = None
        self._sender = None
        self._at_ms = 0  # since the test began
        self._last_ms = now()
        self._events = []  # (name, sense, tick), oldest first
        self._raised = False  # a real call was raised since the last look
        self._held = []  # (sense, tick) of test pulls that go on
        self._request_due = clock.add(now(), _REQUEST_MS)
        self._send_due = now()  # of the next loading, or of letting go
        self._online = False
        self._words_due = None  # the reminder is being spoken
        self._remind_due = None  # end of the reminder's window
        self._thanks = False
        self._pattern = PressPattern()
        self.pattern_of = None  # the input on which it is pressed
        for role in ("reset", "answer"):
            for sense in senses:
                if sense.role == role:
                    self.pattern_of = sense

    @property
    def runs(self):
        return self._walk is not None

    def dates(self):
        """(day of the last test that was passed, day on which the next is due), each "YYYY-MM-DD" or None."""
        return self._calendar.due.dates()

    # --- what the inputs tell

    def takes(self, sense, by_hand):
        """True if this activation is a test's; asked once for each. `by_hand`: false for a wire that broke."""
        if not by_hand or sense.name not in self.waiting or self._real():
            self.waiting.clear()
            self._raised = True
            return False
        self.waiting.remove(sense.name)
        self._events.append(("PULLED", sense, self._now()))
        self._held.append((sense, self._now()))
        return True

    def pressed(self, sense):
        """A contact that raises no call. True if the press is the test's, and nobody else's."""
        if sense is self.pattern_of and not self.runs:
            self._pattern.pressed(self._now())
        if not self.runs or (sense.role == "answer" and self._speech_is_on()):
            return False
        self._events.append(("PULLED", sense, self._now()))
        return sense.role == "answer"

    def released(self, sense):
        if sense is self.pattern_of:
            self._pattern.released(self._now())
        for held in self._held:
            if held[0] is sense:
                self._held.remove(held)
                break
        if self.runs:
            self._events.append(("RELEASED", sense, self._now()))

    # --- what the service tells

    def message(self, message):
        """A `test` that core.downlink has taken."""
        do = message["do"]
        if do == "stored":
            self._stored(message["test"])
            return
        if do == "start":
            reason = self._start("desk", message["who"], message["value"])
        elif do not in ("answer", "skip", "stop"):
            reason = "field"
        elif not self.runs or message["test"] != self._walk.test:
            reason = "no_test"
        else:
            reason = self._safely(self._walk.told, do, message["step"], message["value"], self._at())
            reason = "no_test" if reason is None else reason
        self._shell.reports.command(message, reason)

    # --- the course of it

    def tick(self):
        """Does what is due; the next time is `next_due()`."""
        now_ms = self._now()
        self._watch_held(now_ms)
        if self.runs:
            if self._safely(self._step):
                self._let_go()
            return
        if self._remind_due is not None or self._words_due is not None:
            self._remind(now_ms)
        self._events.clear()
        if self._thanks and not (self._busy() or self._shell.talk.prompting or self._shell.signals.sounding()):
            self._thanks = False
            self._shell.talk.prompt("reminder_done")
        if self.request is not None and (self._shell.link.online or clock.reached(now_ms, self._request_due)):
            (who, witness), self.request = self.request, None
            self._start_here("console", who, witness)
        elif self._pattern.tick(now_ms):
            self._start_here("unit", "", "")
        elif self.unsent:
            self._send(now_ms)
        self._calendar.tick()
        if self._calendar.reminder_is_due():
            self._begin_reminder(now_ms)

    def next_due(self):
        due_ms = self._remind_due
        for held in self._held:
            due_ms = clock.soonest(due_ms, clock.add(held[1], self._timers.test_real_ms))
        if self.runs:
            rest_ms = self._safely(self._walk.rest_ms, self._at_ms)
            return clock.soonest(due_ms, clock.add(self._last_ms, rest_ms or 0))
        if self._sender is not None:
            due_ms = clock.soonest(due_ms, self._sender.next_due())
        return clock.soonest(due_ms, self._pattern.next_due())

    def _watch_held(self, now_ms):
        """A test pull that goes on becomes a real call."""
        for held in self._held:
            if clock.diff(now_ms, held[1]) >= self._timers.test_real_ms:
                sense = held[0]
                self.waiting.clear()
                self._shell.unit.activate(sense.index, sense.kind_index, 0)  # first of all: if it breaks it is tried again (P1)
                self._held.remove(held)
                self._events.append(("HELD", sense, now_ms))
                return  # of two the other is due at the next look, at once

    def _step(self):
        """True once the test is over."""
        while self._events:
            name, sense, tick_ms = self._events.pop(0)
            self._walk.felt(name, sense, self._at(tick_ms))
        real = self._raised or self._real()  # also a call that is over already
        self._raised = False
        over = self._walk.step(self._at(), real)
        self.waiting = self._walk.waiting()
        return over

    def _at(self, tick_ms=None):
        """ms since the test began: now, or at a tick."""
        now_ms = self._now()
        self._at_ms += max(clock.diff(now_ms, self._last_ms), 0)
        self._last_ms = now_ms
        return self._at_ms if tick_ms is None else max(self._at_ms - clock.diff(now_ms, tick_ms), 0)

    def _real(self):
        """True while a call is open that is no test, or somebody speaks with the flat."""
        for call in self._shell.calls.open:
            if not call.is_test():
                return True
        return self._speech_is_on()

    def _busy(self):
        return bool(self._shell.calls.open) or self._speech_is_on()

    def _speech_is_on(self):
        return self._shell.speech.is_on()

    def _start_here(self, by, who, witness):
        reason = self._start(by, who, witness)
        if reason:
            print("test: not begun: %s" % reason)
            self._shell.signals.sound("FAULT")

    def _start(self, by, who, witness):
        """Begins a test; "" or the reason why not."""
        if self.runs:
            if not self._walk.is_kept():
                return "running"
            self._let_go()
        if self._busy():
            return "busy"
        self._end_reminder("missed")
        self._sender = None
        self._raised = False
        self._at_ms = 0
        self._last_ms = self._now()
        begun = self._safely(self._begin, by, who, witness)
        self._events.clear()
        return "" if begun else "memory"

    def _begin(self, by, who, witness):
        program = self._load.test_program()
        self._walk = program(self._shell, self._senses, self._names, self._timers, self._calendar)
        self._walk.begin((by, who, witness, VERSION) + self.hashes)
        self._shell.recorder.note("test", 1)
        return True

    def _safely(self, do, *data):
        """What `do` returns. A program that is not there, does not fit or breaks costs the test, and nothing else: None then."""
        try:
            return do(*data)
        except Exception as problem:  # noqa: BLE001 - of any kind: the unit must outlive whatever is loaded into it
            self.waiting.clear()
            print("test: broken:", repr(problem))
            if self.runs:
                self._broken()
            return None

    def _broken(self):
        """The record on flash is open, and becomes an INCOMPLETE one at the next start, or before the next test."""
        test = self._walk.test
        self._let_go()
        self._shell.reports.note("test", {"test": test, "state": "ended", "step": "", "left": [], "last": None,
                                          "verdict": "INCOMPLETE"})

    def _let_go(self):
        self.waiting = []
        self._walk = None
        self._events.clear()
        if self._shell.power:
            self._shell.power.load(False)  # of a load test that broke half-way
        self._shell.signals.test(False)
        self.unsent = True
        self._send_due = self._now()
        self._shell.recorder.note("test", 0)

    # --- records

    def _send(self, now_ms):
        """Loads what sends records on each connection, and hourly; lets go of it when the service has them, or says nothing."""
        online, before = self._shell.link.online, self._online
        self._online = online
        if self._sender is None:
            if online and (not before or clock.reached(now_ms, self._send_due)):
                self._send_due = clock.add(now_ms, _SEND_MS)
                self._sender = self._safely(self._make_sender)
            return
        left = self._safely(self._sender.step)  # None: it is broken
        if left is False:
            self._sender = None
            self.unsent = False
        elif left is None or clock.reached(now_ms, self._send_due):
            self._sender = None
            self._send_due = clock.add(now_ms, _AGAIN_MS)

    def _make_sender(self):
        shell = self._shell
        return self._load.sender()(shell.link, shell.reports.note, self._now, shell.may_write)

    def _stored(self, test):
        """The service has this record. When nothing is loaded that could note it, it is sent again, and said again."""
        if self._sender is not None:
            self._safely(self._sender.stored, test)

    # --- the monthly reminder

    def _begin_reminder(self, now_ms):
        shell = self._shell
        if self._busy() or self._private():
            return  # a minute later, or an hour
        self._calendar.reminded()
        if self.reminds and shell.talk.prompt("reminder"):
            shell.reports.note("reminder", {"state": "spoken"})
            shell.signals.test(True)
            self._words_due = clock.add(now_ms, _WORDS_MS)

    def _private(self):
        for sense in self._senses:
            if sense.role == "privacy" and not sense.rests():
                return True
        return False

    def _remind(self, now_ms):
        """The reminder's window: behind its words the button's next press is a test."""
        if self._busy() and not self._events:
            self._end_reminder("missed")  # a real call
        elif self._events and self._events[0][0] == "PULLED":
            self._thanks = True
            self._end_reminder("pressed")
        elif self._words_due is not None:
            if not self._shell.talk.prompting or clock.reached(now_ms, self._words_due):
                self._words_due = None
                self._remind_due = clock.add(now_ms, self._timers.reminder_ms)
                for sense in self._senses:
                    if sense.kind_index == _BUTTON:
                        self.waiting.append(sense.name)
        elif clock.reached(now_ms, self._remind_due):
            self._end_reminder("missed")

    def _end_reminder(self, state):
        self.waiting.clear()
        if self._remind_due is None and self._words_due is None:
            return
        self._remind_due = self._words_due = None
        self._shell.signals.test(False)
        self._shell.reports.note("reminder", {"state": state})
