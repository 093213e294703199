"""The calls that are not cleared, in the order in which they were raised. Pure; the journal replays its records into it."""


class OpenCall:
    """A call and its activations.

    call_n: its number within the epoch. triggers: list of (trigger_n, input_index, kind, cause), oldest first.
    """

    def __init__(self, call_n, triggers=()):
        self.call_n = call_n
        self.triggers = list(triggers)


class OpenCalls:
    """Bounded by the caller: `count` is how many activations are held, about 40 bytes each on a 32-bit board."""

    def __init__(self):
        self._calls = []
        self.count = 0

    def add(self, call_n, trigger):
        """Adds an activation; one with a number that the call has already changes nothing (a record may be there twice)."""
        call = self._find(call_n)
        if call is None:
            call = OpenCall(call_n)
            self._calls.append(call)
        for known in call.triggers:
            if known[0] == trigger[0]:
                return
        call.triggers.append(trigger)
        self.count += 1

    def remove(self, call_n):
        """Forgets a call; unknown ones are no error, as a clear is written whether or not the call is known."""
        call = self._find(call_n)
        if call is not None:
            self._calls.remove(call)
            self.count -= len(call.triggers)

    def clear(self):
        self._calls.clear()
        self.count = 0

    def copy(self):
        """A list of OpenCall that the caller may change."""
        found = []
        for call in self._calls:
            found.append(OpenCall(call.call_n, call.triggers))
        return found

    def activations(self):
        """Each (call_n, trigger), oldest call first."""
        for call in self._calls:
            for trigger in call.triggers:
                yield call.call_n, trigger

    def _find(self, call_n):
        for call in self._calls:
            if call.call_n == call_n:
                return call
        return None
