"""When to speak of a mains failure and when to report it: at once in the flat, late and scattered to the service. Pure.

Rules
- A change counts once the sense has shown it for _DEBOUNCE_MS.
- The first change is spoken at once. For mains_report_ms after each message nothing is said; then the message comes if what was
  said last no longer holds. So a flicker is spoken of once a minute at most.
- A change is reported once the mains have been steady for mains_report_ms, and later at random within mains_spread_ms. Each
  further change begins that time anew, but mains that never rest are reported after mains_unsteady_ms and the spread (P8).
- A failure that is over before its report is due is none; _MANY changes since the last report make one, for a loose plug.

Source: DESIGN timers (mains failed); FACTS (a neighbour's mains-fail call comes with random spread).
"""

from micropython import const

from firmware.core import clock

_DEBOUNCE_MS = const(100)  # longer than a relay's chatter and than the ESP32's false levels; a cell rides that out
_MANY = const(10)


class Mains:
    """`timers`: core.timers.Timers; `rand(n)`: 0 ... n - 1. Before the first sample the mains are taken to be there, and told so.

    `on`: the mains are there; `settled`: as last reported; `report_due`: when a change is reported, None if nothing waits."""

    def __init__(self, timers, rand):
        self.on = True
        self.settled = True
        self._said = True
        self._timers = timers
        self._rand = rand
        self._edges = 0
        self._spread_ms = 0
        self._doubt_due = None  # the sense shows a change, which counts then
        self._say_due = None  # nothing is said before
        self._edge_ms = None  # tick of the last change while it waits to be reported
        self.report_due = None
        self._longest_due = None

    def sample(self, on, now_ms):
        """What the sense shows now. True if that is a change."""
        if on == self.on:
            self._doubt_due = None
            return False
        if self._doubt_due is None:
            self._doubt_due = clock.add(now_ms, _DEBOUNCE_MS)
            return False
        if not clock.reached(now_ms, self._doubt_due):
            return False
        self._doubt_due = None
        return True

    def changed(self, now_ms):
        """The mains came or went. Returns actions: ("SAY", prompt)."""
        self.on = not self.on
        self._edges += 1
        if self.report_due is None:
            self._spread_ms = self._rand(self._timers.mains_spread_ms)
            self._longest_due = clock.add(now_ms, self._timers.mains_unsteady_ms + self._spread_ms)
        self._edge_ms = now_ms
        due_ms = clock.add(now_ms, self._timers.mains_report_ms + self._spread_ms)
        self.report_due = clock.soonest(due_ms, self._longest_due)
        return self._say(now_ms) if self._say_due is None else []

    def tick(self, now_ms):
        """What is due by now: ("SAY", prompt), ("REPORT_MAINS", on, for_s, edges) with ("FAULT", "mains", "", open)."""
        actions = []
        if clock.reached(now_ms, self._say_due):
            self._say_due = None
            actions = self._say(now_ms)
        if clock.reached(now_ms, self.report_due):
            self.report_due = None
            if self.on != self.settled or self._edges >= _MANY:
                self.settled = self.on
                actions.append(("REPORT_MAINS", self.on, clock.diff(now_ms, self._edge_ms) // 1000, self._edges))
                actions.append(("FAULT", "mains", "", not self.on))
                self._edges = 0
        return actions

    def next_due(self):
        return clock.soonest(clock.soonest(self._doubt_due, self._say_due), self.report_due)

    def _say(self, now_ms):
        if self._said == self.on:
            return []
        self._said = self.on
        self._say_due = clock.add(now_ms, self._timers.mains_report_ms)
        return [("SAY", "mains_back" if self.on else "mains_failed")]
