"""One call, from the tenant's finger to the person who clears it. Pure.

Rules, of which the table below is the short form:
- A call is raised by its first activation. The activation is journalled before the light and before the first send (P1):
  the actions come back in that order and the shell carries them out in that order.
- RAISED: nobody is known to have it; steady light. Only a receipt for this call with at least our number of triggers and our
  escalation counts (P2). Until then the alarm is sent again after 2, 4, 8 and then every 15 s, for ever.
- RECEIVED: the service has it; flashing light. Nobody answers within 60 s: escalation + 1, sent until that is received too.
- ANSWERED: a person has it and says so again every 30 s, or is heard to speak; 130 s of silence is a dead session: back to
  RECEIVED, escalated (P6).
- A further activation in any state is one more trigger, journalled and sent until its own receipt (P4). Until then the light is
  steady again: who has just pulled must not be shown an older pull's receipt (P2). A clear that does not know of the newest
  trigger is refused.
- Cleared only from ANSWERED, by the service: with a person present in the flat, or after speech that this unit saw (P6). Or by
  the reset contact in the flat, once the service has received the call: somebody present has seen to it, and the service knows.
- Every state has a due-field that leads out of it (P8).

Source: DESIGN promises P1, P2, P4, P6, P8 and its timers; docs/protocol.md.
"""

from micropython import const

from firmware.core import clock

RAISED = "RAISED"
RECEIVED = "RECEIVED"
ANSWERED = "ANSWERED"
CLEARED = "CLEARED"

ACTIVATED = "ACTIVATED"
RECEIPT_ARRIVED = "RECEIPT_ARRIVED"
ANSWER_ARRIVED = "ANSWER_ARRIVED"
RELEASE_ARRIVED = "RELEASE_ARRIVED"
CLEAR_ARRIVED = "CLEAR_ARRIVED"
RESET_PRESSED = "RESET_PRESSED"
SPEECH_HAPPENED = "SPEECH_HAPPENED"
SPEECH_GOES_ON = "SPEECH_GOES_ON"
SPEECH_LOST = "SPEECH_LOST"
LINK_CAME_UP = "LINK_CAME_UP"
TICK = "TICK"
EVENTS = (ACTIVATED, RECEIPT_ARRIVED, ANSWER_ARRIVED, RELEASE_ARRIVED, CLEAR_ARRIVED, RESET_PRESSED, SPEECH_HAPPENED,
          SPEECH_GOES_ON, SPEECH_LOST, LINK_CAME_UP, TICK)

KINDS = ("button", "cord", "pendant")  # a journal record stores the index: append only
CAUSES = ("activated", "line_open", "line_short", "test")  # likewise
_TEST = const(3)  # index of "test": a pull that the engineer's test, or the tenant's own, waits for
TESTER = "test"  # who answers a test call by itself; no person goes by this name
_TEST_PULLS = const(32)  # from then on a pull counts as real: beyond 64 none is counted, and no clear may pass over a real one

MAX_TRIGGERS = const(64)  # a call with 64 activations needs no 65th record; it is still sent again
_AGE_KNOWN_MS = const(1 << 28)  # 3.1 days: well inside half the period of the ticks
MAX_ESCALATION = const(1000)  # 16 h at one a minute; saturates

_TABLE = {
    RAISED: {ACTIVATED: "_add", RECEIPT_ARRIVED: "_receipt", ANSWER_ARRIVED: "_not_received", CLEAR_ARRIVED: "_not_received",
             RELEASE_ARRIVED: "_not_received", LINK_CAME_UP: "_send_at_once", TICK: "_tick"},
    RECEIVED: {ACTIVATED: "_add", RECEIPT_ARRIVED: "_receipt", ANSWER_ARRIVED: "_answer", CLEAR_ARRIVED: "_not_answered",
               RELEASE_ARRIVED: "_not_answered", RESET_PRESSED: "_reset_here", LINK_CAME_UP: "_send_at_once", TICK: "_tick"},
    ANSWERED: {ACTIVATED: "_add", RECEIPT_ARRIVED: "_receipt", ANSWER_ARRIVED: "_answer", RELEASE_ARRIVED: "_release",
               CLEAR_ARRIVED: "_clear", RESET_PRESSED: "_reset_here", SPEECH_HAPPENED: "_note_speech",
               SPEECH_GOES_ON: "_hold_answer", SPEECH_LOST: "_give_up_answer", LINK_CAME_UP: "_send_at_once", TICK: "_tick"},
    CLEARED: {},
}


class Call:
    """One open call. `number`: its number in the journal's epoch, >= 1. `timers`: core.timers.Timers.

    Attributes to read: state, number, escalation, attempt, resumed, activations (the newest one's n), triggers (list of (n,
    input_index, kind_index, cause_index), oldest first; after a reset one that flash refused is missing), raised_ms (tick of the
    first activation; None when a reset or more than three days lie between, and nobody can know), received (how many of the
    activations the service has confirmed).

    A call is a test while every activation of it is one. The first real one makes it a call like any other, and takes away an
    answer that no person gave (P4, P7).
    """

    def __init__(self, number, timers):
        self.number = number
        self.state = RAISED
        self.triggers = []
        self.activations = 0
        self.escalation = 0
        self.attempt = 0
        self.resumed = False
        self.raised_ms = None
        self.ignored = 0
        self._timers = timers
        self.received = 0
        self._speech = False
        self._unconfirmed = True
        self._step = 0
        self._send_ms = None  # next repeat of the alarm
        self._other_path_ms = None  # another broker or bearer is tried beside
        self._sound_ms = None  # next "still trying" or comfort message
        self._answer_ms = None  # nobody has answered by then: escalate
        self._by_tester = False  # the answer in force is the automatic one of a test
        self._dead_ms = None  # nobody has renewed the answer by then

    def resume(self, triggers, now_ms):
        """Takes up a call that the journal held open over a reset. Returns actions."""
        self.triggers = list(triggers)
        for trigger in self.triggers:
            self.activations = max(self.activations, trigger[0])  # a number given once is never given again
        self.resumed = True
        return [("SHOW_LIGHT",)] + self._raise_again(now_ms)

    def handle(self, event, now_ms, *data):
        """Returns the list of actions. `data` by event:

        ACTIVATED (input_index, kind_index, cause_index), RECEIPT_ARRIVED (triggers, escalation), ANSWER_ARRIVED (who),
        CLEAR_ARRIVED (triggers, outcome, basis, who), others none. Raises ValueError for an unknown event name.
        """
        if event not in EVENTS:
            raise ValueError("call: unknown event " + event)
        method = _TABLE[self.state].get(event)
        if method is None:
            self.ignored += 1
            return []
        return getattr(self, method)(now_ms, *data)

    def next_due(self):
        """Tick of the soonest timer, or None once cleared."""
        if self.state == CLEARED:
            return None
        due_ms = clock.soonest(self._send_ms, self._other_path_ms)
        due_ms = clock.soonest(due_ms, self._sound_ms)
        return clock.soonest(clock.soonest(due_ms, self._answer_ms), self._dead_ms)

    def waiting(self):
        """True while something of this call is not confirmed by the service."""
        return self._unconfirmed and self.state != CLEARED

    def heard(self):
        """True once the service has the call with all its triggers; the light may say so (P2)."""
        return self.state != RAISED and self.received >= self.activations

    def is_test(self):
        """True while every activation is a test. False after a reset: one that flash refused may be missing, and may be real."""
        if self.resumed:
            return False
        for trigger in self.triggers:
            if trigger[3] != _TEST:
                return False
        return True

    # --- activations and sending

    def _add(self, now_ms, input_index, kind_index, cause_index):
        if not self.triggers:
            self.raised_ms = now_ms
        if self.activations >= MAX_TRIGGERS:
            return [("SOUND", "ACTIVATED")] + self._raise_again(now_ms)
        if cause_index == _TEST and self.activations >= _TEST_PULLS:
            cause_index = 0
        if cause_index != _TEST and self.state == ANSWERED and self._by_tester:
            self._back_to_received(now_ms)
        self.activations += 1
        trigger = (self.activations, input_index, kind_index, cause_index)
        self.triggers.append(trigger)
        actions = [("JOURNAL_TRIGGER", self.number) + trigger, ("SHOW_LIGHT",), ("SOUND", "ACTIVATED")]
        return actions + self._raise_again(now_ms)

    def _raise_again(self, now_ms):
        """Starts the schedule of repeats anew: something changed that the service must confirm."""
        self._unconfirmed = True
        self._step = 0
        if self.state == RAISED:
            self._sound_ms = clock.add(now_ms, self._timers.still_trying_first_ms)
        self._other_path_ms = clock.add(now_ms, self._timers.other_path_ms)
        return self._send(now_ms)

    def _send(self, now_ms):
        repeats = self._timers.repeats_ms
        self._send_ms = clock.add(now_ms, repeats[min(self._step, len(repeats) - 1)])
        self._step += 1
        self.attempt += 1
        return [("SEND_ALARM", self.number)]

    def _send_at_once(self, now_ms):
        return self._send(now_ms) if self._unconfirmed else []

    def _escalate(self, now_ms):
        self.escalation = min(self.escalation + 1, MAX_ESCALATION)
        self._answer_ms = None  # runs again from the receipt; a further activation alone never postpones it
        return self._raise_again(now_ms)

    # --- what the service says

    def _receipt(self, now_ms, triggers, escalation):
        if triggers < self.activations:
            return []  # an answer to an older alarm: the newer one is on its way
        shown = [] if self.heard() else [("SHOW_LIGHT",), ("SOUND", "RECEIVED")]
        self.received = self.activations
        if self.state == RAISED:
            self.state = RECEIVED
            self._sound_ms = clock.add(now_ms, self._timers.comfort_ms)
        if escalation < self.escalation:
            return shown
        confirmed = [("CONFIRMED", self.number)] if self._unconfirmed else []
        self._unconfirmed = False
        self._send_ms = None
        self._other_path_ms = None
        if self.state == RECEIVED and self._answer_ms is None:
            self._answer_ms = clock.add(now_ms, self._timers.unanswered_ms)
        return confirmed + shown

    def _answer(self, now_ms, who):
        if who == TESTER and not self.is_test():  # it was sent before the call became real
            return [("REFUSE", "newer_trigger")]
        self._dead_ms = clock.add(now_ms, self._timers.answer_dead_ms)
        if who != TESTER or self.state != ANSWERED:  # a person's answer is not taken back by a tester's
            self._by_tester = who == TESTER
        if self.state == ANSWERED:
            return [("ACCEPT",)]
        self.state = ANSWERED
        self._answer_ms = None
        self._sound_ms = None
        return [("ACCEPT",), ("SHOW_LIGHT",), ("SOUND", "ANSWERED")]

    def _hold_answer(self, now_ms):
        """Who speaks with the flat has not left it, also while no message gets through."""
        self._dead_ms = clock.add(now_ms, self._timers.answer_dead_ms)
        return []

    def _release(self, now_ms):
        self._back_to_received(now_ms)
        if not self._unconfirmed:
            self._answer_ms = clock.add(now_ms, self._timers.unanswered_ms)
        return [("ACCEPT",), ("SHOW_LIGHT",)]

    def _give_up_answer(self, now_ms):
        self._back_to_received(now_ms)
        return [("SHOW_LIGHT",)] + self._escalate(now_ms)

    def _back_to_received(self, now_ms):
        self.state = RECEIVED
        self._dead_ms = None
        self._sound_ms = clock.add(now_ms, self._timers.comfort_ms)

    def _clear(self, now_ms, triggers, outcome, basis, who):
        if triggers < self.activations:
            return [("REFUSE", "newer_trigger")]
        if basis == "speech" and not self._speech:
            return [("REFUSE", "no_speech")]
        ended = self._end("service", outcome, who)
        return ended[:1] + [("ACCEPT",)] + ended[1:]  # "ok" is said once it is durable

    def _not_received(self, now_ms, *data):
        return [("REFUSE", "not_received")]

    def _not_answered(self, now_ms, *data):
        return [("REFUSE", "not_answered")]

    # --- what happens in the flat

    def _reset_here(self, now_ms):
        return self._end("local", "present", "flat")

    def _end(self, by, outcome, who):
        self.state = CLEARED
        return [("JOURNAL_CLEARED", self.number), ("CONFIRMED", self.number), ("SHOW_LIGHT",), ("SOUND", "CLEARED"),
                ("REPORT_CLEARED", self.number, by, outcome, who)]

    def _note_speech(self, now_ms):
        self._speech = True
        return []

    # --- time

    def _tick(self, now_ms):
        if self.raised_ms is not None and clock.diff(now_ms, self.raised_ms) > _AGE_KNOWN_MS:
            self.raised_ms = None
        if self.state == ANSWERED and clock.reached(now_ms, self._dead_ms):
            return self._give_up_answer(now_ms)
        actions = []
        if clock.reached(now_ms, self._answer_ms):
            actions += self._escalate(now_ms)
        elif clock.reached(now_ms, self._send_ms):
            actions += self._send(now_ms)
        if clock.reached(now_ms, self._other_path_ms):
            self._other_path_ms = clock.add(now_ms, self._timers.other_path_ms)
            actions.append(("TRY_OTHER_PATH",))
        if clock.reached(now_ms, self._sound_ms):
            trying = self._unconfirmed  # also an escalation that does not get through is told as such
            self._sound_ms = clock.add(now_ms, self._timers.still_trying_ms if trying else self._timers.comfort_ms)
            actions.append(("SOUND", "STILL_TRYING" if trying else "RECEIVED"))
        return actions
