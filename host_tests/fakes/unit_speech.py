"""The fake unit's speech: sessions as docs/protocol.md has them, without sound of its own. And ways to misbehave, by name:

    deaf_to_offers      says nothing to an offer
    loses_answers       is connected, but its first answer to each offer is lost
    unknown_codec       answers with a codec that nobody offered
    wrong_suite         answers with an unknown crypto suite
    wrong_media         answers with a media description that is none
    reset_silently      forgets the session at the first `alive`, and says so

`make_media(offer's media)` gives the flat's description; a test with real sound gives one that opens a port.
"""

import base64
import secrets

FAULTS = ("deaf_to_offers", "loses_answers", "unknown_codec", "wrong_suite", "wrong_media", "reset_silently")
RANK = {"alarm": 2, "intercom": 1, "welfare": 1, "door": 0}
_ANNOUNCE_MS, _RING_MS, _DEAD_MS = 3000, 45_000, 130_000
_MODES = ("talk", "listen", "auto", "duplex")
CONTROLS = (*_MODES, "volume_up", "volume_down", "extend", "hold", "resume", "clear_down")


def made_up_media(offered):
    """A description that nobody listens to."""
    key = base64.b64encode(secrets.token_bytes(30)).decode()
    crypto = {"tag": 1, "suite": "AES_CM_128_HMAC_SHA1_80", "key": key} if offered["crypto"] else None
    return {
        "address": "127.0.0.1", "port": 9, "rtcp": 9, "profile": offered["profile"], "formats": offered["formats"][:1],
        "ptime": 20, "direction": "sendrecv", "crypto": crypto,
    }  # fmt: skip


class FakeSpeech:
    """`unit`: the FakeUnit it belongs to. `answering`: auto, or press (tests call `press`). `spoken`: calls with speech heard."""

    def __init__(self, unit, make_media=made_up_media, answering="auto", privacy=False):
        self.unit, self.make_media, self.answering, self.privacy = unit, make_media, answering, privacy
        self.turn, self.session, self.spoken, self.controls = 0, None, set(), []
        self._lost = set()

    def offer(self, message, now_ms):
        old = self.session
        if "deaf_to_offers" in self.unit.faults:
            return []
        if old and (old.sid, old.turn) == (message["sid"], message["turn"]):
            old.alive_ms = now_ms
            return [self._say(**old.last)] if old.last else []
        reason = self._why_not(message)
        if reason:
            body = {"sid": message["sid"], "turn": message["turn"], "reason": reason}
            return [self._say("declined", **body, current_turn=self.turn)]
        self.turn, out = message["turn"], []
        if old and old.sid == message["sid"]:
            old.turn, old.alive_ms = message["turn"], now_ms
            return self._answer(message["media"])
        if old:
            out = self.end("taken_over" if RANK[old.kind] == RANK[message["kind"]] else "priority")
        self.session = _Session(message, now_ms, self.unit.slower)
        if message["kind"] == "alarm":
            return out + self._connect("alarm")
        return out + self._progress("announcing")

    def control(self, message):
        session = self.session
        if session is None or session.sid != message["sid"]:
            return self.unit._result(message, "no_such_session")
        if session.state != "connected" and message["do"] != "clear_down":
            return self.unit._result(message, "not_connected")
        if session.held and message["do"] not in ("resume", "extend", "clear_down"):
            return self.unit._result(message, "held")
        self.controls.append(message["do"])
        out = self.unit._result(message, "")
        if message["do"] == "clear_down":
            return out + self.end("clear_down")
        if message["do"] in _MODES:
            session.mode = message["do"]
        if message["do"] in ("hold", "resume"):
            session.held = message["do"] == "hold"
            return out + self._microphone(not session.held)
        return out

    def resume_by_digit(self):
        """The operator's `8` in the sound: no message tells of it but that of the microphone."""
        self.session.held = False
        return self._microphone(True)

    def alive(self, message, now_ms):
        session = self.session
        if "reset_silently" in self.unit.faults:
            self.session = session = None
        if session is None or session.sid != message["sid"]:
            return [self._say("ended", sid=message["sid"], turn=0, reason="no_such_session")]
        session.alive_ms = now_ms
        counters = {"sent": 50, "received": 49, "lost": 1, "late": 0, "jitter_ms": 3}
        return [self._say("alive", sid=session.sid, turn=session.turn, mode=session.mode, counters=counters)]

    def tick(self, now_ms):
        session, slower = self.session, self.unit.slower
        if session is None:
            return []
        if now_ms - session.alive_ms >= _DEAD_MS * slower:
            return self.end("dead")
        if session.state == "announcing" and now_ms - session.began_ms >= _ANNOUNCE_MS * slower:
            if self.answering == "auto" and not self.privacy:
                return self._connect(session.kind + "_auto")
            return self._progress("ringing")
        if session.state == "ringing" and now_ms - session.began_ms >= (_ANNOUNCE_MS + _RING_MS) * slower:
            return self._no_answer()
        return []

    def press(self):
        """The flat's own answer button."""
        return self._connect(self.session.kind + "_pressed") if self.session and self.session.state != "connected" else []

    def heard_both(self):
        """Both ends have been heard to speak."""
        session = self.session
        self.spoken.add(session.call)
        return [self._event("heard", "")]

    def media_lost(self, silent_ms):
        return [self._say("media", sid=self.session.sid, turn=self.session.turn, state="lost", silent_ms=silent_ms)]

    def reoffer(self):
        session, media = self.session, self.make_media(self.session.offered)
        return [self._say("reoffer", sid=session.sid, turn=session.turn, media=media)]

    def triggered(self, call_id):
        """The tenant calls: the session becomes the speech of that call; a door's ends."""
        session = self.session
        if session is None:
            return []
        if session.kind == "door":
            return self.end("priority")
        was, session.kind, session.call = session.state, "alarm", call_id
        return self._connect("alarm") if was != "connected" else [self._event("started", "")]

    def end(self, reason):
        """Also for calls of the test: the tenant hangs up (`flat`), the longest time is over (`max_length`)."""
        session = self.session
        if session is None:
            return []
        out = self._microphone(False) if session.state == "connected" and not session.held else []
        out += [self._event("ended", reason), self._say("ended", sid=session.sid, turn=session.turn, reason=reason)]
        self.session = None
        return out

    def _why_not(self, message):
        session, kind = self.session, message["kind"]
        if message["turn"] <= self.turn:
            return "stale_turn"
        if session and session.sid == message["sid"]:
            return ""
        if kind == "alarm":
            call = self.unit.call
            if call is None or call.id != message["call"]:
                return "no_such_call"
            if not call.was_received:
                return "not_received"
            if call.held_until_ms is None:
                return "not_answered"
        return "busy" if session and RANK[session.kind] > RANK[kind] else ""

    def _progress(self, state):
        session = self.session
        session.state = state
        session.last = {"say": "progress", "sid": session.sid, "turn": session.turn, "state": state}
        return [self._say(**session.last)]

    def _connect(self, why):
        session = self.session
        session.state, session.why = "connected", why
        return self._microphone(True) + [self._event("started", "")] + self._answer(session.offered)

    def _answer(self, offered):
        session, faults = self.session, self.unit.faults
        media, session.offered = self.make_media(offered), offered
        if "unknown_codec" in faults:
            media = {**media, "formats": [{"pt": 18, "name": "G729"}]}
        if "wrong_suite" in faults:
            media = {**media, "crypto": {**media["crypto"], "suite": "AES_CM_128_HMAC_SHA1_32"}}
        if "wrong_media" in faults:
            media = {**media, "port": 0, "address": "flat.example"}
        session.last = {"say": "answer", "sid": session.sid, "turn": session.turn, "media": media}
        if "loses_answers" in faults and (session.sid, session.turn) not in self._lost:
            self._lost.add((session.sid, session.turn))
            return []
        return [self._say(**session.last)]

    def _no_answer(self):
        session = self.session
        evidence = {"rings": 9, "prompts": 2, "announced": True, "last_activity_s": 7200, "audio_path_proven_s": None}
        body = {"sid": session.sid, "kind": session.kind, "who": session.who, "evidence": evidence | {"privacy": self.privacy}}
        self.session = None
        said = self._say("declined", sid=session.sid, turn=session.turn, reason="no_answer", current_turn=self.turn)
        return [self.unit._message("event", event="no_answer", **body), said]

    def _microphone(self, is_open):
        session = self.session
        body = {"sid": session.sid, "kind": session.kind, "call": session.call, "who": session.who, "why": session.why}
        return [self.unit._message("event", event="microphone", open=is_open, **body)]

    def _event(self, state, reason):
        session = self.session
        body = {"sid": session.sid, "kind": session.kind, "call": session.call, "who": session.who}
        return self.unit._message("event", event="speech", **body, state=state, reason=reason)

    def _say(self, say, **body):
        return self.unit._message("speech", say=say, **body)


class _Session:
    def __init__(self, offer, now_ms, slower):
        self.sid, self.turn, self.kind, self.call = offer["sid"], offer["turn"], offer["kind"], offer["call"]
        self.who, self.offered = offer["who"], offer["media"]
        self.state, self.mode, self.held, self.why, self.last = "announcing", "auto", False, "", None
        self.began_ms = self.alive_ms = now_ms
