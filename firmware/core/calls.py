"""All open calls of the flat. Pure.

Rules:
- An activation joins the newest open call; without one it raises a new call under the next number of the journal.
- As a rule one call is open. After a reset the journal may hold more (one whose clear could not be written): each is resumed
  under its own number, exactly once.
- A call whose first activation cannot be written (storage fault) is raised all the same, as a volatile call: its number lies at
  or above VOLATILE and its id has the session in place of the journal's epoch, so that it is never taken for an older call.
- The light shows the call that is least far: as long as one call is not received, the light does not flash (P2).

Source: P1, P2, P4; docs/protocol.md.
"""

from micropython import const

from firmware.core import call as one
from firmware.core import clock

VOLATILE = const(1 << 28)  # far above any number that a journal can reach, and still a small integer on the board

STANDBY = "STANDBY"
CALLING = "CALLING"
RECEIVED = "RECEIVED"
ANSWERED = "ANSWERED"


class Calls:
    """`timers`: core.timers.Timers. `last_number`: the highest call number that the journal has used, 0 for none."""

    def __init__(self, timers, last_number):
        self._timers = timers
        self._last_number = last_number
        self.open = []  # oldest first
        self.ignored = 0

    def resume(self, number, triggers, now_ms):
        """Takes up one call from the journal; `triggers` as in Call. Returns actions."""
        call = one.Call(number, self._timers)
        self.open.append(call)
        self._last_number = max(self._last_number, number & (VOLATILE - 1))  # a volatile one keeps its own
        return call.resume(triggers, now_ms)

    def activate(self, now_ms, input_index, kind_index, cause_index):
        """The tenant asks for help. Returns actions."""
        if not self.open:
            self._last_number += 1
            self.open.append(one.Call(self._last_number, self._timers))
        return self.open[-1].handle(one.ACTIVATED, now_ms, input_index, kind_index, cause_index)

    def journal_failed(self, number):
        """The JOURNAL_TRIGGER of call `number` could not be carried out. Returns the actions to do instead of those after it."""
        call = self.find(number)
        if number < VOLATILE and len(call.triggers) == 1:
            call.number = number + VOLATILE
        return [("FAULT", "storage"), ("SHOW_LIGHT",), ("SOUND", "ACTIVATED"), ("SEND_ALARM", call.number)]

    def told(self, event, number, now_ms, *data):
        """A message of the service about call `number` (None: not an id of ours). Returns actions; for a call that is not open a
        REFUSE with `already_cleared` or `no_such_call`, and nothing changes."""
        call = self.find(number)
        if call is not None:
            return self._swept(call.handle(event, now_ms, *data))
        self.ignored += 1
        over = number is not None and 1 <= number <= self._last_number
        return [("REFUSE", "already_cleared" if over else "no_such_call")]

    def all(self, event, now_ms):
        """An event for every open call: TICK, LINK_CAME_UP, RESET_PRESSED, SPEECH_HAPPENED, SPEECH_LOST."""
        actions = []
        for call in self.open:
            actions += call.handle(event, now_ms)
        return self._swept(actions) if actions else actions

    def light(self):
        """STANDBY, CALLING, RECEIVED or ANSWERED: what the tenant may be shown."""
        shown = STANDBY
        for call in self.open:
            if not call.heard():
                return CALLING
            if shown != RECEIVED:
                shown = RECEIVED if call.state == one.RECEIVED else ANSWERED
        return shown

    def waiting(self):
        """True while the service has not confirmed all of every call."""
        for call in self.open:
            if call.waiting():
                return True
        return False

    def volatile(self):
        """True while a call is open that a reset would lose: it could not be written."""
        for call in self.open:
            if call.number >= VOLATILE:
                return True
        return False

    def next_due(self):
        """Tick of the soonest timer of all calls, or None."""
        due_ms = None
        for call in self.open:
            due_ms = clock.soonest(due_ms, call.next_due())
        return due_ms

    def find(self, number):
        """The open call of that number, or None."""
        for call in self.open:
            if call.number == number:
                return call
        return None

    def _swept(self, actions):
        found = []
        for call in self.open:
            if call.state != one.CLEARED:
                found.append(call)
        self.open = found
        return actions
