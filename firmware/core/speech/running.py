"""The session that runs: its data, its timers, its words and its end. Pure. The rules are in core/speech/session.py."""

from firmware.core import clock
from firmware.core.speech import evidence, length, loss, turns

IDLE = "IDLE"
ANNOUNCING = "ANNOUNCING"
RINGING = "RINGING"
STARTING = "STARTING"
CONNECTED = "CONNECTED"
OFFERING = "OFFERING"
ENDING = "ENDING"
SPEAKING = (CONNECTED, OFFERING)
WITH_MEDIA = (STARTING, CONNECTED, OFFERING)


def ended(sid, turn, reason):
    return ("SAY", "ended", {"sid": sid, "turn": turn, "reason": reason})


class Running:
    """`timers`: core.timers.Timers; `rules`: core.speech.policy.Policy. Attributes to read: see Session."""

    def __init__(self, timers, rules):
        self.policy = rules
        self.evidence = evidence.Evidence()
        self.ignored = 0
        self._timers = timers
        self._turns = turns.Turns()
        self._loss = loss.MediaLoss(timers)
        self._length = length.Length(timers)
        self._become(IDLE, None)

    def next_due(self):
        """Tick of the soonest timer, or None in IDLE."""
        due_ms = clock.soonest(self._wait_ms, self._again_ms)
        due_ms = clock.soonest(clock.soonest(due_ms, self._dead_ms), self._start_ms)
        return clock.soonest(clock.soonest(due_ms, self._loss.next_due()), self._length.next_due())

    def speaking(self):
        """True while media runs."""
        return self.state in SPEAKING

    def _become(self, state, wait_ms):
        """No session any more: IDLE, or ENDING until `wait_ms`."""
        self.state = state
        self.sid = self.kind = self.call = self.who = ""
        self.turn = 0
        self.mode = "auto"
        self.held = False
        self._media = None  # the controller's description
        self._local = None  # ours, of the last answer or re-offer
        self._pressed = False
        self._call_open = False
        self._call_answered = False
        self._connected_ms = None
        self._wait_ms = wait_ms  # the state's own end: of the announcement, the ring, the start, the re-offer, the closing tone
        self._again_ms = None  # least of the announcement, next ring, or the same re-offer again
        self._start_ms = None  # media is being opened again
        self._dead_ms = None
        self._loss.stop()
        self._length.stop()

    def _renew(self, now_ms):
        self._dead_ms = clock.add(now_ms, self._timers.session_dead_ms)

    def _longest_ms(self):
        timers = self._timers
        return {"alarm": timers.call_length_ms, "door": timers.door_length_ms}.get(self.kind, timers.welfare_length_ms)

    def _decline(self, reason):
        said = self._declined(self.sid, self.turn, reason)
        self._turns.note(self.sid, self.turn, turns.DECLINED, reason)
        self._become(IDLE, None)
        return [said]

    # --- the end

    def _end(self, now_ms, reason):
        closes = self.state in WITH_MEDIA
        actions = self._over(reason)
        if closes:
            self._become(ENDING, clock.add(now_ms, self._timers.closing_ms))
            return actions + [("SOUND", "ENDED")]
        self._become(IDLE, None)
        return actions

    def _over(self, reason):
        actions = [("SAY", "ended", self._fields("reason", reason))]
        if self.kind == "alarm" and reason in ("dead", "media_lost"):
            actions.append(("SPEECH_LOST", self.call))
        if self.state in WITH_MEDIA:
            actions.append(("STOP_MEDIA",))
        if self.speaking():
            actions.append(self._speech("ended", reason))
        self._turns.note(self.sid, self.turn, turns.ENDED, reason)
        return actions

    # --- words

    def _fields(self, name, value):
        return {"sid": self.sid, "turn": self.turn, name: value}

    def _progress(self):
        return ("SAY", "progress", self._fields("state", "ringing" if self.state == RINGING else "announcing"))

    def _declined(self, sid, turn, reason):
        return ("SAY", "declined", {"sid": sid, "turn": turn, "reason": reason, "current_turn": self._turns.newest})

    def _media_said(self, state, silent_ms):
        fields = self._fields("state", state)
        fields["silent_ms"] = silent_ms
        return ("SAY", "media", fields)

    def _speech(self, state, reason):
        return ("EVENT", "speech", {"sid": self.sid, "kind": self.kind, "call": self.call, "who": self.who, "state": state,
                                    "reason": reason})
