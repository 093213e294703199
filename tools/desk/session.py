"""Which of a unit's messages are new: sessions, boots, epochs and sequence numbers. Pure.

Rules, from docs/protocol.md:
- a session is current, past, or unheard of. An unheard-of one becomes current, unless its boot is older than the
  current one of the same epoch or its epoch is one that was left behind: then it is old.
- within the current session each `seq` is new once; numbers more than 1,024 behind count as seen.
- old messages and repeats change nothing, except that a sealed alarm and a sealed `cleared` are true at any time:
  the caller decides that.
"""

NEW_SESSION, NEW, REPEATED, OLD = "new_session", "new", "repeated", "old"
_WINDOW = 1024  # numbers; a unit may hold routine messages back through a long outage while alarms go on counting
_SESSIONS_KEPT = 64  # a replay of a session older than that still falls to its boot number
_EPOCHS_KEPT = 16  # a unit's journal is made anew a few times in its life


class Sessions:
    """One unit's sessions. `saved`: what `save()` gave, or None."""

    def __init__(self, saved=None):
        saved = saved or {}
        self.session = saved.get("session")
        self.epoch = saved.get("epoch")
        self.boot = saved.get("boot", -1)
        self._newest = saved.get("newest", 0)
        self._seen = int(saved.get("seen", "0"), 16)
        self._past_sessions = saved.get("past_sessions", [])
        self._past_epochs = saved.get("past_epochs", [])

    def save(self):
        """A JSON-able dict."""
        return {
            "session": self.session,
            "epoch": self.epoch,
            "boot": self.boot,
            "newest": self._newest,
            "seen": "%x" % self._seen,
            "past_sessions": self._past_sessions,
            "past_epochs": self._past_epochs,
        }

    def judge(self, message):
        """NEW_SESSION, NEW, REPEATED or OLD; takes the number."""
        if message["session"] != self.session:
            if self._is_old(message):
                return OLD
            self._begin(message)
            self._take(message["seq"])
            return NEW_SESSION
        if (message["epoch"], message["boot"]) != (self.epoch, self.boot):
            return OLD
        return NEW if self._take(message["seq"]) else REPEATED

    def _is_old(self, message):
        if message["session"] in self._past_sessions or message["epoch"] in self._past_epochs:
            return True
        return message["epoch"] == self.epoch and message["boot"] < self.boot

    def _begin(self, message):
        if self.session is not None:
            self._past_sessions = (self._past_sessions + [self.session])[-_SESSIONS_KEPT:]
        if self.epoch is not None and message["epoch"] != self.epoch:
            self._past_epochs = (self._past_epochs + [self.epoch])[-_EPOCHS_KEPT:]
        self.session, self.epoch, self.boot = message["session"], message["epoch"], message["boot"]
        self._newest = self._seen = 0

    def _take(self, number):
        ahead = number - self._newest
        if ahead > 0:
            self._seen = 1 if ahead >= _WINDOW else (self._seen << ahead | 1) & (1 << _WINDOW) - 1
            self._newest = number
            return True
        if -ahead >= _WINDOW or self._seen >> -ahead & 1:
            return False
        self._seen |= 1 << -ahead
        return True
