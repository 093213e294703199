"""Commands of a test owed to one unit, sent again with a new counter until it is heard what became of them. Pure; times in ms.

Rules:
- A command is settled by the unit's `command` event, or by progress that shows it was taken: a start by the first word of a test
  that was not known, an answer or skip by a result for its step, a stop by the end of the test.
- The word on a first try can be lost; then the second is refused because the first was taken. So `running` on a start, `no_step`
  on an answer or skip and `no_test` on a stop count as taken from the second try on.
- A unit that is not there for `_GIVE_UP_MS` does not get it later: nobody may find a test begun when the engineer has left.

Source: docs/protocol.md `test`.
"""

OWED, DONE, REFUSED, NO_REPLY = "owed", "done", "refused", "no_reply"
_GIVE_UP_MS = 60_000
_TAKEN_BEFORE = {"start": "running", "answer": "no_step", "skip": "no_step", "stop": "no_test"}


class Command:
    """`fields`: those of the message `test`. `state`: OWED, DONE, REFUSED, NO_REPLY; `reason`: the unit's word."""

    def __init__(self, n, fields, now_ms):
        self.n, self.fields = n, fields
        self.state, self.reason, self.tries, self.due_ms = OWED, "", 0, now_ms
        self.given_up_ms = now_ms + _GIVE_UP_MS
        self.refs = []

    def view(self):
        words = {name: self.fields[name] for name in ("do", "test", "step", "value")}
        return {"number": self.n, **words, "state": self.state, "reason": self.reason, "tries": self.tries}


class Commands:
    """Those of one unit. `settled`: what has been settled since it was last emptied."""

    def __init__(self, retry_ms):
        self._retry_ms, self._owed, self._made = tuple(retry_ms), [], 0
        self.settled = []

    def ask(self, fields, now_ms):
        """A new Command, owed from now on."""
        self._made += 1
        command = Command(self._made, fields, now_ms)
        self._owed.append(command)
        return command

    def owed(self):
        return list(self._owed)

    def due(self, now_ms):
        """Commands to send now, oldest first; those that were owed too long are given up."""
        for command in [command for command in self._owed if now_ms >= command.given_up_ms]:
            self._settle(command, NO_REPLY, "")
        return [command for command in self._owed if command.due_ms <= now_ms]

    def sent(self, command, ctr, now_ms):
        """`ctr`: None if it could not be sent (no broker)."""
        wait_ms = self._retry_ms[min(command.tries, len(self._retry_ms) - 1)]
        command.due_ms = now_ms + wait_ms
        if ctr is not None:
            command.tries += 1
            command.refs.append(ctr)

    def result(self, ref, is_ok, reason):
        """The unit's word on the message `ref`."""
        for command in self._owed:
            if ref in command.refs:
                was_taken = command.tries > 1 and reason == _TAKEN_BEFORE[command.fields["do"]]
                self._settle(command, DONE if is_ok or was_taken else REFUSED, reason)
                return

    def progress(self, message, was_known):
        """A `test` event; `was_known`: its test was heard of before."""
        for command in self.owed():
            if _shown_by(command, message, was_known):
                self._settle(command, DONE, "")

    def next_due(self):
        return min((min(command.due_ms, command.given_up_ms) for command in self._owed), default=None)

    def _settle(self, command, state, reason):
        command.state, command.reason = state, reason
        self._owed.remove(command)
        self.settled.append(command)


def _shown_by(command, message, was_known):
    do, last = command.fields["do"], message["last"]
    if not command.tries:
        return False
    if do == "start":
        return not was_known and message["state"] != "ended"
    if message["test"] != command.fields["test"]:
        return False
    if message["state"] == "ended":
        return do == "stop"
    return do in ("answer", "skip") and last is not None and last[0] == command.fields["step"] and last[1] != "open"
