"""The register of open faults: each is open until a test that works closes it (P5), through resets and power loss.

What opens and what closes each of them: docs/faults.md.
"""

from micropython import const

# docs/protocol.md, event `fault`. The flight recorder notes the index: append only
NAMES = ("line_open", "line_short", "held", "storage", "link", "input", "settings", "task", "microphone",
         "speech", "light", "sounder", "speaker", "battery", "mains", "clock", "restarts", "overdue", "path")
_REPORTED = const(16)  # docs/protocol.md: a health report lists at most 16
_KEPT = const(48)  # of a file; a board has at most 16 inputs, and no unit was seen with a dozen faults
_SOURCE = const(24)  # characters, docs/protocol.md


class Faults:
    """Open faults in the order in which they were opened. A fault is a name of NAMES and the input it belongs to, "" if none.

    `openings`: how often any was opened since this was counted; `changed`: something is to be kept (set back by who keeps it);
    `unsure`: faults of before this start that no test has yet found again or closed.
    """

    def __init__(self):
        self._open = []
        self.openings = 0
        self.changed = False
        self.unsure = []

    def open(self, name, source=""):
        """True if this fault was not open before. Raises ValueError for a name that the protocol does not have."""
        fault = self._known(name, source)
        if fault in self._open:
            return False
        self._open.append(fault)
        self.openings += 1
        self.changed = True
        return True

    def close(self, name, source=""):
        """True if this fault was open. Raises ValueError for a name that the protocol does not have."""
        fault = self._known(name, source)
        if fault not in self._open:
            return False
        self._open.remove(fault)
        self.changed = True
        return True

    def _known(self, name, source):
        if name not in NAMES:
            raise ValueError("faults: unknown fault %r" % (name,))
        if (name, source) in self.unsure:
            self.unsure.remove((name, source))
        return name, source

    def any(self):
        return bool(self._open)

    def is_open(self, name, source=""):
        return (name, source) in self._open

    def names(self):
        """For the health report: `name` or `name:input`, oldest first, at most 16."""
        found = []
        for fault in self._open[:_REPORTED]:
            found.append("%s:%s" % fault if fault[1] else fault[0])
        return found

    def opened(self):
        """A new list of (name, source), oldest first."""
        return list(self._open)

    def kept(self):
        """What is to be kept, for `restore`."""
        return {"open": list(map(list, self._open[:_KEPT])), "openings": self.openings}

    def restore(self, kept):
        """Opens what `kept` held open, as unsure; of anything else than such an object it takes what is lawful. Returns False if
        something was not."""
        lawful = isinstance(kept, dict) and isinstance(kept.get("open"), list) and type(kept.get("openings")) is int
        if not lawful:
            return False
        self.openings = max(kept["openings"], 0)
        for fault in kept["open"][:_KEPT]:
            if isinstance(fault, list) and len(fault) == 2 and fault[0] in NAMES and _is_source(fault[1]):
                if tuple(fault) not in self._open:
                    self._open.append(tuple(fault))
                    self.unsure.append(tuple(fault))
            else:
                lawful = False
        return lawful


def _is_source(value):
    return isinstance(value, str) and len(value) <= _SOURCE
