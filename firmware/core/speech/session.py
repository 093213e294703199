"""One speech session between the flat and a controller, from the offer to the closing tone. Pure.

Rules, of which the table below is the short form:
- IDLE: nobody speaks. An alarm's offer (open call, answered by the service) goes to STARTING at once; an intercom, welfare or
  door call is announced first: ANNOUNCING.
- ANNOUNCING: tone and words, to their end: 3 to 10 s. Then the flat's policy: by itself to STARTING, or RINGING, or declined with
  evidence.
- RINGING: a ring every 5 s until somebody presses (STARTING) or 45 s have passed (declined with evidence).
- STARTING: the media is being opened; the shell answers in the same turn. CONNECTED: both can speak, or are on hold.
- OFFERING: no media for 15 s, a new port and key were offered; the controller answers with an offer of a higher turn.
- ENDING: the closing tone sounds. An offer is judged as in IDLE.
- Who may speak: alarm > intercom and welfare > door. Lower is `busy`, higher displaces, among equals the higher turn takes over.
  Nothing that cannot be accepted displaces anything.
- The tenant's own call goes before all: during an intercom or welfare call the session becomes the speech of that call, also if
  it was still ringing (who calls for help gets the person who is there); a door's session ends (P4).
- Ending or losing speech never clears a call (P6). Speech of an alarm that is lost or dead raises the call again: SPEECH_LOST.
- The microphone is opened and closed in core/speech/microphone.py alone (P3), after every event.
- Every state has a due-field that leads out of it (P8): announcement, ring, start, length, dead, loss, closing.

Source: DESIGN promises P3, P4, P6, P8 and its timers; docs/protocol.md, "speech".
"""

from micropython import const

from firmware.core import clock
from firmware.core.speech import length, loss, microphone, policy
from firmware.core.speech.running import ANNOUNCING, CONNECTED, ENDING, IDLE, OFFERING, RINGING, SPEAKING, STARTING, WITH_MEDIA
from firmware.core.speech.signalling import Signalling

OFFER_ARRIVED = "OFFER_ARRIVED"
CONTROL_ARRIVED = "CONTROL_ARRIVED"
DIGIT_PRESSED = "DIGIT_PRESSED"
ALIVE_ARRIVED = "ALIVE_ARRIVED"
MEDIA_STARTED = "MEDIA_STARTED"
MEDIA_FAILED = "MEDIA_FAILED"
MEDIA_HEARD = "MEDIA_HEARD"
VOICE_HEARD = "VOICE_HEARD"
ANNOUNCED = "ANNOUNCED"
ANSWER_PRESSED = "ANSWER_PRESSED"
PRIVACY_CHANGED = "PRIVACY_CHANGED"
ACTIVATED = "ACTIVATED"
CALL_CHANGED = "CALL_CHANGED"
SHOWN_CHANGED = "SHOWN_CHANGED"
SELF_TEST_BEGAN = "SELF_TEST_BEGAN"
SELF_TEST_ENDED = "SELF_TEST_ENDED"
TICK = "TICK"
EVENTS = (OFFER_ARRIVED, CONTROL_ARRIVED, DIGIT_PRESSED, ALIVE_ARRIVED, MEDIA_STARTED, MEDIA_FAILED, MEDIA_HEARD, VOICE_HEARD,
          ANNOUNCED, ANSWER_PRESSED, PRIVACY_CHANGED, ACTIVATED, CALL_CHANGED, SHOWN_CHANGED, SELF_TEST_BEGAN,
          SELF_TEST_ENDED, TICK)

_RING_MS = const(5000)  # between two rings: a pause long enough to hear who is at the door
_TEST_MS = const(15000)  # a self-test takes 3 s; one that is lost must not leave the microphone open (P8)
_START_MS = const(2000)  # the shell opens media in the same turn; one that lost it must not hold the session up
_TWICE_MS = const(2000)  # an unsure hand presses twice, and an automatic answer may forestall a press: no hanging up so early
_AGAIN_MS = const(5000)  # a lost message must not cost the speech: the same re-offer again

_TABLE = {
    IDLE: {OFFER_ARRIVED: "_offer", CONTROL_ARRIVED: "_control", ALIVE_ARRIVED: "_alive", PRIVACY_CHANGED: "_privacy",
           SHOWN_CHANGED: "_shown_changed", ANSWER_PRESSED: "_nothing", ACTIVATED: "_end_test", CALL_CHANGED: "_nothing",
           SELF_TEST_BEGAN: "_begin_test", SELF_TEST_ENDED: "_end_test", TICK: "_tick_idle"},
    ANNOUNCING: {OFFER_ARRIVED: "_offer", CONTROL_ARRIVED: "_control", ALIVE_ARRIVED: "_alive", PRIVACY_CHANGED: "_privacy",
                 SHOWN_CHANGED: "_shown_changed", ANSWER_PRESSED: "_answer", ACTIVATED: "_activated", CALL_CHANGED: "_nothing",
                 ANNOUNCED: "_announced", TICK: "_tick_announcing"},
    RINGING: {OFFER_ARRIVED: "_offer", CONTROL_ARRIVED: "_control", ALIVE_ARRIVED: "_alive", PRIVACY_CHANGED: "_privacy",
              SHOWN_CHANGED: "_shown_changed", ANSWER_PRESSED: "_answer", ACTIVATED: "_activated", CALL_CHANGED: "_nothing",
              ANNOUNCED: "_note_announced", TICK: "_tick_ringing"},
    STARTING: {CONTROL_ARRIVED: "_control", ALIVE_ARRIVED: "_alive", PRIVACY_CHANGED: "_privacy", SHOWN_CHANGED: "_shown_changed",
               ACTIVATED: "_activated", CALL_CHANGED: "_call_changed", MEDIA_STARTED: "_connect", MEDIA_FAILED: "_no_media",
               TICK: "_tick_starting"},
    CONNECTED: {OFFER_ARRIVED: "_offer", CONTROL_ARRIVED: "_control", ALIVE_ARRIVED: "_alive", PRIVACY_CHANGED: "_privacy",
                SHOWN_CHANGED: "_shown_changed", ANSWER_PRESSED: "_hang_up", ACTIVATED: "_activated",
                CALL_CHANGED: "_call_changed", DIGIT_PRESSED: "_digit", MEDIA_STARTED: "_restarted", MEDIA_FAILED: "_media_gone",
                MEDIA_HEARD: "_media_heard", VOICE_HEARD: "_voice", TICK: "_tick_speaking"},
    OFFERING: {OFFER_ARRIVED: "_offer", CONTROL_ARRIVED: "_control", ALIVE_ARRIVED: "_alive", PRIVACY_CHANGED: "_privacy",
               SHOWN_CHANGED: "_shown_changed", ANSWER_PRESSED: "_hang_up", ACTIVATED: "_activated",
               CALL_CHANGED: "_call_changed", DIGIT_PRESSED: "_digit", MEDIA_STARTED: "_reoffer", MEDIA_FAILED: "_media_gone",
               MEDIA_HEARD: "_media_heard", VOICE_HEARD: "_voice", TICK: "_tick_speaking"},
    ENDING: {OFFER_ARRIVED: "_offer", CONTROL_ARRIVED: "_control", ALIVE_ARRIVED: "_alive", PRIVACY_CHANGED: "_privacy",
             SHOWN_CHANGED: "_shown_changed", ANSWER_PRESSED: "_nothing", ACTIVATED: "_nothing", CALL_CHANGED: "_nothing",
             TICK: "_tick_ending"},
}


class Session(Signalling):
    """`timers`: core.timers.Timers; `policy`: core.speech.policy.Policy.

    Attributes to read: state, sid, turn, kind, call, who ("" and 0 without a session), mode (of controls.MODES), held, ignored
    (events that were not expected), evidence, microphone. The shell carries out the actions in their order and brings events that
    they cause afterwards, never in the middle; START_MEDIA, always the last of its list, is answered by MEDIA_STARTED or
    MEDIA_FAILED, and in a session replaces the media that runs while the microphone stays as it is.
    """

    def __init__(self, timers, rules):
        super().__init__(timers, rules)
        self.microphone = microphone.Microphone()
        self._shown = True
        self._showing = None
        self._test_sid = ""  # of the self-test that runs

    def handle(self, event, now_ms, *data):
        """Returns the list of actions. `data` by event:

        OFFER_ARRIVED (offer, call_state: core.call's word for its call, None if it is not open), CONTROL_ARRIVED (sid, do),
        ALIVE_ARRIVED (sid), DIGIT_PRESSED (char), MEDIA_STARTED (our description), PRIVACY_CHANGED (on), ACTIVATED (call id),
        CALL_CHANGED (call id, its state; None: cleared), SHOWN_CHANGED (shown: tone or light can be noticed), SELF_TEST_BEGAN
        (an id for its record, no call being open), others none.
        MEDIA_HEARD at most twice a second; VOICE_HEARD when both ends have been heard in this session, and since FORGET_VOICES.
        Raises ValueError for an unknown event name.
        """
        if event not in EVENTS:
            raise ValueError("session: unknown event " + event)
        if event == ANSWER_PRESSED:  # of the others the shell knows whether it was a hand
            self.evidence.activity(now_ms)
        method = _TABLE[self.state].get(event)
        if method is None:
            self.ignored += 1
            return []
        return self._settled(getattr(self, method)(now_ms, *data))

    def _settled(self, actions):
        """Lets the rule of the microphone have the last word, and shows what is so: before it opens, after it closes."""
        why = self._why()
        if self._test_sid and why is None:
            self._stop_test()  # what ends a test ends it for good
            why = self._why()
        sid, kind, who = (self._test_sid, "test", "unit") if self._test_sid else (self.sid, self.kind, self.who)
        closing = self.microphone.close(why, sid)
        opens = why is not None and not self.microphone.is_open
        showing = "TEST" if self._test_sid else self._to_show()
        if opens or showing != self._showing:
            self._showing = showing
            actions = actions + [("SHOW", showing)]
        if why is not None:
            actions = actions + self.microphone.open(why, sid, kind, self.call, who)
        return closing + actions if closing else actions

    def _why(self):
        return microphone.may_open(self.state, self.held, self._shown, self.kind, self._call_open, self._pressed,
                                   self.policy.automatic(self.kind), self._test_sid != "", self.policy.privacy)

    def _to_show(self):
        if self.state in (ANNOUNCING, RINGING):
            return "ANNOUNCING"
        if self.state in SPEAKING:
            return "ON_HOLD" if self.held else "SPEAKING"
        return self._showing if self.state == STARTING else None

    # --- announcement and ring

    def _announced(self, now_ms):
        self.evidence.announced = True
        early = self._again_ms is not None and not clock.reached(now_ms, self._again_ms)
        return [] if early else self._announcement_over(now_ms)

    def _note_announced(self, now_ms):
        self.evidence.announced = True
        return []

    def _announcement_over(self, now_ms):
        how = self.policy.answer(self.kind)
        if how == policy.AUTO:
            return self._start(now_ms)
        if how == policy.NOBODY:
            return self._unanswered(now_ms)
        self.state = RINGING
        self._wait_ms = clock.add(now_ms, self._timers.answer_wait_ms)
        return [self._progress()] + self._ring(now_ms)

    def _ring(self, now_ms):
        self.evidence.rang()
        self._again_ms = clock.add(now_ms, _RING_MS)
        return [("SOUND", "RING")]

    def _unanswered(self, now_ms):
        told = {"sid": self.sid, "kind": self.kind, "who": self.who,
                "evidence": self.evidence.fields(now_ms, self.policy.privacy)}
        return self._decline(self.policy.why_nobody()) + [("EVENT", "no_answer", told)]

    def _answer(self, now_ms):
        self._pressed = True
        return self._start(now_ms)

    # --- media

    def _start(self, now_ms):
        self.state = STARTING
        self._wait_ms = clock.add(now_ms, _START_MS)
        self._again_ms = None
        return [("START_MEDIA", self._media)]

    def _connect(self, now_ms, local):
        self.state = CONNECTED
        self._connected_ms = now_ms
        self._wait_ms = None
        self._length.start(now_ms, self._longest_ms())
        return [self._speech("started", "")] + self._restart(now_ms, local)

    def _open_again(self, now_ms):
        self._start_ms = clock.add(now_ms, _START_MS)
        return [("START_MEDIA", self._media)]

    def _restarted(self, now_ms, local):
        if self._start_ms is None:
            self.ignored += 1
            return []
        return self._restart(now_ms, local)

    def _restart(self, now_ms, local):
        """The answer. A silence that has begun goes on until something is heard; on hold none counts."""
        self._start_ms = None
        self._local = local
        self.held = self._media["direction"] == "inactive"
        if self.held:
            self._loss.stop()
        elif self._loss.end_due() is None:
            self._loss.start(now_ms)
        return [self._last_word(), ("MODE", self.mode), ("HOLD", self.held)]

    def _reoffer(self, now_ms, local):
        if self._start_ms is None:
            self.ignored += 1
            return []
        self._start_ms = None
        self._local = local
        self._again_ms = clock.add(now_ms, _AGAIN_MS)
        return [self._last_word(), ("MODE", self.mode), ("HOLD", self.held)]

    def _no_media(self, now_ms):
        return [("STOP_MEDIA",)] + self._decline("media")  # what was begun of it

    def _media_gone(self, now_ms):
        return self._end(now_ms, "media_lost")

    def _media_heard(self, now_ms):
        """Also a sign of life of the controller: the broker may be away for as long as people speak, and cut nobody off."""
        self._renew(now_ms)
        silent_ms = self._loss.heard(now_ms)
        return [] if silent_ms is None else [self._media_said("back", silent_ms)]

    def _voice(self, now_ms):
        self.evidence.path_proven(now_ms)
        told = [self._speech("heard", "")]
        return [("SPEECH_HAPPENED", self.call)] + told if self.kind == "alarm" else told

    # --- what happens in the flat

    def _hang_up(self, now_ms):
        if self.kind == "alarm" or clock.diff(now_ms, self._connected_ms) < _TWICE_MS:
            return []
        return self._end(now_ms, "flat")

    def _privacy(self, now_ms, on):
        changed = on != self.policy.privacy
        self.policy.privacy = on
        if changed and on and self.state in WITH_MEDIA and self.kind != "alarm":
            return self._end(now_ms, "flat")
        return []

    def _activated(self, now_ms, call):
        if self.kind == "alarm":
            return []
        if self.kind == "door":
            return self._end(now_ms, "priority")
        self.kind, self.call = "alarm", call
        self._call_open, self._call_answered = True, False
        if self.speaking():
            self._length.start(now_ms, self._longest_ms())
            return [("FORGET_VOICES",), self._speech("started", "")]  # what was said before is no speech of this call (P6)
        return [] if self.state == STARTING else self._start(now_ms)

    def _call_changed(self, now_ms, call, state):
        if self.kind != "alarm" or call != self.call:
            return []
        if state == "ANSWERED":
            self._call_answered = True
            return []
        self._call_open = state is not None
        return self._end(now_ms, "call_over") if state is None or self._call_answered else []

    def _shown_changed(self, now_ms, shown):
        self._shown = shown
        return []

    def _begin_test(self, now_ms, test_sid):
        self._test_sid = test_sid
        self._wait_ms = clock.add(now_ms, _TEST_MS)
        return []

    def _end_test(self, now_ms, *data):
        if self._test_sid:
            self._stop_test()
        return []

    def _stop_test(self):
        self._test_sid = ""
        if self.state == IDLE:
            self._wait_ms = None

    def _nothing(self, now_ms, *data):
        return []

    # --- time

    def _tick_idle(self, now_ms):
        return self._end_test(now_ms) if clock.reached(now_ms, self._wait_ms) else []

    def _tick_announcing(self, now_ms):
        if clock.reached(now_ms, self._dead_ms):
            return self._end(now_ms, "dead")
        if clock.reached(now_ms, self._again_ms):
            self._again_ms = None
            if self.evidence.announced:
                return self._announcement_over(now_ms)
        return self._announcement_over(now_ms) if clock.reached(now_ms, self._wait_ms) else []

    def _tick_ringing(self, now_ms):
        if clock.reached(now_ms, self._dead_ms):
            return self._end(now_ms, "dead")
        if clock.reached(now_ms, self._wait_ms):
            return self._unanswered(now_ms)
        return self._ring(now_ms) if clock.reached(now_ms, self._again_ms) else []

    def _tick_starting(self, now_ms):
        if clock.reached(now_ms, self._dead_ms):
            return self._end(now_ms, "dead")
        return [("STOP_MEDIA",)] + self._decline("media") if clock.reached(now_ms, self._wait_ms) else []

    def _tick_ending(self, now_ms):
        if clock.reached(now_ms, self._wait_ms):
            self._become(IDLE, None)
        return []

    def _tick_speaking(self, now_ms):
        if clock.reached(now_ms, self._dead_ms):
            return self._end(now_ms, "dead")
        for due_ms in (self._wait_ms, self._start_ms, self._loss.end_due()):
            if clock.reached(now_ms, due_ms):
                return self._end(now_ms, "media_lost")
        due = self._length.take(now_ms)
        if due == length.END:
            return self._end(now_ms, "max_length")
        actions = [("SOUND", "ENDING_SOON")] if due else []
        if clock.reached(now_ms, self._again_ms):
            self._again_ms = clock.add(now_ms, _AGAIN_MS)
            actions.append(self._last_word())
        return actions + self._silence(now_ms)

    def _silence(self, now_ms):
        actions = []
        step = self._loss.take(now_ms)
        while step is not None:
            if step == loss.REPORT:
                actions.append(self._media_said("lost", self._loss.silent_ms(now_ms)))
            elif step == loss.TONE:
                actions += [self._speech("quiet", ""), ("SOUND", "LOST")]
            elif step == loss.REOFFER and self.state == CONNECTED and self._start_ms is None:
                self.state = OFFERING
                self._wait_ms = self._loss.end_due()
                return actions + self._open_again(now_ms)
            step = self._loss.take(now_ms)
        return actions
