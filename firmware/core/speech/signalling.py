"""What the controller says to the flat: offers, commands, signs of life. Pure. The rules are in core/speech/session.py."""

from firmware.core import clock
from firmware.core.speech import controls, description, judging, turns
from firmware.core.speech.running import ANNOUNCING, CONNECTED, OFFERING, Running, ended


class Signalling(Running):
    """Every method answers; none raises for what a peer sent, as long as the message's own fields have been checked."""

    def _offer(self, now_ms, offer, call_state):
        sid, turn = offer["sid"], offer["turn"]
        if sid == self.sid:
            return self._offer_again(now_ms, offer)
        fate = self._turns.fate(sid)
        if fate is not None and fate[2] == turns.ENDED:
            return [ended(sid, fate[1], fate[3])]
        if fate is not None and fate[1] == turn:
            return [self._declined(sid, turn, fate[3])]
        if turn <= self._turns.newest:
            return [self._declined(sid, turn, "stale_turn")]
        self._turns.see(turn)
        reason = judging.refusal(offer, call_state, self.kind, self.policy.plain_rtp)
        if reason is not None:
            self._turns.note(sid, turn, turns.DECLINED, reason)
            return [self._declined(sid, turn, reason)]
        gone = []
        if self.sid:
            higher = judging.rank(offer["kind"]) > judging.rank(self.kind)
            gone = self._over("priority" if higher else "taken_over")
        return gone + self._begin(now_ms, offer)

    def _begin(self, now_ms, offer):
        self._become(ANNOUNCING, clock.add(now_ms, self._timers.announce_longest_ms))
        self._again_ms = clock.add(now_ms, self._timers.announce_ms)
        self.sid, self.turn, self.kind, self.who = offer["sid"], offer["turn"], offer["kind"], offer["who"]
        self._media = offer["media"]
        self._renew(now_ms)
        if self.kind == "alarm":
            self.call = offer["call"]
            self._call_open = self._call_answered = True
            return self._start(now_ms)
        self.evidence.begin()
        self.evidence.prompted()
        return [self._progress(), ("ANNOUNCE", self.kind)]

    def _offer_again(self, now_ms, offer):
        """Of the running session: the same once more, or a re-offer; of that only the media counts."""
        turn, media = offer["turn"], offer["media"]
        if turn < self.turn or self._start_ms is not None:
            self.ignored += 1  # an old copy; or the answer is on its way
            return []
        self._renew(now_ms)
        if turn == self.turn:
            return [self._last_word()]
        self._turns.see(turn)
        wrong = description.problem(media, self.policy.plain_rtp)
        if wrong is not None:
            return [self._declined(self.sid, turn, wrong)]
        self.turn, self._media = turn, media
        if not self.speaking():
            return [self._progress()]
        self.state = CONNECTED
        self._wait_ms = self._again_ms = None
        return self._open_again(now_ms)

    def _last_word(self):
        if self.state == CONNECTED:
            return ("SAY", "answer", self._fields("media", self._local))
        if self.state == OFFERING:
            return ("SAY", "reoffer", self._fields("media", self._local))
        return self._progress()

    def _control(self, now_ms, sid, do):
        if sid != self.sid:
            return [("REFUSE", "no_such_session"), self._no_such(sid)]
        reason = controls.refusal(do, self.speaking(), self.held)
        if reason is not None:
            return [("REFUSE", reason)]
        return [("ACCEPT",)] + self._obey(now_ms, do)

    def _digit(self, now_ms, char):
        do = controls.DIGITS.get(char)
        if do is None or controls.refusal(do, True, self.held) is not None:
            self.ignored += 1
            return []
        return self._obey(now_ms, do)

    def _obey(self, now_ms, do):
        self._renew(now_ms)
        if do == "clear_down":
            return self._end(now_ms, "clear_down")
        self._length.extend(now_ms)
        if do in controls.MODES:
            self.mode = do
            return [("MODE", do)]
        if do in controls.VOLUME_STEPS:
            return [("VOLUME", controls.VOLUME_STEPS[do])]
        return [] if do == "extend" else self._hold(now_ms, do == "hold")

    def _hold(self, now_ms, on):
        if on == self.held:
            return []
        self.held = on
        if on:
            self._loss.stop()  # nobody sends now; length and keep-alive go on
        else:
            self._loss.start(now_ms)
        return [("HOLD", on)]

    def _alive(self, now_ms, sid):
        if sid != self.sid:
            return [self._no_such(sid)]
        self._renew(now_ms)
        return [("SAY", "alive", self._fields("mode", self.mode))]

    def _no_such(self, sid):
        fate = self._turns.fate(sid)
        if fate is not None and fate[2] == turns.ENDED:
            return ended(sid, fate[1], fate[3])
        return ended(sid, 0, "no_such_session")
