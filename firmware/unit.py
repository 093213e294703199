"""The flat's unit: carries out what the pure machines decide, in the order in which they decided it.

One object, no tasks: app.py calls it from the tasks of the loop. Everything here returns at once. Source: P1, P2, P4, P6.
"""

from firmware.core import call as one
from firmware.core import clock
from firmware.core.calls import VOLATILE
from firmware.drivers.journal import JournalError

_TOLD = {
    "receipt": (one.RECEIPT_ARRIVED, ("triggers", "escalation")),
    "answered": (one.ANSWER_ARRIVED, ("who",)),
    "released": (one.RELEASE_ARRIVED, ()),
    "clear": (one.CLEAR_ARRIVED, ("triggers", "outcome", "basis", "who")),
}
_VERBS = {"JOURNAL_TRIGGER": "_journal_trigger", "JOURNAL_CLEARED": "_journal_cleared", "SEND_ALARM": "_send_alarm",
          "CONFIRMED": "_confirmed", "SHOW_LIGHT": "_show_light", "SOUND": "_sound", "FAULT": "_fault",
          "REPORT_CLEARED": "_report_cleared", "TRY_OTHER_PATH": "_try_other_path", "ACCEPT": "_accept", "REFUSE": "_refuse"}
_OF_SPEECH = ("offer", "control", "alive")
_BY_HAND = one.CAUSES.index("activated")  # a wire that breaks raises a call too, and is no sign of life


class Unit:
    """`calls`: core.calls.Calls; `journal`: drivers.journal.Journal, or None and all calls are volatile; `link`: send, confirm,
    suspect; `signals`: show(state), sound(name); `reports`: reports.Reports; `downlink`: core.downlink; `now()`: tick."""

    def __init__(self, calls, journal, uplink, downlink, link, signals, reports, now):
        self.calls = calls
        self.busy = False  # something waits for the service: no flash is erased now
        self.speech = None  # speech.Speech, put in by assembly.py; None: a unit that only calls
        self.daily = None  # daily.Daily, likewise
        self.keeper = None  # keeper.Keeper, likewise; None: nothing outlives a reset but the journal
        self.proofs = None  # proofs.Proofs, likewise
        self.may_write = _always  # False while the supply is too low for flash
        self._late_clears = []  # numbers of calls that ended meanwhile
        self._late_triggers = []  # (number, trigger, input, kind, cause) of those that go on
        self.testing = None  # testing.Testing, likewise
        self._journal = journal
        self._uplink = uplink
        self._downlink = downlink
        self._link = link
        self._signals = signals
        self._reports = reports
        self._now = now
        self._shown = None  # what the light was last told
        self._message = None  # the one that is being answered

    def resume(self, open_calls):
        """After a start: takes up every call that the journal holds open (P1). `open_calls`: list of drivers.journal.OpenCall."""
        for found in open_calls:
            if found.call_n >= VOLATILE and self._journal is not None:
                for trigger in found.triggers:
                    self._late_triggers.append((found.call_n,) + tuple(trigger))
            self.obey(self.calls.resume(found.call_n, found.triggers, self._now()))

    def activate(self, input_index, kind_index, cause_index):
        """The tenant asks for help."""
        try:
            self.obey(self.calls.activate(self._now(), input_index, kind_index, cause_index))
        finally:  # first the call, whatever becomes of speech; but speech must know, whatever becomes of an action (P4)
            try:
                if self.speech is not None:
                    if cause_index == _BY_HAND:
                        self.speech.used()
                    self.speech.activated(self.calls.open[-1].number)
                if self.proofs is not None:
                    self.proofs.poll()
            finally:
                if self.keeper is not None:
                    self.keeper.raised(self.calls.open[-1].number, input_index, cause_index)

    def released(self, input_index):
        """An input that had activated is at rest again."""
        if self.keeper is not None:
            self.keeper.released(input_index)

    def reset_pressed(self):
        """Somebody in the flat pressed the reset contact."""
        self.obey(self.calls.all(one.RESET_PRESSED, self._now()))
        if self.speech is not None:
            self.speech.used()

    def answer_pressed(self):
        """Somebody in the flat pressed the answer button: answers, hangs up, or says "I'm OK"."""
        if self.speech is not None:
            self.speech.answer_pressed()
        if self.daily is not None:
            self.daily.pressed()

    def privacy_switched(self, on):
        if self.speech is not None:
            self.speech.privacy(on)

    def tick(self):
        """Does what is due; the next time is `calls.next_due()`. Allocates nothing while nothing is.

        Whatever ended a list of actions half-way (no memory, say): repeats are due in the call itself, and the light is set here.
        """
        now_ms = self._now()
        if clock.reached(now_ms, self.calls.next_due()):
            self.obey(self.calls.all(one.TICK, now_ms))
        if self.calls.light() != self._shown:
            self._show_light()
        if (self._late_clears or self._late_triggers) and self.may_write():
            if self._late_clears:
                self._write_cleared(self._late_clears.pop())
            else:
                self._write_trigger(*self._late_triggers.pop(0))

    def link_changed(self, online):
        """The link tells that it is up (before it sends what waits) or down."""
        self._reports.link_changed(online)
        if online:
            self.obey(self.calls.all(one.LINK_CAME_UP, self._now()))

    def message(self, topic, payload):
        """Any bytes that arrived. What is not lawful was counted and changes nothing."""
        message = self._downlink.take(topic, payload)
        if message is None:
            self._reports.refused()
            return
        self._obey(message)
        self._reports.clock(message.get("at"))  # last: a clock that cannot be set costs nobody a receipt

    def _obey(self, message):
        kind = message["type"]
        if kind == "query":
            self._reports.command(message, "")
            self._reports.health_wanted()
            # Who asks may have been away: our alarm reached the broker, was acknowledged, and nobody was there to hear it.
            self.obey(self.calls.all(one.LINK_CAME_UP, self._now()))
            return
        if kind in _OF_SPEECH:
            if self.speech is not None:
                self.speech.message(message)
            return
        if kind == "test":
            if self.testing is not None:
                self.testing.message(message)
            else:
                self._reports.command(message, "memory")
            return
        if kind == "proof":
            if self.proofs is not None:
                self.proofs.answered(message["id"])
            return
        event, fields = _TOLD[kind]
        number = self._uplink.call_number(message["call"])
        self._message = message
        values = []
        for name in fields:
            values.append(message[name])
        self.obey(self.calls.told(event, number, self._now(), *values))

    def obey(self, actions):
        """Carries out actions of a call, in their order."""
        try:
            for action in actions:
                if getattr(self, _VERBS[action[0]])(*action[1:]):
                    break
        finally:
            self.busy = self.calls.waiting()
            if self.speech is not None:
                self.speech.calls_changed()

    # --- the verbs; a true return value ends the list

    def _journal_trigger(self, number, trigger, input_index, kind_index, cause_index):
        allowed = self.may_write()
        try:
            if self._journal is None or number >= VOLATILE or not allowed:
                raise JournalError("no journal")
            self._journal.trigger(number, trigger, input_index, kind_index, cause_index)
        except (JournalError, OSError, MemoryError):
            actions = self.calls.journal_failed(number)
            if self.keeper is not None:
                self.keeper.memory.keep_call(self.calls.open[-1].number, (trigger, input_index, kind_index, cause_index))
            said = []
            for action in actions:
                if allowed or action[0] != "FAULT":
                    said.append(action)
            self.obey(said)
            if not allowed and self._journal is not None:
                self._late_triggers.append((self.calls.open[-1].number, trigger, input_index, kind_index, cause_index))
            return True
        return False

    def _write_trigger(self, number, *trigger):
        """Flash may be written again: from here on an open call outlives a power loss too (P1). Until it is all there, and if it
        cannot be, RTC memory has it."""
        if self.calls.find(number) is None:
            return
        try:
            self._journal.trigger(number & (VOLATILE - 1), *trigger)
        except (JournalError, OSError, MemoryError):
            self._late_triggers.clear()
            self._fault("storage")
            return
        for late in self._late_triggers:
            if late[0] == number:
                return
        if self.keeper is not None:
            self.keeper.memory.drop_call(number)

    def _journal_cleared(self, number):
        if self.keeper is not None:
            self.keeper.cleared(number)
        if self._journal is None:
            return
        if self.may_write():
            self._write_cleared(number)
        else:
            self._late_clears.append(number)

    def _write_cleared(self, number):
        try:
            self._journal.cleared(number & (VOLATILE - 1))  # of a volatile call too: its record may become readable yet
        except (JournalError, OSError, MemoryError):
            self._fault("storage")  # after a reset the call is raised once more, and the service clears it again

    def _fault(self, name):
        self._reports.fault(name, "", True)

    def _send_alarm(self, number):
        call = self.calls.find(number)
        topic, payload = self._uplink.alarm(call, self._now())
        self._link.send("alarm%d" % number, topic, payload, True)

    def _confirmed(self, number):
        self._link.confirm("alarm%d" % number)
        if self.keeper is not None and self.calls.find(number) is not None:
            self.keeper.received(number)

    def _sound(self, name):
        self._signals.sound(name)

    def _try_other_path(self):
        self._link.suspect()

    def _accept(self):
        self._reports.command(self._message, "")

    def _refuse(self, reason):
        """Every command but a receipt is answered."""
        if self._message["type"] != "receipt":
            self._reports.command(self._message, reason)

    def _show_light(self):
        state = self.calls.light()
        self._signals.show(state)
        self._shown = state

    def _report_cleared(self, number, by, outcome, who):
        self._reports.cleared(self._uplink.call_id(number), by, outcome, who)


def _always():
    return True
