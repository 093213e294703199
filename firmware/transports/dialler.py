"""Decides which connection attempts are open at the same time, until one of them is joined.

Rules. Nothing urgent: one attempt at a time, brokers in their order, a growing pause after each failure. While an alarm waits
a second and a third attempt start beside one that makes no progress, because in a blackout connects hang as well as
established links do; the oldest is left its whole time (a slow network must get through too), the others are replaced
by fresh ones. At most three sockets, and at most two with TLS, the old link included: a TLS context costs an ESP32
tens of KB. Who has sent its CONNECT first ends the others that have not, as a second CONNECT would throw out the first.
"""

from micropython import const

from firmware.core import clock
from firmware.transports import connection

_SOCKETS = const(3)
_SECURE = const(2)
_JITTER_MS = const(100)
_SLOW = const(4)  # times the TCP round trip of that very attempt: a handshake flight is one, calculation and loss the rest

_REPLACED = "no progress; a fresh attempt replaces it"

_BOUNDS = {
    connection.RESOLVING: "dns_ms",
    connection.CONNECTING: "connect_ms",
    connection.SECURING: "tls_ms",
    connection.JOINING: "connack_ms",
}


class Dialler:
    """`dial(broker)` -> an attempt. `brokers`: in order of preference. `backoff`: core.backoff. `rand(n)`: 0 ... n-1."""

    def __init__(self, dial, brokers, settings, backoff, rand):
        self._dial = dial
        self._brokers = brokers
        self._settings = settings
        self._backoff = backoff
        self._rand = rand
        self._next_broker = 0
        self._due_ms = None  # not before; None: at once
        self._jitter_ms = 0
        self.attempts = []  # oldest first
        self.dials = 0

    def after(self, broker):
        """The next attempt goes to the broker after this one."""
        self.to(self._brokers.index(broker) + 1)

    def to(self, index):
        """The next attempt goes to that broker, counted round."""
        self._next_broker = index % len(self._brokers)

    def hold(self, now_ms, pause_ms):
        """No attempt before `pause_ms` from now, unless something is urgent."""
        self._due_ms = clock.add(now_ms, pause_ms)

    def at_once(self):
        """Something urgent has come or the bearer is back: the running pause, made for nothing urgent, ends."""
        self._due_ms = None

    def failed(self, attempt, now_ms, urgent):
        """`attempt` has closed without getting through."""
        self.attempts.remove(attempt)
        if not self.attempts:
            self._due_ms = clock.add(now_ms, self._backoff.next_ms(urgent))

    def joined(self, attempt):
        """`attempt` is the link now: start from the first broker next time, end the others."""
        self.attempts.remove(attempt)
        self._backoff.reset()
        self._next_broker = 0
        self._due_ms = None
        self.stop("another attempt was faster")

    def stop(self, reason, keep=None):
        """Ends every attempt but `keep`; without a pause after it."""
        for attempt in self.attempts[:]:
            if attempt is not keep:
                self.attempts.remove(attempt)
                attempt.close(reason)

    def sent_connect(self, attempt):
        """Nobody else may send a CONNECT beside this one; those that have sent theirs and wait are thrown out by it."""
        self.stop("another attempt was faster", attempt)

    def call_off(self):
        """The old link has proved alive. An attempt that has sent its CONNECT goes on: the broker gives it the client id."""
        for attempt in self.attempts:
            if attempt.stage == connection.JOINING:
                self.stop("not needed any more", attempt)
                return
        self.stop("not needed any more")

    def tick(self, now_ms, urgent, link):
        """Ends what is overdue, starts what is due. `link`: the stalled link that still holds resources, or None."""
        for attempt in self.attempts[:] if self.attempts else ():
            if attempt.stage == connection.CLOSED:
                continue
            bound_ms = self._settings[_BOUNDS[attempt.stage]]
            if clock.diff(now_ms, attempt.entered_ms) >= bound_ms:
                attempt.close("%s: no answer within %d ms" % (attempt.stage, bound_ms))
        if clock.reached(now_ms, self._start_due(now_ms, urgent)):
            self._start(now_ms, link)

    def _start_due(self, now_ms, urgent):
        """When the next attempt may start; None: not while this one runs."""
        if not self.attempts:
            return now_ms if self._due_ms is None else self._due_ms
        if not urgent:
            return None
        newest = self.attempts[-1]
        return clock.add(newest.progress_ms, self._patience_ms(newest) + self._jitter_ms)

    def _patience_ms(self, attempt):
        if attempt.dial_ms is None:
            return self._settings["stagger_ms"]
        return max(self._settings["secure_patience_ms"], attempt.dial_ms * _SLOW)

    def _start(self, now_ms, link):
        broker = self._brokers[self._next_broker]
        self._next_broker = (self._next_broker + 1) % len(self._brokers)
        if len(self.attempts) >= _SOCKETS:
            self.attempts.pop(1).close(_REPLACED)
        if broker["tls"]:
            self._make_room(link)
        self._due_ms = None
        self._jitter_ms = self._rand(_JITTER_MS)
        self.dials += 1
        self.attempts.append(self._dial(broker))

    def _make_room(self, link):
        """Before a further TLS context: the stalled link goes first, it has had its time; then the newest idle attempt."""
        secure = []
        for attempt in self.attempts:
            if attempt.secure:
                secure.append(attempt)
        if len(secure) + bool(link and link.secure) < _SECURE:
            return
        if link and link.secure:
            link.close("stalled")
        else:
            self.attempts.remove(secure[-1])
            secure[-1].close(_REPLACED)

    def forgive(self, late_ms):
        """The loop stood still for `late_ms`: nobody can have made progress meanwhile."""
        for attempt in self.attempts:
            attempt.progress_ms = clock.add(attempt.progress_ms, late_ms)

    def next_due(self, now_ms, urgent):
        """Soonest tick at which `tick` has something to do, or None."""
        due_ms = self._start_due(now_ms, urgent)
        for attempt in self.attempts:
            due_ms = clock.soonest(due_ms, clock.add(attempt.entered_ms, self._settings[_BOUNDS[attempt.stage]]))
        return due_ms
