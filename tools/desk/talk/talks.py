"""The desk's speech sessions: one for each flat at a time. Joins the controller machine with operators, units, calls and sound.

Rules:
- Speech and call are two things (P6): nothing here clears, answers or releases a call. A lost speech alerts the call's holder.
- An alarm's speech begins when the unit has confirmed `answered`, or it would decline.
- Another operator takes over by asking: the old session is over here at once, at the flat when the new offer arrives.
- The tenant's own call during an intercom or welfare session makes the session the speech of that call.
- A session in which the desk itself hears nothing is offered anew after three, and ended after six, times `media_silent_s`:
  the flat knows of one direction only.

Runs inside a transaction. How it is done: conductor.py.
Source: docs/protocol.md "speech", DESIGN.md P3, P4, P6, P8.
"""

from .. import routing
from ..switchboard import DeskError
from . import controller as c
from . import description
from .conductor import Conductor
from .talk import RANK

_CONFIRM_MS = 20_000  # so long the unit may take to confirm `answered`: what a silent unit is known by
_STRAY_MS = 1000  # one clear_down a second for a session that is over here
_FACTOR_ANEW, _FACTOR_END = 3, 6  # times media_silent_s
_SPEAKING = (c.CONNECTED, c.RECONNECTING)


class Talks:
    """`sessions`: active Talks by sid. `media`: config.Media. `silent_ms`: no packet of the flat for so long is shown."""

    def __init__(self, store, book, units, timeline, media, silent_ms, now_ms, wall_ms):
        self.store, self._units, self._plain, self._silent_ms = store, units, media.plain_rtp, silent_ms
        self._now_ms, self._wall_ms = now_ms, wall_ms
        self._conductor = Conductor(store, book, units, timeline, media, now_ms, wall_ms)
        self.sessions, self.resume, self.close = self._conductor.sessions, self._conductor.resume, self._conductor.close
        self._strays = {}  # address -> ms of the last clear_down for a session that is over

    def endpoint(self, sid):
        """The TalkEndpoint of an active session, or None."""
        talk = self.sessions.get(sid)
        return talk.endpoint if talk else None

    def of_unit(self, address):
        """The flat's active session that is not ending, or None."""
        found = [talk for talk in self.sessions.values() if talk.record.address == address and talk.controller.state != c.ENDING]
        return found[-1] if found else None

    def of_call(self, call):
        talk = self.of_unit(call.unit.address)
        return talk if talk and talk.body["call"] == call.call else None

    def get(self, sid):
        """Raises DeskError `no_such_session`."""
        if sid not in self.sessions:
            raise DeskError("no_such_session", f"there is no speech session {sid!r}, or it is over")
        return self.sessions[sid]

    # --- what operators ask for

    def talk(self, call, who):
        """Speech of a held call. The same `who` again: the session that is there."""
        if call.state != routing.HELD:
            code = "not_answered" if call.state == routing.RINGING else call.state
            raise DeskError(code, f"call {call.n} is {call.state}: speech belongs to a call that somebody has answered")
        talk = self.of_call(call)
        if talk and talk.body["who"] == who:
            return talk
        old = self._in_the_way(call.unit.address, "alarm", True)
        talk = self._conductor.start(self._units[call.unit.address], "alarm", (call.n, call.call), who)
        talk.was_held = True
        self._make_way(old, "alarm")
        if call.routing.confirmed:
            self._conductor.begin(talk)
        else:
            talk.waiting_until_ms = self._now_ms() + _CONFIRM_MS
        return talk

    def call_flat(self, record, kind, who, take_over):
        """An intercom, welfare or door call. Raises DeskError `busy`, `unreachable`, `media`."""
        if record.sessions.session is None:
            raise DeskError("unreachable", f"{record.address} was never heard of since it was configured")
        old = self._in_the_way(record.address, kind, take_over)
        talk = self._conductor.start(record, kind, (None, ""), who)
        self._make_way(old, kind)
        self._conductor.begin(talk)
        return talk

    def command(self, talk, do):
        """An operator's `control`. Raises DeskError `not_connected`."""
        if talk.controller.state not in _SPEAKING and do != "clear_down":
            raise DeskError("not_connected", f"the session is {talk.body['state']}: nobody can be heard yet, or any more")
        if do != "clear_down":
            talk.owe(do, self._now_ms())
        elif talk.waiting_until_ms is not None:
            self._conductor.end(talk, "clear_down")
            return
        self._conductor.tell(talk, c.COMMAND_GIVEN, do)
        talk.endpoint.hushed = talk.controller.held
        self._conductor.show(talk, "COMMANDED")

    # --- what units say

    def heard(self, record, message):
        """A `speech` message that is news. False if it is of no session of this desk."""
        talk = self.sessions.get(message["sid"])
        if talk is None or talk.record is not record:
            return self._heard_stray(record, message)
        say, machine = message["say"], talk.controller
        if say == "answer" and message["turn"] == machine.turn and machine.state in (c.OFFERING, c.RECONNECTING):
            reason = description.problem(message["media"], self._plain)
            if reason:
                self._conductor.give_up(talk, reason)
                return True
        if say == "reoffer" and message["turn"] >= machine.turn and machine.state in _SPEAKING:
            machine.media = talk.endpoint.offer()  # a fresh key for each offer
        if say == "alive":
            talk.body["flat_counters"] = message["counters"]
        talk.look(self._wall_ms())
        self._conductor.tell(talk, c.SAID[say], message)
        if say == "alive" and not talk.is_over:
            self._conductor.show(talk, "ALIVE")
        return True

    def commanded(self, record, message):
        """The unit's word on a `control`."""
        for talk in self.sessions.values():
            if talk.record is record and (do := talk.confirmed(message["ref"])) is not None:
                if not message["ok"]:
                    talk.body["note"] = f"{do} refused: {message['reason']}"
                    if do == "hold":
                        talk.controller.held = talk.endpoint.hushed = False
                    self._conductor.show(talk, "REFUSED")
                return

    def attested(self, record, message):
        """A `speech` or `microphone` event: whose call it is now, and whether both were heard."""
        talk = self.sessions.get(message.get("sid"))
        if talk is None or talk.record is not record or message["event"] not in ("speech", "microphone"):
            return
        if message["event"] == "speech" and message["state"] == "heard":
            talk.body["both_heard"] = True
            self._conductor.show(talk, "BOTH_HEARD")
        if message["event"] == "microphone" and message["open"] and talk.controller.held and not talk.owes("hold"):
            talk.controller.held = talk.endpoint.hushed = False  # resumed by a digit: who hears the flat shall be heard there
            self._conductor.show(talk, "COMMANDED")
        if message["kind"] == "alarm" and message["call"] and talk.body["call"] != message["call"]:
            self._conductor.adopt(talk, message["call"])

    def activated(self, record, call):
        """The tenant has called: an intercom or welfare session is now the speech of that call, as it is at the flat."""
        talk = self.of_unit(record.address)
        if talk and talk.kind in ("intercom", "welfare") and call.state in (routing.RINGING, routing.HELD):
            self._conductor.adopt(talk, call.call)

    def unit_started(self, record):
        for talk in list(self.sessions.values()):
            if talk.record is record and talk.waiting_until_ms is None:
                self._conductor.tell(talk, c.UNIT_RESTARTED)

    def call_changed(self, call, event):
        """The call's routing has taken `event`."""
        talk = self.of_call(call)
        if talk is None:
            return
        if call.state in (routing.HELD, routing.CLEARING):
            talk.was_held = True
            if event == routing.ANSWER_CONFIRMED and talk.waiting_until_ms is not None:
                self._conductor.begin(talk)
        elif call.state == routing.CLOSED or talk.was_held:
            self._conductor.give_up(talk, "released" if event == routing.RELEASED else "call_over")

    # --- time

    def tick(self):
        now_ms = self._now_ms()
        for talk in list(self.sessions.values()):
            if talk.waiting_until_ms is not None and now_ms >= talk.waiting_until_ms:
                self._conductor.end(talk, "not_answered")
                continue
            due_ms = talk.controller.next_due()
            if due_ms is not None and now_ms >= due_ms:
                self._conductor.tell(talk, c.TICK)
            for do in talk.commands_due(now_ms):
                self._conductor.send(talk.record, "control", {"sid": talk.sid, "do": do})
            if not talk.is_over:
                self._listen(talk, now_ms)

    def next_due(self):
        dues = [talk.next_due() for talk in self.sessions.values()]
        return min((due for due in dues if due is not None), default=None)

    def take_outbox(self):
        """What is to be sent now: list of (record, kind of message, fields)."""
        outbox, self._conductor.outbox = self._conductor.outbox, []
        return outbox

    def sent(self, kind, fields, ctr):
        """A message of the outbox has left under `ctr`."""
        talk = self.sessions.get(fields["sid"])
        if talk is not None and kind == "control":
            talk.sent(fields["do"], ctr)





    # --- how

    def _in_the_way(self, address, kind, take_over):
        """The flat's session that a new one of this kind would end, or None. Raises DeskError `busy` if it may not."""
        talk = self.of_unit(address)
        if talk and (RANK[kind] < RANK[talk.kind] or (RANK[kind] == RANK[talk.kind] and not take_over)):
            raise DeskError("busy", f"{talk.body['who']} speaks with this flat ({talk.kind})")
        return talk

    def _make_way(self, old, kind):
        if old is not None:
            self._conductor.end(old, "taken_over" if RANK[kind] == RANK[old.kind] else "priority")

    def _heard_stray(self, record, message):
        row = self.store.talk(message["sid"])
        if row is None or row[2] != record.address:
            return False
        now_ms, speaks = self._now_ms(), message["say"] not in ("ended", "declined")
        if speaks and now_ms - self._strays.get(record.address, -_STRAY_MS) >= _STRAY_MS:
            self._strays[record.address] = now_ms
            self._conductor.send(record, "control", {"sid": message["sid"], "do": "clear_down"})
        return True

    def _listen(self, talk, now_ms):
        """Is the flat heard? In the states in which it should be."""
        if talk.controller.state not in _SPEAKING:
            return
        heard_s = talk.endpoint.heard_at_s
        since_ms = max(talk.media_since_ms, round(heard_s * 1000) if heard_s is not None else 0)
        silent_ms = now_ms - since_ms
        if (silent_ms >= self._silent_ms) != talk.silent:
            talk.silent = not talk.silent
            talk.asked_anew = talk.asked_anew and talk.silent
            self._conductor.show(talk, "UNHEARD" if talk.silent else "HEARD")
        if silent_ms >= _FACTOR_END * self._silent_ms:
            self._conductor.give_up(talk, "media_lost")
        elif silent_ms >= _FACTOR_ANEW * self._silent_ms and not talk.asked_anew:
            talk.asked_anew = True
            self._conductor.tell(talk, c.MEDIA_MOVED, talk.endpoint.offer())
