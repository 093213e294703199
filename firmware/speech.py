"""Speech in the flat: brings what happens to the session machine and carries out what it decides, in its order.

One object, no tasks: the shell's heart calls it, everything returns at once. The sound itself is made in talk.py.
Whatever breaks here costs speech, never the call whose actions brought it about (P4): a step that fails is printed, those behind
it are done, and what it has left open is closed at the next tick.
Source: P3, P4, P6; core/speech/session.py.
"""

from micropython import const

from firmware.core import call as one
from firmware.core import clock
from firmware.core.speech import session as s

_POLL_MS = const(200)  # how often a session asks whether media, digits or voices came: a tenth of the first step of a loss
_HEARD_MS = const(500)  # how often it is told that media goes on
_HOLD_ANSWER_MS = const(10000)  # how often the call is told so: far below the 130 s after which an answer is dead
_PROVEN_MS = const(1000)  # an open microphone has given sound by then, or is deaf
_ANNOUNCED_IN = (s.ANNOUNCING, s.RINGING)
_AGE_MS = const(60000)  # how often ages of signs of life are counted on; ticks can tell six days at most
_BREAKS = (OSError, ValueError, MemoryError, RuntimeError)  # a dead port, a wrong value, a full heap, a full queue of interrupts


class Speech:
    """`session`: core.speech.session.Session; `talk`: talk.Talk; `calls`: core.calls.Calls; `link`: send; `signals`; `reports`:
    note, command, fault; `obey(actions)`: carries out actions of a call (unit.Unit); `radio(on)`: awake while people speak;
    `now()`: tick."""

    _OF_TALK = {"MODE": "mode", "VOLUME": "volume", "HOLD": "hold"}
    _OF_SIGNALS = {"ANNOUNCE": "announce", "SOUND": "sound", "SHOW": "speech"}
    _OF_SPEECH = {"SAY": "_say", "EVENT": "_event", "START_MEDIA": "_start_media", "STOP_MEDIA": "_stop_media",
                  "MICROPHONE": "_microphone", "SPEECH_HAPPENED": "_speech_happened", "SPEECH_LOST": "_speech_lost",
                  "SPEECH_GOES_ON": "_speech_goes_on", "FORGET_VOICES": "_forget_voices", "ACCEPT": "_accept",
                  "REFUSE": "_refuse"}

    def __init__(self, session, talk, calls, uplink, link, signals, reports, obey, radio, now):
        self.session = session
        self._talk = talk
        self._calls = calls
        self._uplink = uplink
        self._link = link
        self._signals = signals
        self._reports = reports
        self._obey = obey
        self._radio = radio
        self._now = now
        self._message = None  # the control that is being answered
        self._events = []  # that came while another was being carried out
        self._running = False
        self._call_told = None  # state of the session's call, as the session knows it
        self._shown = None
        self._heard_ms = None
        self._both_heard = False
        self._poll_due = now()
        self._tell_due = now()
        self._hold_due = now()
        self._age_due = clock.add(now(), _AGE_MS)
        self._young = True  # a switch that is on at the start was moved by nobody
        self._listening_ms = None  # tick since which the microphone is open; None: it is closed

    # --- what happens

    def message(self, message):
        """An `offer`, `control` or `alive` that core.downlink has taken."""
        kind = message["type"]
        if kind == "offer":
            self._handle(s.OFFER_ARRIVED, message, self._state_of(message["call"]))
        elif kind == "alive":
            self._handle(s.ALIVE_ARRIVED, message["sid"])
        else:
            self._message = message
            self._handle(s.CONTROL_ARRIVED, message["sid"], message["do"])
            self._message = None

    def activated(self, number):
        """The flat has raised call `number`, or triggered it again."""
        self._handle(s.ACTIVATED, self._uplink.call_id(number))

    def is_on(self):
        """True from the first announcement to the end of a session."""
        return self.session.state != s.IDLE

    def calls_changed(self):
        """Something may have become of the call whose speech this is."""
        call_id = self.session.call
        if not call_id:
            self._call_told = None
            return
        state = self._state_of(call_id)
        if (call_id, state) != self._call_told:
            self._call_told = (call_id, state)
            self._handle(s.CALL_CHANGED, call_id, state)

    def answer_pressed(self):
        self._handle(s.ANSWER_PRESSED)

    def privacy(self, on):
        if not self._young:
            self.used()
        self._handle(s.PRIVACY_CHANGED, on)

    def self_test(self, test_sid):
        """Opens the microphone for the unit's own test, whose id in the record is `test_sid` (16 hex digits), or ends it (None).
        True if it is open now: the rule allows it only without session, call and privacy, with light and tone (P3)."""
        if test_sid is None:
            self._handle(s.SELF_TEST_ENDED)
        else:
            self._handle(s.SELF_TEST_BEGAN, test_sid)
        return self._talk.listening

    def used(self):
        """Somebody in the flat has used an input: a sign of life."""
        self.session.evidence.activity(self._now())

    def tick(self):
        """Does what is due; the next time is `next_due()`. Allocates nothing while nothing is."""
        now_ms = self._now()
        if self._signals.can_show() != self._shown:
            self._shown = self._signals.can_show()
            self._handle(s.SHOWN_CHANGED, self._shown)
        if self.session.state == s.IDLE:
            self._poll_due = self._tell_due = self._hold_due = now_ms  # left alone for six days they would lie in the future
        elif clock.reached(now_ms, self._poll_due):
            self._poll_due = clock.add(now_ms, _POLL_MS)
            self._poll(now_ms)
        if clock.reached(now_ms, self._age_due):
            self._age_due = clock.add(now_ms, _AGE_MS)
            self.session.evidence.advance(now_ms)
            self._young = False
        self._put_right()
        if clock.reached(now_ms, self.session.next_due()):
            self._handle(s.TICK)

    def next_due(self):
        due_ms = self.session.next_due()
        return due_ms if self.session.state == s.IDLE else clock.soonest(due_ms, self._poll_due)

    def _put_right(self):
        """Closes what no session has any more: a step that should have done it has failed."""
        talk = self._talk
        if talk.listening and not self.session.microphone.is_open:
            self._carry_out([("MICROPHONE", False, "")])
            if talk.listening:
                self._reports.fault("microphone", "", True)
        if talk.active and self.session.state not in s.WITH_MEDIA:
            self._carry_out([("STOP_MEDIA",)])

    def _poll(self, now_ms):
        talk = self._talk
        if self._call_told is None:
            self.calls_changed()
        if self.session.state in _ANNOUNCED_IN and not self.session.evidence.announced and not self._announcing():
            self._handle(s.ANNOUNCED)
        if talk.heard_ms != self._heard_ms and clock.reached(now_ms, self._tell_due):
            self._heard_ms = talk.heard_ms
            if self._heard_ms is not None:
                self._tell_due = clock.add(now_ms, _HEARD_MS)
                self._media_heard(now_ms)
        if talk.both_heard and not self._both_heard:
            self._handle(s.VOICE_HEARD)
        self._both_heard = talk.both_heard
        digit = talk.digit()
        if digit is not None:
            self._handle(s.DIGIT_PRESSED, digit)
        if self._listening_ms is not None and clock.diff(now_ms, self._listening_ms) >= _PROVEN_MS:
            self._reports.fault("microphone", "", talk.deaf)  # sound that arrives is the test that closes it (P5)

    def _announcing(self):
        return self._talk.prompting or self._signals.sounding()

    def _media_heard(self, now_ms):
        self._handle(s.MEDIA_HEARD)
        if self.session.kind == "alarm" and self.session.speaking() and clock.reached(now_ms, self._hold_due):
            self._hold_due = clock.add(now_ms, _HOLD_ANSWER_MS)
            self._carry_out([("SPEECH_GOES_ON", self.session.call)])

    def _state_of(self, call_id):
        """State of the open call of that id, None if there is none."""
        number = self._uplink.call_number(call_id) if call_id else None
        call = None if number is None else self._calls.find(number)
        return None if call is None else call.state

    # --- what is done

    def _handle(self, *event):
        """One event at a time: what an action brings about is handled after the actions that stand behind it."""
        self._events.append(event)
        if self._running:
            return
        self._running = True
        try:
            while self._events:
                event = self._events.pop(0)
                self._carry_out(self.session.handle(event[0], self._now(), *event[1:]))
        except _BREAKS as problem:
            self._broken(event[0], problem)
        finally:
            self._running = False
            self._events.clear()

    def _carry_out(self, actions):
        """All of them, whatever becomes of one; but a microphone whose light, tone or record failed does not stay open (P3)."""
        failed = opens = False
        for action in actions:
            opening = action[0] == "MICROPHONE" and action[1]
            opens = opens or opening
            if failed and opening:
                continue
            try:
                self._part_for(action[0])(*action[1:])
            except _BREAKS as problem:
                self._broken(action[0], problem)
                failed = True
        if failed and opens:
            self._events.append((s.MEDIA_FAILED,))
            self._talk.close_microphone()

    def _part_for(self, verb):
        """What carries out an action."""
        if verb in self._OF_TALK:
            return getattr(self._talk, self._OF_TALK[verb])
        if verb in self._OF_SIGNALS:
            return getattr(self._signals, self._OF_SIGNALS[verb])
        return getattr(self, self._OF_SPEECH[verb])

    def _broken(self, what, problem):
        print("speech: %s:" % what, problem)
        self._call_told = None  # in case it was this: it is told again

    def _say(self, say, fields):
        if say == "alive":
            fields["counters"] = self._talk.counters()
        topic, payload = self._uplink.speech(say, fields)
        key = "speech %s %s" % (fields["sid"], say)  # the newest of its kind counts: none pushes the record out of a full outbox
        self._link.send(key, topic, payload, False)

    def _start_media(self, media):
        self._heard_ms = None
        self._both_heard = False
        self._radio(True)
        try:
            local = self._talk.start(media)
        except (OSError, ValueError, MemoryError) as problem:
            print("speech: no media:", problem)
            self._events.append((s.MEDIA_FAILED,))
            return
        self._events.append((s.MEDIA_STARTED, local))

    def _stop_media(self):
        try:
            self._talk.stop()
        finally:
            self._radio(False)

    def _microphone(self, is_open, why):
        if not is_open:
            self._talk.close_microphone()
            return
        try:
            self._talk.open_microphone()
        except (OSError, ValueError, MemoryError) as problem:  # the tenant still hears; the operator is told why they do not
            print("microphone:", problem)
            self._reports.fault("microphone", "", True)
            return
        self._listening_ms = self._now()

    def _event(self, name, fields):
        if name == "microphone":  # what is recorded is what happened: one that did not start was never open
            if self._listening_ms is None:
                return
            if not fields["open"]:
                self._listening_ms = None
        often = name == "speech" and fields["state"] == "quiet"  # a bad line must not push the record out of a full outbox
        self._reports.note(name, fields, "quiet " + fields["sid"] if often else None)

    def _speech_happened(self, call_id):
        self._tell_call(one.SPEECH_HAPPENED, call_id)

    def _speech_goes_on(self, call_id):
        self._tell_call(one.SPEECH_GOES_ON, call_id)

    def _speech_lost(self, call_id):
        self._tell_call(one.SPEECH_LOST, call_id)

    def _forget_voices(self):
        self._both_heard = False
        self._talk.forget_voices()

    def _tell_call(self, event, call_id):
        number = self._uplink.call_number(call_id)
        call = None if number is None else self._calls.find(number)
        if call is not None:
            self._obey(call.handle(event, self._now()))

    def _accept(self):
        if self._message is not None:  # not for a digit
            self._reports.command(self._message, "")

    def _refuse(self, reason):
        if self._message is not None:
            self._reports.command(self._message, reason)
