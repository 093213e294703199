"""Tells from what was sent and what was answered whether a link works, stalls or is dead. Pure: no socket, no task.

Rules. A link *stalls* when an urgent message is on the wire and the broker confirms nothing for the adaptive round-trip
timeout: then a second connection is wanted, `racing`, until anything is confirmed. It is *dead* when something was asked
(a ping too) and no answer of any kind came for `pong_ms`. A message that is never confirmed although the broker answers
other things ends the link too. After a stall or a death the next one is given twice the time: a broker that is merely
slow must get to answer. Time in which the loop itself stood still counts against nobody.
"""

from micropython import const

from firmware.core import clock
from firmware.core.round_trip import RoundTrip

_PUBACK_MS = const(10000)  # a broker that writes to disk first may take seconds; after this it has forgotten the message


class LinkWatch:
    """`settings`: ping_ms, pong_ms, race_ms, race_ceiling_ms, race_initial_ms (docs/link.md). One for all connections.

    `ping_ms`: may be changed at any time."""

    def __init__(self, settings):
        self.ping_ms = settings["ping_ms"]
        self._pong_ms = settings["pong_ms"]
        self._round_trip = RoundTrip(settings["race_ms"], settings["race_ceiling_ms"], settings["race_initial_ms"])
        self.racing = False
        self._waiting_ms = None  # an urgent message is on the wire and nothing was confirmed since then
        self._asked_ms = None  # something was asked and nothing was answered since then
        self._proved_ms = 0  # newest answer to anything of ours

    def start(self, now_ms, join_ms):
        """A new connection is up; its CONNACK took `join_ms`."""
        self.end()
        self._proved_ms = now_ms
        if self._round_trip.mean_ms() is None:
            self._round_trip.sample(join_ms)

    def end(self):
        """The connection is gone: nothing is expected of anybody."""
        self.racing = False
        self._waiting_ms = self._asked_ms = None

    def asked(self, now_ms, urgent=False):
        """Something was sent that is to be answered."""
        if self._asked_ms is None:
            self._asked_ms = now_ms
        if urgent and self._waiting_ms is None:
            self._waiting_ms = now_ms

    def answered(self, now_ms, more):
        """The broker answered something of ours. `more`: it still owes other answers."""
        self._proved_ms = now_ms
        self._asked_ms = now_ms if more else None

    def ponged(self, now_ms, more):
        """The answer to a ping: a measure of the round trip, since a ping is sent only when nothing else is owed."""
        if self._asked_ms is not None:
            self._round_trip.sample(clock.diff(now_ms, self._asked_ms))
        self.answered(now_ms, more)

    def confirmed(self, now_ms, rtt_ms, urgent_left, more):
        """A message was confirmed, after `rtt_ms` (None: it was sent more than once). Who still waits has full time again."""
        if rtt_ms is None:
            self._round_trip.settle()
        else:
            self._round_trip.sample(rtt_ms)
        self._waiting_ms = now_ms if urgent_left else None
        self.racing = False
        self.answered(now_ms, more)

    def unwanted(self, urgent_left):
        """The application took a message back. Nothing was proved, but if no urgent one is left nobody waits."""
        if not urgent_left:
            self._waiting_ms = None
            self.racing = False

    def check_stall(self, now_ms):
        """True once per stall, when it begins."""
        if self.racing or not clock.reached(now_ms, self._race_due()):
            return False
        self.racing = True
        self._round_trip.back_off()
        return True

    def check_dead(self, now_ms, oldest_sent_ms):
        """Why the link is dead, or None. `oldest_sent_ms`: when the oldest unconfirmed message went out, or None."""
        if self._asked_ms is not None and clock.reached(now_ms, self._dead_due()):
            self._round_trip.back_off()
            return "no answer for %d ms" % clock.diff(now_ms, self._asked_ms)
        if oldest_sent_ms is not None and clock.diff(now_ms, oldest_sent_ms) >= _PUBACK_MS:
            return "no PUBACK for %d ms" % _PUBACK_MS
        return None

    def ping_now(self, now_ms):
        """True if nothing is owed and nothing was proved for so long that it is time to ask."""
        return self._asked_ms is None and clock.reached(now_ms, self._ping_due())

    def next_due(self):
        """Soonest tick at which one of the checks may have something to say."""
        due_ms = self._ping_due() if self._asked_ms is None else self._dead_due()
        return clock.soonest(due_ms, self._race_due())

    def forgive(self, late_ms):
        """The loop stood still for `late_ms`: answers may lie unread in the socket."""
        if self._waiting_ms is not None:
            self._waiting_ms = clock.add(self._waiting_ms, late_ms)
        if self._asked_ms is not None:
            self._asked_ms = clock.add(self._asked_ms, late_ms)

    def _ping_due(self):
        return clock.add(self._proved_ms, self.ping_ms)

    def _dead_due(self):
        return clock.add(self._asked_ms, max(self._pong_ms, self._round_trip.timeout_ms()))

    def _race_due(self):
        if self.racing or self._waiting_ms is None:
            return None
        return clock.add(self._waiting_ms, self._round_trip.timeout_ms())
