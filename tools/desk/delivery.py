"""Commands owed to a unit for one call, sent again with a new counter until it confirms them. Pure; times in ms.

`answered` is owed for as long as the call is held: after each confirmation again in `repeat_ms`. `released` and
`clear` are owed until confirmed; a confirmed `clear` stays owed until the unit says `cleared`, as its confirmation is
not yet the end. Between tries the waits of `retry_ms`, the last of them for ever. Source: docs/protocol.md.
"""

ORDER = ("released", "answered", "clear")  # `answered` before `clear`: a unit refuses to clear what nobody answered
_REFS_KEPT = 64  # counters remembered per call, so that a late result still finds its command


class Delivery:
    def __init__(self, repeat_ms, retry_ms):
        self._repeat_ms, self._retry_ms = repeat_ms, tuple(retry_ms)
        self._owed = {}  # do -> [due_ms, tries, once]
        self._refs = {}  # ctr -> do

    def owe(self, do, now_ms, once=False):
        """Send `do` now and until confirmed; `once`: without waiting for a confirmation."""
        if do not in ORDER:
            raise ValueError(f"no command {do!r}")
        self._owed[do] = [now_ms, 0, once]

    def drop(self, do):
        self._owed.pop(do, None)

    def due(self, now_ms):
        """Commands to send now, in the order in which the unit needs them."""
        return [do for do in ORDER if do in self._owed and self._owed[do][0] <= now_ms]

    def sent(self, do, ctr, now_ms):
        """Note that `do` went out under `ctr`. Returns how often it has been tried."""
        owed = self._owed[do]
        self._refs[ctr] = do
        while len(self._refs) > _REFS_KEPT:
            del self._refs[next(iter(self._refs))]
        if owed[2]:
            del self._owed[do]
            return 1
        owed[0] = now_ms + self._retry_ms[min(owed[1], len(self._retry_ms) - 1)]
        owed[1] += 1
        return owed[1]

    def postpone(self, do, now_ms):
        """It could not be sent (no session, no broker): same try again after the first wait."""
        self._owed[do][0] = now_ms + self._retry_ms[0]

    def result(self, ctr, settled, now_ms):
        """The unit's word on `ctr`. Returns the command it belongs to, or None if that is not known (any more).

        `settled`: nothing to gain by an early repetition (confirmed, or refused for good).
        """
        do = self._refs.pop(ctr, None)
        owed = self._owed.get(do)
        if owed is not None and do == "answered" and settled:
            owed[0], owed[1] = now_ms + self._repeat_ms, 0
        elif owed is not None and do == "released":
            del self._owed[do]  # refused means: not answered there, so there is nothing left to give back
        return do

    def tries(self, do):
        """Times `do` was sent since it was last confirmed or first owed; 0 if nothing is owed."""
        return self._owed[do][1] if do in self._owed else 0

    def next_due(self):
        """Time in ms of the next sending, or None."""
        return min((owed[0] for owed in self._owed.values()), default=None)
