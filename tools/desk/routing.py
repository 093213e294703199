"""Who is rung for one call, and what is owed to the unit. Pure; times in ms of any monotonic clock.

Rules:
- A call rings the coordinator if one is on duty, else the 24-hour centre. Unanswered for `unanswered_ms` it rings the
  next: coordinator, centre, then everyone; there it stays, with a reminder each period, until someone answers.
- The unit's own escalation moves it on at once, but nobody is skipped: who has rung for less than half a period keeps
  the full turn. Duty switched off while only the coordinator rings hands the call to the centre at once.
- Answered, it is held. Given back, it rings the next after the one who gave it back. If the unit escalates a call whose
  answer it had confirmed, it lost the holder (no `answered` for 130 s, or speech lost): it rings everyone. Not yet
  confirmed, the two messages crossed: the answer is sent again.
- A second trigger on a held call alerts the holder. It never ends the hold, and it takes back a clear in progress.
- Asked to clear, a held call is clearing until the unit says `cleared`; a refusal gives it back to its holder.
- An alarm for a call whose answer is not confirmed shows a unit that has not taken it (it wants the receipt first): again.
- The unit or the desk started again: what is owed to the unit is sent again.
- Closed is closed; an alarm for it gets answered and clear once more. A trigger that nobody has seen opens it again.
- A test call (every activation of it is a test) rings nobody: the automaton TEST holds it, says `answered`, and clears it
  `test_ms` after its newest activation, so that a person in the flat sees the light. The first activation that is no test
  makes it a call like any other: the clear is taken back and whoever is on duty is rung, whatever was under way. A test call
  that does not end within `unanswered_ms` alerts those who would be rung. A person who answers it holds it as any other.

Source: DESIGN.md G7, P4, P6, P7, P8; docs/protocol.md `receipt`, "Tests".
"""

RINGING, HELD, CLEARING, CLOSED = "open", "answered", "clearing", "closed"
STATES = (RINGING, HELD, CLEARING, CLOSED)

RAISED, REPEATED, TRIGGERED, ESCALATED = "RAISED", "REPEATED", "TRIGGERED", "ESCALATED"
ANSWERED, ANSWER_CONFIRMED, RELEASED = "ANSWERED", "ANSWER_CONFIRMED", "RELEASED"
CLEAR_ASKED, CLEAR_REFUSED, CLEARED = "CLEAR_ASKED", "CLEAR_REFUSED", "CLEARED"
RESUMED, DUTY_ON, DUTY_OFF, TICK = "RESUMED", "DUTY_ON", "DUTY_OFF", "TICK"
TEST_RAISED, TEST_TRIGGERED, MADE_REAL = "TEST_RAISED", "TEST_TRIGGERED", "MADE_REAL"
EVENTS = (
    RAISED, REPEATED, TRIGGERED, ESCALATED, ANSWERED, ANSWER_CONFIRMED, RELEASED, CLEAR_ASKED, CLEAR_REFUSED, CLEARED,
    RESUMED, DUTY_ON, DUTY_OFF, TICK, TEST_RAISED, TEST_TRIGGERED, MADE_REAL,
)  # fmt: skip

COORDINATOR, CENTRE, EVERYONE = "coordinator", "centre", "everyone"
PARTIES = (COORDINATOR, CENTRE)
TEST = "test"  # the automaton that holds test calls; no person answers as this one
_NEXT = {COORDINATOR: CENTRE, CENTRE: EVERYONE, EVERYONE: EVERYONE, TEST: EVERYONE}

_TABLE = {
    RINGING: {
        RAISED: "_ring",
        RESUMED: "_ring",
        TRIGGERED: "_ring",
        ESCALATED: "_hurry",
        ANSWERED: "_hold",
        CLEARED: "_close",
        DUTY_OFF: "_hand_over",
        TICK: "_ring_next_when_due",
        TEST_RAISED: "_hold_test",
        TEST_TRIGGERED: "_ring",
        MADE_REAL: "_ring",
    },
    HELD: {
        REPEATED: "_repeat_unconfirmed",
        TRIGGERED: "_make_real",
        ESCALATED: "_lose_holder",
        ANSWERED: "_hold",
        ANSWER_CONFIRMED: "_confirm",
        RELEASED: "_give_back",
        CLEAR_ASKED: "_clear",
        CLEARED: "_close",
        RESUMED: "_repeat_answer",
        TICK: "_clear_test_when_due",
        TEST_TRIGGERED: "_alert_or_wait_anew",
        MADE_REAL: "_make_real",
    },
    CLEARING: {
        REPEATED: "_repeat_unconfirmed_clear",
        TRIGGERED: "_make_real",
        ESCALATED: "_repeat_clear",
        ANSWER_CONFIRMED: "_confirm",
        RELEASED: "_give_back",
        CLEAR_REFUSED: "_stop_clearing",
        CLEARED: "_close",
        RESUMED: "_repeat_clear",
        TICK: "_wonder_when_due",
        TEST_TRIGGERED: "_stop_clearing",
        MADE_REAL: "_make_real",
    },
    CLOSED: {
        REPEATED: "_repeat_clear",
        ESCALATED: "_repeat_clear",
        TRIGGERED: "_reopen",
        TEST_TRIGGERED: "_hold_test",
        MADE_REAL: "_reopen",
    },
}


class Routing:
    """One call. `ringing`: coordinator, centre, everyone, or None. `party`: who holds it, TEST too, or None."""

    def __init__(self, on_duty, unanswered_ms, state=RINGING, ringing=None, party=None, test_ms=2000):
        if state not in _TABLE:
            raise ValueError(f"no state {state!r}")
        self.on_duty, self.unanswered_ms, self.test_ms = on_duty, unanswered_ms, test_ms
        self.state, self.ringing, self.party = state, ringing, party
        self.confirmed = False
        self.rings = 0
        self.ignored = 0
        self._since_ms = self._due_ms = None

    def handle(self, event, now_ms, party=None):
        """List of actions. `party`: with ANSWERED, who answers. Raises ValueError for an unknown event or party."""
        if event not in EVENTS:
            raise ValueError(f"no event {event!r}")
        if event == ANSWERED and party not in PARTIES:
            raise ValueError(f"no party {party!r}")
        if event in (DUTY_ON, DUTY_OFF):
            self.on_duty = event == DUTY_ON
        method = _TABLE[self.state].get(event)
        if method is None:
            self.ignored += event not in (TICK, DUTY_ON, DUTY_OFF, RESUMED, REPEATED)
            return []
        return getattr(self, method)(now_ms, party)

    def next_due(self):
        """Time in ms of the next change by itself, or None."""
        return self._due_ms

    def _ring(self, now_ms, party):
        if self.ringing is None:
            self.ringing = COORDINATOR if self.on_duty else CENTRE
        if self._due_ms is None:
            self._since_ms, self._due_ms = now_ms, now_ms + self.unanswered_ms
        self.rings += 1
        return [("RING", self.ringing)]

    def _ring_at(self, ringing, now_ms):
        self.state, self.ringing, self.party, self.confirmed, self._due_ms = RINGING, ringing, None, False, None
        return self._ring(now_ms, None)

    def _ring_next_when_due(self, now_ms, party):
        if self._due_ms is None:
            return self._ring(now_ms, None)
        if now_ms < self._due_ms:
            return []
        return self._ring_at(_NEXT[self.ringing], now_ms)

    def _hurry(self, now_ms, party):
        if self._due_ms is None or now_ms - self._since_ms < self.unanswered_ms // 2:
            return self._ring(now_ms, None)
        return self._ring_at(_NEXT[self.ringing], now_ms)

    def _hand_over(self, now_ms, party):
        return self._ring_at(CENTRE, now_ms) if self.ringing == COORDINATOR else []

    def _hold(self, now_ms, party):
        self.state, self.party, self.ringing, self.confirmed, self._due_ms = HELD, party, None, False, None
        return [("STOP_RINGING",), ("STOP_SENDING", "released"), ("SEND", "answered")]

    def _confirm(self, now_ms, party):
        self.confirmed = True
        return []

    def _lose_holder(self, now_ms, party):
        if not self.confirmed or self.party == TEST:
            return [("SEND", "answered")]
        return [("STOP_SENDING", "answered")] + self._ring_at(EVERYONE, now_ms)

    def _give_back(self, now_ms, party):
        actions = [("STOP_SENDING", "answered"), ("STOP_SENDING", "clear"), ("SEND", "released")]
        return actions + self._ring_at(_NEXT[self.party], now_ms)

    def _repeat_answer(self, now_ms, party):
        self.confirmed = False
        if self.party == TEST:
            self._due_ms = now_ms + self.test_ms
        return [("SEND", "answered")]

    def _repeat_unconfirmed(self, now_ms, party):
        return [] if self.confirmed else [("SEND", "answered")]

    def _repeat_unconfirmed_clear(self, now_ms, party):
        return [] if self.confirmed else [("SEND", "answered"), ("SEND", "clear")]

    def _clear(self, now_ms, party):
        self.state = CLEARING
        return [("SEND", "clear")]

    def _repeat_clear(self, now_ms, party):
        self.confirmed = False
        if self.party == TEST and self._due_ms is None:
            self._due_ms = now_ms + self.unanswered_ms
        return [("SEND", "answered"), ("SEND", "clear")]

    def _stop_clearing(self, now_ms, party):
        self.state = HELD
        if self.party == TEST:
            return [("STOP_SENDING", "clear")] + self._repeat_answer(now_ms, None)
        return [("STOP_SENDING", "clear"), ("ALERT_HOLDER",)]

    def _hold_test(self, now_ms, party):
        self.state, self.party, self.ringing = HELD, TEST, None
        return [("STOP_RINGING",), ("HOLD_AS_TEST",), ("STOP_SENDING", "released")] + self._repeat_answer(now_ms, None)

    def _alert_or_wait_anew(self, now_ms, party):
        return self._repeat_answer(now_ms, None) if self.party == TEST else [("ALERT_HOLDER",)]

    def _clear_test_when_due(self, now_ms, party):
        if self._due_ms is None or now_ms < self._due_ms:
            return []
        self.state, self._due_ms = CLEARING, now_ms + self.unanswered_ms
        return [("CLEAR_AS_TEST",), ("SEND", "clear")]

    def _wonder_when_due(self, now_ms, party):
        if self._due_ms is None or now_ms < self._due_ms:
            return []
        self._due_ms = now_ms + self.unanswered_ms
        return [("ALERT_ABOUT_TEST",)]

    def _make_real(self, now_ms, party):
        if self.party != TEST:
            return self._stop_clearing(now_ms, None) if self.state == CLEARING else [("ALERT_HOLDER",)]
        actions = [("STOP_SENDING", "answered"), ("STOP_SENDING", "clear"), ("SEND", "released")]
        return actions + self._ring_at(COORDINATOR if self.on_duty else CENTRE, now_ms)

    def _close(self, now_ms, party):
        self.state, self.ringing, self.party, self._due_ms = CLOSED, None, None, None
        return [("STOP_RINGING",), ("STOP_SENDING", "answered"), ("STOP_SENDING", "released"), ("STOP_SENDING", "clear")]

    def _reopen(self, now_ms, party):
        return self._ring_at(EVERYONE, now_ms)
