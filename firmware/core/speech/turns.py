"""Which offers are new: the highest turn seen, and what became of the last sessions. Pure.

Rules:
- A session that has ended is over for good; whatever still comes for it is answered with its `ended` again.
- An offer that was declined is declined again with the same reason while its turn is the same.
- The turn 2**31 - 1 is the last one; after it the count starts at 0 again, or the flat could never be called any more (P8).

Source: docs/protocol.md, `offer`.
"""

from micropython import const

ENDED = "ended"
DECLINED = "declined"

_LAST_TURN = (1 << 31) - 1  # the protocol's range
_KEPT = const(4)  # sessions; older ones fall to their turn


class Turns:
    """`newest`: the highest turn seen since the start, 0 for none."""

    def __init__(self):
        self.newest = 0
        self._fates = []  # (sid, turn, say, reason), oldest first

    def see(self, turn):
        if turn > self.newest:
            self.newest = turn if turn < _LAST_TURN else 0

    def note(self, sid, turn, say, reason):
        """What became of `sid`: ENDED or DECLINED, and why."""
        fates = []
        for fate in self._fates:
            if fate[0] != sid:
                fates.append(fate)
        fates.append((sid, turn, say, reason))
        self._fates = fates[-_KEPT:]

    def fate(self, sid):
        """(sid, turn, say, reason) of a session of before, or None."""
        for fate in self._fates:
            if fate[0] == sid:
                return fate
        return None
