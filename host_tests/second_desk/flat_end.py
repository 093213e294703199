"""The flat's end of speech for the second unit, written from docs/protocol.md alone: sessions one at a time, sound by libsrtp.

The tenant is `unit.speech.presses()`, `hangs_up()` and `privacy`; what he hears and says is `unit.speech.sound`. An announcement
takes 0.3 s, and it rings for 1 s only.
"""

import asyncio

from .sound import Sound

_RANK = {"door": 0, "intercom": 1, "welfare": 1, "alarm": 2}  # Source: docs/protocol.md, `offer`, Priority
_DIGITS = {"1": "talk", "2": "listen", "3": "auto", "4": "duplex", "5": "volume_up", "6": "volume_down",
           "7": "hold", "8": "resume", "9": "extend", "0": "clear_down"}
_ANNOUNCE_S, _RING_S = 0.3, 1.0
_HELD = ("hold", "resume", "extend", "clear_down")  # what may be done while it is held


class FlatEnd:
    """`session`: the offer that is on, or None; `connected`; `mode`, `held`, `volume`: as the operator set them.

    `heard`: the call in which both ends have been heard to speak; `answering` as in the real unit's settings.
    """

    def __init__(self, unit, answering="auto"):
        self._unit, self.answering, self.privacy, self.sound, self.session = unit, answering, False, None, None
        self.connected = self.held = self._open = False
        self.heard, self._why = "", ""
        self.mode, self.volume, self._turn, self._ended, self._answer, self._pressed = "auto", 0, 0, {}, None, asyncio.Event()
        self._rings, self._task, self._state, self._digits = 0, None, "", 0

    def presses(self):
        self._pressed.set()

    def hangs_up(self):
        self.end("flat")

    def on_offer(self, message):
        """Answered again if it was answered; else declined with the first reason that holds, or begun."""
        own = self.session is not None and message["sid"] == self.session["sid"]
        if message["sid"] in self._ended:
            self._say("ended", message, turn=self._ended[message["sid"]][0], reason=self._ended[message["sid"]][1])
        elif own and message["turn"] == self.session["turn"]:
            self._say("answer", self.session, media=self._answer) if self.connected else self._progress(self._state)
        else:
            stale, self._turn = message["turn"] <= self._turn, max(self._turn, message["turn"])
            reason = "stale_turn" if stale else self._why_not(message, own)
            if reason:
                self._say("declined", message, reason=reason, current_turn=self._turn)
            else:
                self._begin(message, own)

    def _why_not(self, message, own):
        call, media = self._unit.call, message["media"]
        if message["kind"] == "alarm":
            if not call or call["call"] != message["call"]:
                return "no_such_call"
            if self._unit.light == "steady":
                return "not_received"
            if not call["answered"]:
                return "not_answered"
        if not own and self.session and _RANK[message["kind"]] < _RANK[self.session["kind"]]:
            return "busy"
        if not any(form["name"] in ("PCMA", "PCMU") for form in media["formats"]):
            return "no_codec"
        return "" if media["crypto"] else "crypto"

    def _begin(self, message, own):
        if self.session and not own:
            self.end("priority" if _RANK[message["kind"]] > _RANK[self.session["kind"]] else "taken_over")
        if own:
            message = {**message, "kind": self.session["kind"], "call": self.session["call"]}
        self._drop()
        self.session, self._rings = message, 0
        self._task = asyncio.create_task(self._connect(own or message["kind"] == "alarm"))

    async def _connect(self, at_once):
        session, by_hand = self.session, False
        if not at_once:
            self._progress("announcing")
            await asyncio.sleep(_ANNOUNCE_S)
            by_hand = self.answering == "press" or self.privacy or session["kind"] == "door"
            if by_hand and not await self._is_answered():
                self._no_answer(session)
                return
        codec = next(form["name"] for form in session["media"]["formats"] if form["name"] in ("PCMA", "PCMU"))
        self.sound = await Sound.opened(codecs=(codec,), tag=session["media"]["crypto"]["tag"])
        self._answer, self.connected = self.sound.media, True
        self.sound.connect(session["media"], first=True)
        if not self._open:
            self._event("speech", state="started", reason="")
        self._say("answer", session, media=self._answer)
        self._why = session["kind"] if session["kind"] == "alarm" else session["kind"] + ("_pressed" if by_hand else "_auto")
        self._microphone(True)
        await self._obey_digits()

    async def _is_answered(self):
        self._pressed.clear()
        self._rings += 1
        self._progress("ringing")
        try:
            await asyncio.wait_for(self._pressed.wait(), _RING_S)
        except asyncio.TimeoutError:
            return False
        return True

    def _no_answer(self, session):
        evidence = {"rings": self._rings, "prompts": 1, "announced": True, "last_activity_s": None, "audio_path_proven_s": None,
                    "privacy": self.privacy}
        if session["kind"] != "door":
            about = {name: session[name] for name in ("sid", "kind", "who")}
            self._unit.say("event", event="no_answer", evidence=evidence, **about)
        self._say("declined", session, reason="no_answer", current_turn=self._turn)
        self.session = None

    async def _obey_digits(self):
        while True:
            await asyncio.sleep(0.02)
            for digit in self.sound.digits[self._digits:]:
                self._digits += 1
                if digit in _DIGITS:
                    self._do(_DIGITS[digit])

    def raised(self, call):
        """The tenant calls: speech that is on becomes the speech of that call, the door's ends."""
        if self.session and self.session["kind"] == "door":
            self.end("priority")
        elif self.session and self.session["kind"] != "alarm":
            self.session = {**self.session, "kind": "alarm", "call": call}
            self._why = "alarm"
            if self.connected:
                self._event("speech", state="started", reason="")
                self._event("microphone", open=True, why="alarm")

    def why_not_control(self, message):
        if not self.session or message["sid"] != self.session["sid"]:
            return "no_such_session"
        if not self.connected and message["do"] != "clear_down":
            return "not_connected"
        if message["do"] not in _DIGITS.values():
            return "field"
        return "held" if self.held and message["do"] not in _HELD else ""

    def on_control(self, message):
        self._do(message["do"])

    def _do(self, do):
        if self.held and do not in _HELD:
            return
        if do == "clear_down":
            self.end("clear_down")
        elif do in ("hold", "resume"):
            self.held = do == "hold"
            self._microphone(not self.held)
        elif do in ("volume_up", "volume_down"):
            self.volume += 1 if do == "volume_up" else -1
        elif do != "extend":
            self.mode = do

    def on_alive(self, message):
        if self.session and message["sid"] == self.session["sid"] and self.connected:
            self._say("alive", self.session, mode=self.mode, counters=self.sound.counts)
        elif not self.session or message["sid"] != self.session["sid"]:
            self.is_over(message)

    def is_over(self, message):
        """An `alive` or a `control` of a session that is not on."""
        turn, reason = self._ended.get(message["sid"], (0, "no_such_session"))
        self._say("ended", message, turn=turn, reason=reason)

    def hear_both(self):
        """Both ends have been heard to speak."""
        self.heard = self.session["call"]
        self._event("speech", state="heard", reason="")

    def asks_again(self):
        """As if no media had come for 15 s."""
        self._say("reoffer", self.session, media=self._answer)

    def end(self, reason):
        if not self.session:
            return
        session = self.session
        self._ended[session["sid"]] = (session["turn"], reason)
        if self.connected:
            if not self.held:
                self._microphone(False)
            self._event("speech", state="ended", reason=reason)
        self._say("ended", session, reason=reason)
        self._drop()
        self.session, self.held, self.mode = None, False, "auto"

    def _drop(self):
        if self._task and self._task is not asyncio.current_task():
            self._task.cancel()
        if self.sound:
            self.sound.close()
        self.sound, self.connected, self._digits = None, False, 0

    def _microphone(self, is_open):
        if is_open != self._open:
            self._open = is_open
            self._event("microphone", open=is_open, why=self._why)

    def _progress(self, state):
        self._state = state
        self._say("progress", self.session, state=state)

    def _say(self, say, about, **fields):
        self._unit.say("speech", say=say, **{"sid": about["sid"], "turn": about.get("turn", 0), **fields})

    def _event(self, event, **fields):
        about = {name: self.session[name] for name in ("sid", "kind", "call", "who")}
        self._unit.say("event", event=event, **about, **fields)
