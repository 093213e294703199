"""What the desk knows of each unit: its configuration, sessions, watch, faults, health, and what was refused from it."""

from . import watch
from .session import NEW_SESSION, Sessions
from .supply import Supply

_REFUSED_TOPICS_MAX = 64  # unknown topics listed; a hostile broker can make up any number


class UnitRecord:
    """One unit of the configuration. `via`: name of the broker through which it was last heard, or ""."""

    def __init__(self, unit, saved_sessions, now_ms, timers):
        self.unit, self.address = unit, unit.address
        self.sessions = Sessions(saved_sessions)
        silent_ms, period_ms, battery_ms = (
            round(timers[name] * 1000) for name in ("unit_silent_s", "health_period_s", "battery_silent_s")
        )
        self.watch = watch.UnitWatch(now_ms, silent_ms, period_ms, battery_ms)
        self.supply = Supply()
        self.via, self.heard_at_ms = "", None
        self.health, self.firmware = None, ""
        self.faults = set()
        self.refused = {}  # by the desk: reason -> count since the desk started
        self.refused_by_unit = {}  # the unit's own counts, as last reported
        self._conn, self._willed = 0, False

    def remember(self, mains, now_ms):
        """`mains`: list of the newest stored fact `mains`, or an empty one: what the unit ran on when it was last heard of."""
        self.supply = Supply(mains[0][3] if mains else None)
        self.watch.supplied(self.supply.on_battery, now_ms)

    def judge(self, message):
        """The verdict of `Sessions.judge`. A `state` is judged by its `conn` afterwards, so its number never makes it old."""
        verdict = self.sessions.judge(message)
        if verdict == NEW_SESSION:
            self._conn, self._willed = 0, False
            self.faults, self.refused_by_unit = set(), {}
        return verdict

    def state_event(self, message):
        """watch.HEARD, watch.WILLED, or None for a state of a connection that was replaced."""
        conn = message["conn"]
        if message["online"]:
            if conn < self._conn or (conn == self._conn and self._willed):
                return None
            self._conn, self._willed = conn, False
            return watch.HEARD
        if conn < self._conn:
            return None
        self._conn, self._willed = conn, True
        return watch.WILLED

    def count_refused(self, reason):
        self.refused[reason] = self.refused.get(reason, 0) + 1
        return self.refused[reason]

    def view(self):
        unit = self.unit
        return {
            "scheme": unit.scheme, "flat": unit.flat, "unit": unit.unit, "label": unit.label, "locations": unit.locations,
            "status": self.watch.state, "reason": self.watch.reason, "health_overdue": self.watch.health_overdue,
            "heard_at": seconds(self.heard_at_ms), "broker": self.via, "firmware": self.firmware,
            "session": self.sessions.session, "epoch": self.sessions.epoch, "boot": self.sessions.boot,
            "conn": self._conn, "faults": sorted(self.faults), "health": self.health, "refused": dict(self.refused),
            "refused_by_unit": dict(self.refused_by_unit), **self.supply.view(),
        }  # fmt: skip


class Strangers:
    """Messages on topics that belong to no configured unit: counted by topic, the first 64 topics by name."""

    def __init__(self):
        self.counts = {}

    def count(self, topic):
        topic = topic[:128]
        if topic not in self.counts and len(self.counts) >= _REFUSED_TOPICS_MAX:
            topic = "others"
        self.counts[topic] = self.counts.get(topic, 0) + 1
        return topic, self.counts[topic]


def seconds(at_ms):
    """Wall clock in s with ms as the fraction, None for None."""
    return None if at_ms is None else at_ms / 1000
