"""The desk's speech sessions: one for each flat at a time. Joins the controller machine with operators, units, calls and sound.

Rules:
- Speech and call are two things (P6): nothing here clears, answers or releases a call. A lost speech alerts the call's holder.
- An alarm's speech begins when the unit has confirmed `answered`, or it would decline.
- Another operator takes over by asking: the old session is over here at once, at the flat when the new offer arrives.
- The tenant's own call during an intercom or welfare session makes the session the speech of that call.
- A session in which the desk itself hears nothing is offered anew after three, and ended after six, times `media_silent_s`:
  the flat knows of one direction only.
- After a restart of the desk a session that the flat can still have is offered anew under its own `sid`; an older one is
  cleared down.

Runs inside a transaction; what is to be sent is in `outbox` until the commit.
Source: docs/protocol.md "speech", DESIGN.md P3, P4, P6, P8.
"""

import secrets
from collections import OrderedDict

from .. import routing
from ..switchboard import DeskError
from . import controller as c
from . import description
from .endpoint import TalkEndpoint
from .ports import PortRange
from .talk import CALLING, ENDED, RANK, Talk, new_body, talk_view

_CONFIRM_MS = 20_000  # so long the unit may take to confirm `answered`: what a silent unit is known by
_RESUME_MS = 60_000  # a session last heard of longer ago is over: the flat ends it 30 s after the last packet
_STRAY_MS = 1000  # one clear_down a second for a session that is over here
_FACTOR_ANEW, _FACTOR_END = 3, 6  # times media_silent_s
_EXPECTED = ("clear_down", "taken_over", "priority", "call_over", "released", "flat")  # ends that nobody has to be told of
_SPEAKING = (c.CONNECTED, c.RECONNECTING)
_GONE_MAX = 64  # sessions that are over, remembered in case the database lost the end of one


class Talks:
    """`sessions`: active Talks by sid. `outbox`: list of (record, kind of message, fields). `media`: config.Media."""

    def __init__(self, store, book, units, timeline, media, silent_ms, now_ms, wall_ms):
        self.store, self._book, self._units, self._timeline = store, book, units, timeline
        self._media, self._silent_ms, self._now_ms, self._wall_ms = media, silent_ms, now_ms, wall_ms
        self._ports = PortRange(*media.ports)
        self._strays = {}  # address -> ms of the last clear_down for a session that is over
        self._gone = OrderedDict()  # sid -> (n, body)
        self.sessions, self.outbox = {}, []

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
        talk = self._start(self._units[call.unit.address], "alarm", (call.n, call.call), who)
        talk.was_held = True
        self._make_way(old, "alarm")
        if call.routing.confirmed:
            self._begin(talk)
        else:
            talk.waiting_until_ms = self._now_ms() + _CONFIRM_MS
        return talk

    def call_flat(self, record, kind, who, take_over):
        """An intercom, welfare or door call. Raises DeskError `busy`, `unreachable`, `media`."""
        if record.sessions.session is None:
            raise DeskError("unreachable", f"{record.address} was never heard of since it was configured")
        old = self._in_the_way(record.address, kind, take_over)
        talk = self._start(record, kind, (None, ""), who)
        self._make_way(old, kind)
        self._begin(talk)
        return talk

    def command(self, talk, do):
        """An operator's `control`. Raises DeskError `not_connected`."""
        if talk.controller.state not in _SPEAKING and do != "clear_down":
            raise DeskError("not_connected", f"the session is {talk.body['state']}: nobody can be heard yet, or any more")
        if do != "clear_down":
            talk.owe(do, self._now_ms())
        elif talk.waiting_until_ms is not None:
            self._over(talk, "clear_down")
            return
        self._tell(talk, c.COMMAND_GIVEN, do)
        talk.endpoint.hushed = talk.controller.held
        self._show(talk, "COMMANDED")

    # --- what units say

    def heard(self, record, message):
        """A `speech` message that is news. False if it is of no session of this desk."""
        talk = self.sessions.get(message["sid"])
        if talk is None or talk.record is not record:
            return self._heard_stray(record, message)
        say, machine = message["say"], talk.controller
        if say == "answer" and message["turn"] == machine.turn and machine.state in (c.OFFERING, c.RECONNECTING):
            reason = description.problem(message["media"], self._media.plain_rtp)
            if reason:
                self._give_up(talk, reason)
                return True
        if say == "reoffer" and message["turn"] >= machine.turn and machine.state in _SPEAKING:
            machine.media = talk.endpoint.offer()  # a fresh key for each offer
        if say == "alive":
            talk.body["flat_counters"] = message["counters"]
        talk.look(self._wall_ms())
        self._tell(talk, c.SAID[say], message)
        if say == "alive" and not talk.is_over:
            self._show(talk, "ALIVE")
        return True

    def commanded(self, record, message):
        """The unit's word on a `control`."""
        for talk in self.sessions.values():
            if talk.record is record and (do := talk.confirmed(message["ref"])) is not None:
                if not message["ok"]:
                    talk.body["note"] = f"{do} refused: {message['reason']}"
                    if do == "hold":
                        talk.controller.held = talk.endpoint.hushed = False
                    self._show(talk, "REFUSED")
                return

    def attested(self, record, message):
        """A `speech` or `microphone` event: whose call it is now, and whether both were heard."""
        talk = self.sessions.get(message.get("sid"))
        if talk is None or talk.record is not record or message["event"] not in ("speech", "microphone"):
            return
        if message["event"] == "speech" and message["state"] == "heard":
            talk.body["both_heard"] = True
            self._show(talk, "BOTH_HEARD")
        if message["kind"] == "alarm" and message["call"] and talk.body["call"] != message["call"]:
            self._adopt(talk, message["call"])

    def activated(self, record, call):
        """The tenant has called: an intercom or welfare session is now the speech of that call, as it is at the flat."""
        talk = self.of_unit(record.address)
        if talk and talk.kind in ("intercom", "welfare") and call.state in (routing.RINGING, routing.HELD):
            self._adopt(talk, call.call)

    def unit_started(self, record):
        for talk in list(self.sessions.values()):
            if talk.record is record and talk.waiting_until_ms is None:
                self._tell(talk, c.UNIT_RESTARTED)

    def call_changed(self, call, event):
        """The call's routing has taken `event`."""
        talk = self.of_call(call)
        if talk is None:
            return
        if call.state in (routing.HELD, routing.CLEARING):
            talk.was_held = True
            if event == routing.ANSWER_CONFIRMED and talk.waiting_until_ms is not None:
                self._begin(talk)
        elif call.state == routing.CLOSED or talk.was_held:
            self._give_up(talk, "released" if event == routing.RELEASED else "call_over")

    # --- time

    def tick(self):
        now_ms = self._now_ms()
        for talk in list(self.sessions.values()):
            if talk.waiting_until_ms is not None and now_ms >= talk.waiting_until_ms:
                self._over(talk, "not_answered")
                continue
            due_ms = talk.controller.next_due()
            if due_ms is not None and now_ms >= due_ms:
                self._tell(talk, c.TICK)
            for do in talk.commands_due(now_ms):
                self.outbox.append((talk.record, "control", {"sid": talk.sid, "do": do}))
            if not talk.is_over:
                self._listen(talk, now_ms)

    def next_due(self):
        dues = [talk.next_due() for talk in self.sessions.values()]
        return min((due for due in dues if due is not None), default=None)

    def sent(self, kind, fields, ctr):
        """A message of the outbox has left under `ctr`."""
        talk = self.sessions.get(fields["sid"])
        if talk is not None and kind == "control":
            talk.sent(fields["do"], ctr)

    def resume(self):
        """After a start of the desk, and after a failed transaction: go on with what the flat can still have, end the rest."""
        rows = self.store.talks(False, -1)
        for sid in set(self.sessions) - {row[1] for row in rows}:
            self.sessions.pop(sid).endpoint.close()  # its beginning was lost with the transaction: who asked was told
        for n, sid, address, body in rows:
            record = self._units.get(address)
            if sid in self._gone:
                self.store.save_talk(n, True, self._gone[sid][1])
            elif sid not in self.sessions and not (record and self._may_go_on(body) and self._take_up(n, sid, record, body)):
                self._write_off(n, sid, record, body)

    def _may_go_on(self, body):
        return body["state"] in ("connected", "held") and self._wall_ms() - (body["seen_ms"] or 0) < _RESUME_MS

    def _write_off(self, n, sid, record, body):
        body["state"], body["reason"], body["ended_ms"] = ENDED, "desk_restarted", self._wall_ms()
        self.store.save_talk(n, True, body)
        if record is not None:
            self.outbox.append((record, "control", {"sid": sid, "do": "clear_down"}))
            view = talk_view(n, sid, record.unit, body)
            self._timeline.emit("talk", record.address, body["call"], why="ENDED", view=view)

    def close(self):
        """The desk stops: ports are freed; the flats keep their sessions for the next desk, or end them by themselves."""
        for talk in self.sessions.values():
            talk.endpoint.close()

    # --- how

    def _take_up(self, n, sid, record, body):
        endpoint = self._endpoint()
        try:
            media = endpoint.offer()
        except OSError:
            return False
        machine = c.Controller(sid, self.store.next_turn(record.address), body["kind"], body["call"], body["who"], media)
        machine.held, machine.mode, body["state"] = body["held"], body["mode"], CALLING
        talk = self.sessions[sid] = Talk(n, sid, record, body, machine, endpoint)
        talk.was_held = body["kind"] == "alarm"
        endpoint.hushed = body["held"]
        self._begin(talk)
        return True

    def _in_the_way(self, address, kind, take_over):
        """The flat's session that a new one of this kind would end, or None. Raises DeskError `busy` if it may not."""
        talk = self.of_unit(address)
        if talk and (RANK[kind] < RANK[talk.kind] or (RANK[kind] == RANK[talk.kind] and not take_over)):
            raise DeskError("busy", f"{talk.body['who']} speaks with this flat ({talk.kind})")
        return talk

    def _make_way(self, old, kind):
        if old is not None:
            self._over(old, "taken_over" if RANK[kind] == RANK[old.kind] else "priority")

    def _start(self, record, kind, call, who):
        endpoint, sid = self._endpoint(), secrets.token_hex(8)
        try:
            media = endpoint.offer()
        except OSError as error:
            raise DeskError("media", f"no port for the sound: {error}") from error
        try:
            body = new_body(kind, call, who, self._wall_ms())
            n, turn = self.store.add_talk(sid, record.address, body), self.store.next_turn(record.address)
        except BaseException:
            endpoint.close()
            raise
        machine = c.Controller(sid, turn, kind, call[1], who, media)
        talk = self.sessions[sid] = Talk(n, sid, record, body, machine, endpoint)
        self._show(talk, "STARTED")
        return talk

    def _endpoint(self):
        media = self._media
        return TalkEndpoint(media.address, self._ports, media.plain_rtp, media.bind, now_s=lambda: self._now_ms() / 1000)

    def _begin(self, talk):
        talk.waiting_until_ms = None
        self._tell(talk, c.TALK_WANTED)

    def _tell(self, talk, event, *data):
        for action in talk.controller.handle(event, self._now_ms(), *data):
            self._do(talk, *action)
        if talk.controller.turn > talk.turn_kept:
            self.store.keep_turn(talk.record.address, talk.controller.turn)
            talk.turn_kept = talk.controller.turn

    def _do(self, talk, name, *data):
        if name in ("OFFER", "CONTROL", "ALIVE"):
            self.outbox.append((talk.record, name.lower(), data[0]))
        elif name == "MEDIA_START":
            talk.endpoint.accept(data[0])
            talk.media_since_ms, talk.silent = self._now_ms(), False
        elif name == "MEDIA_STOP":
            talk.endpoint.close()
        elif name == "PROGRESS":
            talk.body["state"] = data[0]
            self._show(talk, data[0].upper())
        elif name == "MEDIA_TOLD":
            talk.body["media_lost"] = data[0] == "lost"
            self._show(talk, "MEDIA_" + data[0].upper())
        elif data[0] == c.IDLE:
            self._over(talk, talk.body["reason"] or data[1])
        else:
            self._state(talk, *data)

    def _state(self, talk, state, reason):
        if state == c.CONNECTED and talk.body["connected_ms"] is None:
            talk.body["connected_ms"] = self._wall_ms()
        if state == c.ENDING:
            talk.body["reason"] = talk.body["reason"] or reason
        talk.look(self._wall_ms())
        self._show(talk, state)

    def _give_up(self, talk, reason):
        """End it for a reason of our own."""
        talk.body["reason"] = reason
        if talk.waiting_until_ms is not None:
            self._over(talk, reason)
        else:
            self._tell(talk, c.END_WANTED)

    def _over(self, talk, reason):
        body = talk.look()
        body["state"], body["reason"], body["ended_ms"] = ENDED, reason, self._wall_ms()
        talk.endpoint.close()
        self.sessions.pop(talk.sid, None)
        self._gone[talk.sid] = talk.n, body
        if len(self._gone) > _GONE_MAX:
            self._gone.popitem(last=False)
        self._show(talk, "ENDED")
        call = self._book.find(talk.record.address, body["call"]) if body["call"] else None
        if call and call.state == routing.HELD and reason not in _EXPECTED:
            note = f"speech with the flat is over: {reason}; the call is still yours"
            self._timeline.emit("alert", talk.record.address, call.call, number=call.n, party=call.routing.party, note=note)

    def _adopt(self, talk, call_id):
        call = self._book.find(talk.record.address, call_id)
        talk.body["kind"], talk.body["call"], talk.body["number"] = "alarm", call_id, call.n if call else None
        talk.was_held = bool(call) and call.state in (routing.HELD, routing.CLEARING)
        self._show(talk, "CALL_RAISED")

    def _show(self, talk, why):
        body = talk.body if talk.is_over else talk.look()
        self.store.save_talk(talk.n, talk.is_over, body)
        view = talk_view(talk.n, talk.sid, talk.record.unit, body)
        self._timeline.emit("talk", talk.record.address, body["call"], why=why, view=view)

    def _heard_stray(self, record, message):
        row = self.store.talk(message["sid"])
        if row is None or row[2] != record.address:
            return False
        now_ms, speaks = self._now_ms(), message["say"] not in ("ended", "declined")
        if speaks and now_ms - self._strays.get(record.address, -_STRAY_MS) >= _STRAY_MS:
            self._strays[record.address] = now_ms
            self.outbox.append((record, "control", {"sid": message["sid"], "do": "clear_down"}))
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
            self._show(talk, "UNHEARD" if talk.silent else "HEARD")
        if silent_ms >= _FACTOR_END * self._silent_ms:
            self._give_up(talk, "media_lost")
        elif silent_ms >= _FACTOR_ANEW * self._silent_ms and not talk.asked_anew:
            talk.asked_anew = True
            self._tell(talk, c.MEDIA_MOVED, talk.endpoint.offer())
