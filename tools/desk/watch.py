"""Is a unit there? Pure; times in ms of any monotonic clock.

Rules:
- A unit is unheard until its first message since the desk started, then online. It is silent when its last will comes,
  when it owes a reply (to a command or a query) for `silent_ms` and nothing new was heard of it, when it is still
  unheard `silent_ms` after the start, or when the desk has had no broker for `silent_ms`.
- Whatever new message comes makes it online again, and is followed by a query: a message that was under way while the
  will overtook it then proves nothing for longer than `silent_ms`.
- A will is believed at once and checked with a query: a broker can publish it while the unit lives.
- A silent unit is asked again every three times `silent_ms`; nothing else leads out but its own word.
- Whenever a broker is back every unit is queried: what it said meanwhile was lost, and a query makes it say its open call again.
- No health for two periods: flagged, and asked for.
- A unit on battery saves power: its keep-alive is 60 s, it may answer late and reports every three periods. It gets
  `battery_silent_ms` for a reply, also for one that is owed already; back on mains the short time holds for what is asked then.

Source: docs/protocol.md `state`; DESIGN.md timers (a silent unit is known within 20 s on mains, 90 s on battery), P8.
"""

UNHEARD, ONLINE, SILENT = "unheard", "online", "silent"
STATES = (UNHEARD, ONLINE, SILENT)
HEARD, HEALTH_HEARD, WILLED, ASKED = "HEARD", "HEALTH_HEARD", "WILLED", "ASKED"
BROKER_LOST, BROKER_BACK, TICK = "BROKER_LOST", "BROKER_BACK", "TICK"
EVENTS = (HEARD, HEALTH_HEARD, WILLED, ASKED, BROKER_LOST, BROKER_BACK, TICK)
_OVERDUE_PERIODS = 2  # one lost report is the link's noise, two are a pattern
_ON_BATTERY = 3  # times the period between two reports
_ASK_AGAIN = 3  # times silent_ms between two queries to a silent unit

_COMMON = {HEALTH_HEARD: "_health", WILLED: "_will", BROKER_LOST: "_broker_lost", BROKER_BACK: "_broker_back"}
_TABLE = {
    UNHEARD: {**_COMMON, HEARD: "_wake", TICK: "_wait_for_first"},
    ONLINE: {**_COMMON, HEARD: "_heard", ASKED: "_asked", TICK: "_look"},
    SILENT: {**_COMMON, HEARD: "_wake", TICK: "_ask_again"},
}


class UnitWatch:
    """One unit. `state`, `reason` (why silent; else ""), `health_overdue`. Actions: ("SHOW",) and ("QUERY",)."""

    def __init__(self, now_ms, silent_ms, period_ms, battery_silent_ms=None):
        self._mains = silent_ms, period_ms
        self._battery = max(silent_ms, battery_silent_ms or 0), _ON_BATTERY * period_ms
        self._silent_ms, self._period_ms = self._mains
        self.on_battery = False
        self.state, self.reason, self.health_overdue, self.ignored = UNHEARD, "", False, 0
        self._due_ms = now_ms + silent_ms  # first word, reply or next question, by state; None: nothing awaited
        self._health_due_ms = now_ms + _OVERDUE_PERIODS * period_ms
        self._broker_due_ms = None

    def handle(self, event, now_ms):
        """List of actions. Raises ValueError for an unknown event."""
        if event not in EVENTS:
            raise ValueError(f"no event {event!r}")
        method = _TABLE[self.state].get(event)
        if method is None:
            self.ignored += 1
            return []
        actions = getattr(self, method)(now_ms)
        return actions + self._look_at_health(now_ms) if event == TICK else actions

    def supplied(self, on_battery, now_ms):
        """What the unit runs on. A time that runs is lengthened; it is never shortened, as it was owed under the other rule."""
        if on_battery == self.on_battery:
            return
        self.on_battery = on_battery
        before = self._silent_ms
        self._silent_ms, self._period_ms = self._battery if on_battery else self._mains
        if on_battery and self.state != SILENT and self._due_ms is not None:
            self._due_ms += self._silent_ms - before
        self._health_due_ms = now_ms + _OVERDUE_PERIODS * self._period_ms

    def next_due(self):
        """Time in ms of the next change by itself."""
        return min(due for due in (self._due_ms, self._health_due_ms, self._broker_due_ms) if due is not None)

    def _wake(self, now_ms):
        self.state, self.reason, self._due_ms = ONLINE, "", None
        return [("SHOW",), ("QUERY",)]

    def _heard(self, now_ms):
        self._due_ms = None
        return []

    def _asked(self, now_ms):
        if self._due_ms is None:
            self._due_ms = now_ms + self._silent_ms
        return []

    def _silence(self, reason, now_ms):
        changed = (self.state, self.reason) != (SILENT, reason)
        self.state, self.reason, self._due_ms = SILENT, reason, now_ms + _ASK_AGAIN * self._silent_ms
        return [("SHOW",)] if changed else []

    def _will(self, now_ms):
        shown = self._silence("will", now_ms)
        return shown + [("QUERY",)] if shown else []

    def _wait_for_first(self, now_ms):
        if now_ms < self._due_ms:
            return self._look_at_broker(now_ms)
        return self._silence("never_heard", now_ms) + [("QUERY",)]

    def _look(self, now_ms):
        if self._due_ms is not None and now_ms >= self._due_ms:
            return self._silence("no_reply", now_ms) + [("QUERY",)]
        return self._look_at_broker(now_ms)

    def _ask_again(self, now_ms):
        if now_ms < self._due_ms:
            return self._look_at_broker(now_ms)
        self._due_ms = now_ms + _ASK_AGAIN * self._silent_ms
        return [("QUERY",)]

    def _broker_lost(self, now_ms):
        if self._broker_due_ms is None:
            self._broker_due_ms = now_ms + self._silent_ms
        return []

    def _broker_back(self, now_ms):
        self._broker_due_ms = None
        return [("QUERY",)]  # an online unit may have raised a call that the broker took and nobody was there to hear

    def _look_at_broker(self, now_ms):
        if self._broker_due_ms is None or now_ms < self._broker_due_ms:
            return []
        self._broker_due_ms = None
        return self._silence("no_broker", now_ms)

    def _health(self, now_ms):
        was, self.health_overdue = self.health_overdue, False
        self._health_due_ms = now_ms + _OVERDUE_PERIODS * self._period_ms
        return [("SHOW",)] if was else []

    def _look_at_health(self, now_ms):
        if now_ms < self._health_due_ms:
            return []
        self._health_due_ms = now_ms + self._period_ms
        was, self.health_overdue = self.health_overdue, True
        return [("QUERY",)] if was else [("SHOW",), ("QUERY",)]
