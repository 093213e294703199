"""The controller's end of one speech session: offers, keeps alive, offers again, ends. Pure: no clock, no I/O.

Rules, of which the table below is the short form:
- One object is one session (`sid`). IDLE: not begun, or over for good; a later session is a new object with a higher turn.
- OFFERING: the offer goes out again after 1, 2, 4, 4 ... s until the flat has answered, declined or ended it. Each word of the
  flat (it announces, it rings) gives it another 20 s; 20 s without one, or 120 s in all, and it is given up: ENDING, for the flat
  may have connected and its answer been lost.
- CONNECTED: alive every 30 s; 130 s without a word of the flat is a dead session: ENDING.
- RECONNECTING: a re-offer (turn + 1) is out, because the flat asked for one, or our own media moved. The old media runs on until
  the answer names the new. While it is held the re-offer says `inactive`, or it would end the hold.
- ENDING: clear_down after 0, 1, 2, 4, 4 ... s until the flat says `ended`, at most 20 s; the flat's own dead timer does the rest.
- `stale_turn`: somebody else has spoken with the flat since. Who is entitled takes it over with the flat's current turn + 1, at
  most five times; else it is over. During a re-offer there is no such answer: a session that was taken over is `ended`.
- `ended` is final in every state. Whatever else the flat says of a session that is over here is answered with clear_down.
- What the flat says of another session is ignored and counted; so is what does not fit the state.

Source: docs/protocol.md, "speech", `offer`, `control`, `alive`.
"""

IDLE = "IDLE"
OFFERING = "OFFERING"
CONNECTED = "CONNECTED"
RECONNECTING = "RECONNECTING"
ENDING = "ENDING"

TALK_WANTED = "TALK_WANTED"
COMMAND_GIVEN = "COMMAND_GIVEN"
MEDIA_MOVED = "MEDIA_MOVED"
END_WANTED = "END_WANTED"
UNIT_RESTARTED = "UNIT_RESTARTED"
PROGRESS_ARRIVED = "PROGRESS_ARRIVED"
ANSWER_ARRIVED = "ANSWER_ARRIVED"
DECLINED_ARRIVED = "DECLINED_ARRIVED"
REOFFER_ARRIVED = "REOFFER_ARRIVED"
ENDED_ARRIVED = "ENDED_ARRIVED"
ALIVE_ARRIVED = "ALIVE_ARRIVED"
MEDIA_ARRIVED = "MEDIA_ARRIVED"
TICK = "TICK"

SAID = {  # a `speech` message's `say`: the event; its data are the message's fields
    "progress": PROGRESS_ARRIVED,
    "answer": ANSWER_ARRIVED,
    "declined": DECLINED_ARRIVED,
    "reoffer": REOFFER_ARRIVED,
    "ended": ENDED_ARRIVED,
    "alive": ALIVE_ARRIVED,
    "media": MEDIA_ARRIVED,
}
_FROM_FLAT = frozenset(SAID.values())
EVENTS = _FROM_FLAT | {TALK_WANTED, COMMAND_GIVEN, MEDIA_MOVED, END_WANTED, UNIT_RESTARTED, TICK}

RETRIES_MS = (1000, 2000, 4000)  # the last for ever
PATIENCE_MS = 20000  # without a word of the flat
LONGEST_RING_MS = 120000  # more than announcement and ring of any flat
ALIVE_MS = 30000
DEAD_MS = 130000
_TURN_MAX = 2**31 - 1
_TAKEOVERS = 5  # two desks that take a flat from each other must come to an end
_MODES = ("auto", "talk", "listen", "duplex")

_TABLE = {
    IDLE: {TALK_WANTED: "_begin", PROGRESS_ARRIVED: "_is_over", ANSWER_ARRIVED: "_is_over", REOFFER_ARRIVED: "_is_over",
           ALIVE_ARRIVED: "_is_over", MEDIA_ARRIVED: "_is_over"},
    OFFERING: {PROGRESS_ARRIVED: "_progress", ANSWER_ARRIVED: "_answer", DECLINED_ARRIVED: "_declined",
               REOFFER_ARRIVED: "_asked_again", ENDED_ARRIVED: "_ended", COMMAND_GIVEN: "_command", MEDIA_MOVED: "_moved",
               END_WANTED: "_end", UNIT_RESTARTED: "_restarted", TICK: "_tick_offer"},
    CONNECTED: {REOFFER_ARRIVED: "_asked_again", ENDED_ARRIVED: "_ended", ALIVE_ARRIVED: "_alive", MEDIA_ARRIVED: "_media_told",
                ANSWER_ARRIVED: "_nothing", PROGRESS_ARRIVED: "_nothing", COMMAND_GIVEN: "_command", MEDIA_MOVED: "_moved",
                END_WANTED: "_end", UNIT_RESTARTED: "_restarted", TICK: "_tick_connected"},
    RECONNECTING: {PROGRESS_ARRIVED: "_progress", ANSWER_ARRIVED: "_answer", DECLINED_ARRIVED: "_declined",
                   REOFFER_ARRIVED: "_asked_again", ENDED_ARRIVED: "_ended", ALIVE_ARRIVED: "_alive",
                   MEDIA_ARRIVED: "_media_told", COMMAND_GIVEN: "_command", MEDIA_MOVED: "_moved", END_WANTED: "_end",
                   UNIT_RESTARTED: "_restarted", TICK: "_tick_offer"},
    ENDING: {PROGRESS_ARRIVED: "_nothing", ANSWER_ARRIVED: "_nothing", REOFFER_ARRIVED: "_nothing", ALIVE_ARRIVED: "_nothing",
             MEDIA_ARRIVED: "_nothing", DECLINED_ARRIVED: "_nothing", ENDED_ARRIVED: "_ended", UNIT_RESTARTED: "_restarted",
             TICK: "_tick_ending"},
}  # fmt: skip


class Controller:
    """`sid`: 16 hex digits, new for each object; `turn`: above the highest that is known of this unit; `kind`, `call`, `who`: as
    in an offer; `media`: our description; `entitled`: may take the flat over from another session of the same kind.

    Times are ms of any clock that never goes back. Attributes to read: state, sid, turn (keep it: the next session needs a higher
    one), kind, reason (why it is over, "" before), held, mode, remote (the flat's description or None), ignored.
    """

    def __init__(self, sid, turn, kind, call, who, media, entitled=True):
        self.sid, self.turn, self.kind, self.call, self.who = sid, turn, kind, call, who
        self.media = media
        self.entitled = entitled
        self.state = IDLE
        self.reason = ""
        self.held = False
        self.mode = "auto"
        self.remote = None
        self.ignored = 0
        self._takeovers = 0
        self._step = 0
        self._again_ms = None  # next repeat: offer, alive or clear_down
        self._silence_ms = None  # given up then, unless the flat says something
        self._longest_ms = None  # given up then, whatever it says
        self._begun = False

    def handle(self, event, now_ms, *data):
        """Returns the list of actions.

        ("OFFER", fields) ("CONTROL", fields) ("ALIVE", fields): messages to send, their fields without the head.
        ("MEDIA_START", remote): send to and hear the flat there from now on, in place of what ran. ("MEDIA_STOP",).
        ("PROGRESS", "announcing" or "ringing"). ("MEDIA_TOLD", "lost" or "back", silent_ms).
        ("STATE", state, reason): at every change; reason only for ENDING and IDLE: a word of `declined` or `ended`, or
        `no_reply`, `dead`, `reset`.

        `data`: COMMAND_GIVEN (do of `control`), MEDIA_MOVED (our new description), every ..._ARRIVED the fields of the message,
        already checked; others none. Raises ValueError for an unknown event name.
        """
        if event not in EVENTS:
            raise ValueError(f"controller: unknown event {event}")
        method = _TABLE[self.state].get(event)
        if method is None or (event in _FROM_FLAT and data[0]["sid"] != self.sid):
            self.ignored += 1
            return []
        return getattr(self, method)(now_ms, *data)

    def next_due(self):
        """ms of the soonest timer, or None."""
        return min((due for due in (self._again_ms, self._silence_ms, self._longest_ms) if due is not None), default=None)

    # --- the operator

    def _begin(self, now_ms):
        if self._begun:
            self.ignored += 1  # over for good
            return []
        self._begun = True
        self._longest_ms = now_ms + LONGEST_RING_MS
        return self._offer(now_ms, OFFERING)

    def _command(self, now_ms, do):
        if do == "clear_down":
            return self._end(now_ms)
        if self.state == OFFERING:
            self.ignored += 1  # nobody is there yet
            return []
        if do in ("hold", "resume"):
            self.held = do == "hold"
        if do in _MODES:
            self.mode = do
        return [("CONTROL", {"sid": self.sid, "do": do})]

    def _moved(self, now_ms, media):
        self.media = media
        return self._offer_anew(now_ms, self.turn + 1)

    def _end(self, now_ms):
        return self._clear_down(now_ms, "clear_down")

    # --- what the flat says

    def _progress(self, now_ms, said):
        if said["turn"] != self.turn:
            self.ignored += 1
            return []
        self._silence_ms = now_ms + PATIENCE_MS
        return [("PROGRESS", said["state"])]

    def _answer(self, now_ms, said):
        if said["turn"] != self.turn:
            self.ignored += 1
            return []
        self.state, self.remote = CONNECTED, said["media"]
        self._longest_ms = None
        self._again_ms = now_ms + ALIVE_MS
        self._silence_ms = now_ms + DEAD_MS
        return [("MEDIA_START", self.remote), ("STATE", CONNECTED, "")]

    def _declined(self, now_ms, said):
        if said["turn"] != self.turn:
            self.ignored += 1
            return []
        if self.state == RECONNECTING:
            return self._clear_down(now_ms, said["reason"])  # the session there goes on with media that we no longer have
        if said["reason"] == "stale_turn" and self.entitled and self._takeovers < _TAKEOVERS and said["current_turn"] < _TURN_MAX:
            self._takeovers += 1
            self.turn = max(self.turn, said["current_turn"]) + 1
            return self._offer(now_ms, OFFERING)
        return self._over(said["reason"])

    def _asked_again(self, now_ms, said):
        if said["turn"] < self.turn:
            self.ignored += 1  # our re-offer is out already
            return []
        return self._offer_anew(now_ms, said["turn"] + 1)

    def _ended(self, now_ms, said):
        unknown = said["reason"] == "no_such_session" and self.reason
        return self._over(self.reason if unknown else said["reason"])

    def _alive(self, now_ms, said):
        self.mode = said["mode"]
        return self._nothing(now_ms, said)

    def _media_told(self, now_ms, said):
        self._nothing(now_ms, said)
        return [("MEDIA_TOLD", said["state"], said["silent_ms"])]

    def _nothing(self, now_ms, said):
        """A word of the flat: it is there."""
        if self.state == CONNECTED:
            self._silence_ms = now_ms + DEAD_MS
        return []

    def _is_over(self, now_ms, said):
        return [("CONTROL", {"sid": self.sid, "do": "clear_down"})] if self._begun else []

    def _restarted(self, now_ms):
        return self._over("reset")

    # --- time

    def _tick_offer(self, now_ms):
        if now_ms >= self._silence_ms or (self._longest_ms is not None and now_ms >= self._longest_ms):
            return self._clear_down(now_ms, "no_reply")
        return self._send_offer(now_ms) if now_ms >= self._again_ms else []

    def _tick_connected(self, now_ms):
        if now_ms >= self._silence_ms:
            return self._clear_down(now_ms, "dead")
        if now_ms < self._again_ms:
            return []
        self._again_ms = now_ms + ALIVE_MS
        return [("ALIVE", {"sid": self.sid})]

    def _tick_ending(self, now_ms):
        if now_ms >= self._silence_ms:
            return self._over(self.reason)
        return self._send_clear_down(now_ms) if now_ms >= self._again_ms else []

    # --- what it does

    def _offer_anew(self, now_ms, turn):
        if turn > _TURN_MAX:
            return self._clear_down(now_ms, "stale_turn")  # the count has come to its end: a new session begins a new one
        self.turn = turn
        return self._offer(now_ms, OFFERING if self.state == OFFERING else RECONNECTING)

    def _offer(self, now_ms, state):
        told = [] if self.state == state else [("STATE", state, "")]
        self.state = state
        self._step = 0
        self._silence_ms = now_ms + PATIENCE_MS
        return self._send_offer(now_ms) + told

    def _send_offer(self, now_ms):
        self._wait_longer(now_ms)
        media = {**self.media, "direction": "inactive"} if self.held else self.media
        fields = {"sid": self.sid, "turn": self.turn, "kind": self.kind, "call": self.call, "who": self.who, "media": media}
        return [("OFFER", fields)]

    def _clear_down(self, now_ms, reason):
        stop = [("MEDIA_STOP",)] if self.remote is not None else []
        self.state, self.reason, self.remote = ENDING, reason, None
        self._step = 0
        self._silence_ms = now_ms + PATIENCE_MS
        self._longest_ms = None
        return stop + self._send_clear_down(now_ms) + [("STATE", ENDING, reason)]

    def _send_clear_down(self, now_ms):
        self._wait_longer(now_ms)
        return [("CONTROL", {"sid": self.sid, "do": "clear_down"})]

    def _wait_longer(self, now_ms):
        self._again_ms = now_ms + RETRIES_MS[min(self._step, len(RETRIES_MS) - 1)]
        self._step += 1

    def _over(self, reason):
        stop = [("MEDIA_STOP",)] if self.remote is not None else []
        self.state, self.reason, self.remote = IDLE, reason, None
        self._again_ms = self._silence_ms = self._longest_ms = None
        return stop + [("STATE", IDLE, reason)]
