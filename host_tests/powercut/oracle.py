"""What must be on flash, as somebody outside who only watches calls begin and return would say it."""


class Violation(AssertionError):
    """A promise was broken; the text says which."""


class Oracle:
    """durable: call_n -> its activations, each known to have returned. in_flight: (what, call_n, trigger) or None."""

    def __init__(self):
        self.durable = {}
        self.in_flight = None
        self.highest_n = 0
        self.epoch = None

    def copy(self):
        twin = Oracle()
        twin.durable = dict(self.durable)
        twin.in_flight = self.in_flight
        twin.highest_n = self.highest_n
        twin.epoch = self.epoch
        return twin

    def begin(self, what, call_n, trigger=None):
        self.in_flight = (what, call_n, trigger)

    def returned(self):
        """The operation in flight is durable from here on."""
        what, call_n, trigger = self.in_flight
        self.in_flight = None
        if what == "trigger":
            self.durable[call_n] = self.durable.get(call_n, ()) + (trigger,)
        else:
            self.durable.pop(call_n, None)

    def opened(self, calls, epoch):
        """Checks what a recovery found against what was promised; from then on what it told is the truth."""
        found = {call.call_n: tuple(call.triggers) for call in calls}
        if len(found) != len(calls):
            raise Violation(f"a call was found twice: {[call.call_n for call in calls]}")
        if self.epoch not in (None, epoch):
            raise Violation(f"epoch {self.epoch} became {epoch}")
        for call_n in set(found) | set(self.durable):
            allowed = self._allowed(call_n)
            if found.get(call_n) not in allowed:
                verdict = "lost" if self.durable.get(call_n) else "back from the dead"
                raise Violation(f"call {call_n} {verdict}: found {found.get(call_n)}, promised {allowed}")
        self.durable = found
        self.in_flight = None
        self.epoch = epoch

    def numbered(self, call_n):
        if call_n <= self.highest_n:
            raise Violation(f"call number {call_n} given again; {self.highest_n} was out already")
        self.highest_n = call_n

    def _allowed(self, call_n):
        """What a recovery may find of a call: what returned, and either outcome of what was in flight. None: nothing."""
        before = self.durable.get(call_n)
        if self.in_flight is None or self.in_flight[1] != call_n:
            return (before,)
        if self.in_flight[0] == "trigger":
            return (before, (before or ()) + (self.in_flight[2],))
        return (before, None)
