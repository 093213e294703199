"""The register of open faults: each is open until something that works closes it (P5)."""

from micropython import const

# docs/protocol.md, event `fault`
NAMES = ("line_open", "line_short", "held", "storage", "link", "input", "settings", "task", "microphone",
         "speech")
_REPORTED = const(16)  # docs/protocol.md: a health report lists at most 16


class Faults:
    """Open faults in the order in which they were opened. A fault is a name of NAMES and the input it belongs to, "" if none."""

    def __init__(self):
        self._open = []

    def open(self, name, source=""):
        """True if this fault was not open before. Raises ValueError for a name that the protocol does not have."""
        if name not in NAMES:
            raise ValueError("faults: unknown fault %r" % (name,))
        if (name, source) in self._open:
            return False
        self._open.append((name, source))
        return True

    def close(self, name, source=""):
        """True if this fault was open. Raises ValueError for a name that the protocol does not have."""
        if name not in NAMES:
            raise ValueError("faults: unknown fault %r" % (name,))
        if (name, source) not in self._open:
            return False
        self._open.remove((name, source))
        return True

    def any(self):
        return bool(self._open)

    def is_open(self, name, source=""):
        return (name, source) in self._open

    def names(self):
        """For the health report: `name` or `name:input`, oldest first, at most 16."""
        return ["%s:%s" % fault if fault[1] else fault[0] for fault in self._open[:_REPORTED]]
