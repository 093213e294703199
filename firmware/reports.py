"""What the unit tells the service beside its calls: faults, results of commands, refusals, health. Returns at once, always.

Routine reports wait in the link's bounded queue behind every alarm and are dropped before one (P1). Source: docs/protocol.md, P5.
"""

from micropython import const

from firmware.core import clock

_REFUSED_EVERY_MS = const(60000)  # a flood of hostile messages must not become a flood of reports
_HEALTH_BYTES = const(2048)  # docs/protocol.md; a longer one no link would take
_SPARED = ("proven", "resets", "counters")  # what is left out first of a report that is too long
_HEALTH_SPACE_MS = const(5000)  # "on change", but a chattering fault makes one report in 5 s


class Reports:
    """`link`: send(key, topic, payload, urgent); `readings()`: dict of the health fields that only the shell knows;
    `set_clock(unix_s)`; `on_fault(name, is_open, any_open)`: told of each change."""

    def __init__(self, uplink, downlink, link, faults, readings, set_clock, on_fault, health_every_ms, now):
        self._uplink = uplink
        self._downlink = downlink
        self._link = link
        self._faults = faults
        self._readings = readings
        self._set_clock = set_clock
        self._on_fault = on_fault
        self._health_every_ms = health_every_ms
        self._now = now
        self._health_due = now()
        self.stretch = 1  # times the interval of routine reports
        self._refused_due = None
        self._refused_free_ms = None  # no report of refusals before this tick; None: at once
        self._serial = 0

    def started(self, cause, firmware, open_call, clean=True, mode="full"):
        """The unit has started. `cause`: reset cause by name; `open_call`: call id or None; `clean`: the last state had been
        saved before the power went, or none was lost; `mode`: "full" or "reduced"."""
        self._event("started", "started", {"cause": cause, "firmware": firmware, "open_call": open_call, "clean": clean,
                                           "mode": mode})

    def fault(self, name, source, is_open):
        """A fault of core.faults.NAMES opens or closes; told once per change (P5)."""
        if not (self._faults.open(name, source) if is_open else self._faults.close(name, source)):
            return
        self._tell_fault(name, source, is_open)
        self._health_soon(_HEALTH_SPACE_MS)
        self._on_fault(name, is_open, self._faults.any())

    def again(self):
        """Tells the service once more of every open fault: at the start, and daily (P5)."""
        for name, source in self._faults.opened():
            self._tell_fault(name, source, True)

    def _tell_fault(self, name, source, is_open):
        self._event("fault %s %s" % (name, source), "fault", {"fault": name, "input": source, "open": is_open})

    def command(self, message, reason):
        """What became of a command; `reason` "" for done."""
        self._serial += 1
        self._event("command%d" % self._serial, "command", {
            "ref": message["ctr"], "from": message["from"], "do": message["type"], "ok": reason == "", "reason": reason})

    def note(self, name, fields, key=None):
        """Any other event of docs/protocol.md, once. With a `key` it takes the place of an older one that still waits."""
        self._serial += 1
        self._event(key or "event%d" % self._serial, name, fields)

    def cleared(self, call_id, by, outcome, who):
        self._serial += 1
        self._event("cleared%d" % self._serial, "cleared", {"call": call_id, "by": by, "outcome": outcome, "who": who})
        self._health_soon(_HEALTH_SPACE_MS)

    def refused(self):
        """A message was refused: the counts go out now, or a minute after the last time."""
        if self._refused_due is not None:
            return
        self._refused_due = self._refused_free_ms or self._now()

    def health_wanted(self):
        self._health_due = self._now()

    def link_changed(self, online):
        """After a time without link the service wants to know how we are."""
        if online:
            self._health_soon(_HEALTH_SPACE_MS)

    def clock(self, unix_s):
        """The service's clock from a sealed message; None if it gave none."""
        if type(unix_s) is int:
            self._set_clock(unix_s)

    def tick(self):
        """Sends what is due; the next time is `next_due()`."""
        now_ms = self._now()
        if clock.reached(now_ms, self._refused_due):
            self._refused_due = None
            self._refused_free_ms = clock.add(now_ms, _REFUSED_EVERY_MS)
            self._event("refused", "refused", {"counts": dict(self._downlink.refused)})
        elif clock.reached(now_ms, self._refused_free_ms):
            self._refused_free_ms = None
        if clock.reached(now_ms, self._health_due):
            self._health_due = clock.add(now_ms, self._health_every_ms * self.stretch)
            fields = self._readings()
            fields["faults"] = self._faults.names()
            topic, payload = self._uplink.health(fields)
            for name in _SPARED:
                if len(payload) > _HEALTH_BYTES:
                    fields[name] = {}
                    topic, payload = self._uplink.health(fields)
            self._link.send("health", topic, payload, False)

    def next_due(self):
        return clock.soonest(self._health_due, self._refused_due or self._refused_free_ms)

    def _health_soon(self, within_ms):
        self._health_due = clock.soonest(self._health_due, clock.add(self._now(), within_ms))

    def _event(self, key, name, fields):
        topic, payload = self._uplink.event(name, fields)
        self._link.send(key, topic, payload, False)
