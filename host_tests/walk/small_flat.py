"""A flat without hardware for tests of firmware/testing.py and firmware/walk: real calls, and everything else is noted."""

from firmware.core import call as one
from firmware.core.calls import Calls
from firmware.core.timers import Timers
from firmware.testing import Testing

TIMERS = {"test_settle_ms": 500, "test_real_ms": 5000, "test_receipt_ms": 30000, "test_idle_ms": 60000, "test_longest_ms": 600000,
          "reminder_ms": 10000}


class Sense:
    def __init__(self, index, name, role="call", kind_index=1):
        self.index, self.name, self.role = index, name, role
        self.kind_index = kind_index if role == "call" else None
        self.resting = True

    def rests(self):
        return self.resting


class Part:
    """Has the attributes that it is given."""

    def __init__(self, **attributes):
        for name in attributes:
            setattr(self, name, attributes[name])


class Flat:
    """What stands for the shell, with `testing` in it. `done`: what was asked of the parts; `program`: what is loaded."""

    def __init__(self, program=None, inputs=("button", "cord1", "cord2"), reminds=True):
        self.now_ms = 1000
        self.done = []
        self.program = program
        self.speaking = self.sender_breaks = False
        self.sends = []  # ticks of the sender's turns
        self.full = False  # the next activation finds no memory
        self.month_is_due = False
        self.senses = [Sense(i, name, name if name in ("answer", "reset", "privacy") else "call", 0 if name == "button" else 1)
                       for i, name in enumerate(inputs)]
        timers = Timers(TIMERS)
        self.calls = Calls(timers, 0)
        self.unit = self
        self.reports = Part(note=self._note, command=lambda message, reason: self.done.append((message["do"], reason)),
                            fault=lambda name, source, is_open: self.done.append(("fault", name, is_open)))
        self.signals = Part(test=lambda on: self.done.append(("shows test", on)), sounding=lambda: False,
                            sound=lambda shot: self.done.append(("sound", shot)))
        self.recorder = Part(note=lambda word, number: None)
        self.link = Part(online=True)
        self.power = Part(load=lambda on: self.done.append(("load", on)))
        self.speech = Part(is_on=lambda: self.speaking)
        self.talk = Part(prompting=False, prompt=self._prompt)
        self.wall_clock = Part(known=True, now_s=lambda: 1795305600)
        dates = Part(dates=lambda: (None, "2027-02-20"), after=lambda utc_s: "2027-02-20")
        calendar = Part(tick=lambda: None, due=dates, reminded=self._reminded, reminder_is_due=lambda: self.month_is_due,
                        passed=lambda: self.done.append(("passed",)))
        names = [(sense.name, "") for sense in self.senses]
        load = Part(test_program=self._load, sender=lambda: lambda *parts: Part(step=self._send, next_due=lambda: None))
        self.testing = Testing(self, self.senses, names, timers, load, calendar, lambda: self.now_ms)
        self.testing.reminds = reminds

    def may_write(self):
        return True

    def _send(self):
        self.sends.append(self.now_ms)
        if self.sender_breaks:
            raise MemoryError
        return True

    def _load(self):
        if isinstance(self.program, Exception):
            raise self.program
        return self.program

    def _note(self, name, fields, key=None):
        self.done.append((name, fields.get("state")))

    def _prompt(self, name):
        self.done.append(("says", name))
        self.talk.prompting = True
        return True

    def _reminded(self):
        self.month_is_due = False

    def activate(self, index, kind_index, cause_index):
        if self.full:
            self.full = False
            raise MemoryError
        self.calls.activate(self.now_ms, index, kind_index, cause_index)

    def switch_privacy(self, on):
        self._sense("privacy").resting = not on

    # --- what happens in the flat and at the service

    def pull(self, name):
        """As senses.py does it. The cause that the call has: "test", "activated"."""
        sense = self._sense(name)
        if sense.role != "call":
            return self.testing.pressed(sense)
        cause_index = 3 if self.testing.takes(sense, True) else 0
        self.activate(sense.index, sense.kind_index, cause_index)
        return one.CAUSES[cause_index]

    def release(self, name):
        self.testing.released(self._sense(name))

    def _sense(self, name):
        return [sense for sense in self.senses if sense.name == name][0]

    def receipt(self):
        for call in list(self.calls.open):
            self.calls.told(one.RECEIPT_ARRIVED, call.number, self.now_ms, call.activations, call.escalation)

    def clear(self):
        for call in list(self.calls.open):
            if call.state == one.RECEIVED:
                self.calls.told(one.ANSWER_ARRIVED, call.number, self.now_ms, "test" if call.is_test() else "coordinator")
            self.calls.told(one.CLEAR_ARRIVED, call.number, self.now_ms, call.activations, "test", "present", "A. Jones")

    def tell(self, do, step="", value="", test="c0ffee01"):
        """The reason of the answer; None if there was none."""
        before = len(self.done)
        self.testing.message({"do": do, "test": test, "step": step, "value": value, "who": "E. Ngineer"})
        answers = [one[1] for one in self.done[before:] if one[0] == do]
        return answers[0] if answers else None

    def later(self, ms, step_ms=100):
        """Time passes; the heart looks every `step_ms`."""
        while ms > 0:
            self.now_ms = (self.now_ms + min(ms, step_ms)) & 0x3FFFFFFF
            ms -= step_ms
            self.testing.tick()
