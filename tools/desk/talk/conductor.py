"""Carries out what the controllers of the speech sessions ask for: messages, sound, database, timeline.

Runs inside a transaction; what is to be sent waits in `outbox` until the commit. A session that was over in memory when its
transaction failed stays over. After a restart of the desk a session that the flat can still have is offered anew under its own
`sid`, with a higher turn and fresh keys; an older one is cleared down.
"""

import secrets
from collections import OrderedDict

from .. import routing
from ..switchboard import DeskError
from . import controller as c
from .endpoint import TalkEndpoint
from .ports import PortRange
from .talk import CALLING, ENDED, Talk, new_body, talk_view

_RESUME_MS = 60_000  # a session last heard of longer ago is over: the flat ends it 30 s after the last packet
_EXPECTED = ("clear_down", "taken_over", "priority", "call_over", "released", "flat")  # ends that nobody has to be told of
_GONE_MAX = 64  # sessions that are over, remembered in case the database lost the end of one


class Conductor:
    """`sessions`: active Talks by sid. `media`: config.Media."""

    def __init__(self, store, book, units, timeline, media, now_ms, wall_ms):
        self.store, self._book, self._units, self._timeline = store, book, units, timeline
        self._media, self._now_ms, self._wall_ms = media, now_ms, wall_ms
        self._ports = PortRange(*media.ports)
        self._gone = OrderedDict()  # sid -> (n, body)
        self.sessions, self.outbox = {}, []

    def start(self, record, kind, call, who):
        """A new session, not begun. `call`: (number, id) or (None, ""). Raises DeskError `media`."""
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
        self.show(talk, "STARTED")
        return talk

    def begin(self, talk):
        talk.waiting_until_ms = None
        self.tell(talk, c.TALK_WANTED)

    def tell(self, talk, event, *data):
        """Give `event` to the session's machine and do what it says."""
        for action in talk.controller.handle(event, self._now_ms(), *data):
            self._do(talk, *action)
        if talk.controller.turn > talk.turn_kept:
            self.store.keep_turn(talk.record.address, talk.controller.turn)
            talk.turn_kept = talk.controller.turn

    def give_up(self, talk, reason):
        """End it for a reason of our own."""
        talk.body["reason"] = reason
        if talk.waiting_until_ms is not None:
            self.end(talk, reason)
        else:
            self.tell(talk, c.END_WANTED)

    def adopt(self, talk, call_id):
        """The session is the speech of this call from now on."""
        call = self._book.find(talk.record.address, call_id)
        talk.body["kind"], talk.body["call"], talk.body["number"] = "alarm", call_id, call.n if call else None
        talk.was_held = bool(call) and call.state in (routing.HELD, routing.CLEARING)
        self.show(talk, "CALL_RAISED")

    def end(self, talk, reason):
        """It is over here and now; what the flat still says of it is answered with clear_down."""
        body = talk.look()
        body["state"], body["reason"], body["ended_ms"] = ENDED, reason, self._wall_ms()
        talk.endpoint.close()
        self.sessions.pop(talk.sid, None)
        self._gone[talk.sid] = talk.n, body
        if len(self._gone) > _GONE_MAX:
            self._gone.popitem(last=False)
        self.show(talk, "ENDED")
        call = self._book.find(talk.record.address, body["call"]) if body["call"] else None
        if call and call.state == routing.HELD and reason not in _EXPECTED:
            note = f"speech with the flat is over: {reason}; the call is still yours"
            self._timeline.emit("alert", talk.record.address, call.call, number=call.n, party=call.routing.party, note=note)

    def show(self, talk, why):
        """Write the session down and tell who listens."""
        body = talk.body if talk.is_over else talk.look()
        self.store.save_talk(talk.n, talk.is_over, body)
        view = talk_view(talk.n, talk.sid, talk.record.unit, body)
        self._timeline.emit("talk", talk.record.address, body["call"], why=why, view=view)

    def send(self, record, kind, fields):
        self.outbox.append((record, kind, fields))

    def resume(self):
        """After a start of the desk, and after a failed transaction: go on with what the flat can still have, end the rest."""
        rows = self.store.talks(False, -1)
        for sid in set(self.sessions) - {row[1] for row in rows}:
            self.sessions.pop(sid).endpoint.close()  # its beginning was lost with the transaction: who asked was told
        for n, sid, address, body in rows:
            record = self._units.get(address)
            if sid in self._gone:
                self.store.save_talk(n, True, self._gone[sid][1])
            elif sid not in self.sessions and not self._take_up(n, sid, record, body):
                self._write_off(n, sid, record, body)

    def close(self):
        """The desk stops: ports are freed; the flats keep their sessions for the next desk, or end them by themselves."""
        for talk in self.sessions.values():
            talk.endpoint.close()

    def _take_up(self, n, sid, record, body):
        """False if the flat cannot have it any more: heard of too long ago, its call is over, its unit not configured."""
        fresh = body["state"] in ("connected", "held") and self._wall_ms() - (body["seen_ms"] or 0) < _RESUME_MS
        call = self._book.find(record.address, body["call"]) if record and body["call"] else None
        if record is None or not fresh or (body["call"] and (call is None or call.state == routing.CLOSED)):
            return False
        endpoint = self._endpoint()
        try:
            media = endpoint.offer()
        except OSError:
            return False
        machine = c.Controller(sid, self.store.next_turn(record.address), body["kind"], body["call"], body["who"], media)
        machine.held, machine.mode, body["state"] = body["held"], body["mode"], CALLING
        talk = self.sessions[sid] = Talk(n, sid, record, body, machine, endpoint)
        talk.was_held = call is not None and call.state in (routing.HELD, routing.CLEARING)
        endpoint.hushed = body["held"]
        self.begin(talk)
        return True

    def _write_off(self, n, sid, record, body):
        body["state"], body["reason"], body["ended_ms"] = ENDED, "desk_restarted", self._wall_ms()
        self.store.save_talk(n, True, body)
        if record is not None:
            self.send(record, "control", {"sid": sid, "do": "clear_down"})
            view = talk_view(n, sid, record.unit, body)
            self._timeline.emit("talk", record.address, body["call"], why="ENDED", view=view)

    def _do(self, talk, name, *data):
        if name in ("OFFER", "CONTROL", "ALIVE"):
            self.send(talk.record, name.lower(), data[0])
        elif name == "MEDIA_START":
            talk.endpoint.accept(data[0])
            talk.media_since_ms, talk.silent = self._now_ms(), False
        elif name == "MEDIA_STOP":
            talk.endpoint.close()
        elif name == "PROGRESS":
            talk.body["state"] = data[0]
            self.show(talk, data[0].upper())
        elif name == "MEDIA_TOLD":
            talk.body["media_lost"] = data[0] == "lost"
            self.show(talk, "MEDIA_" + data[0].upper())
        elif data[0] == c.IDLE:
            self.end(talk, _final(talk.body["reason"], data[1]))
        else:
            self._state(talk, *data)

    def _state(self, talk, state, reason):
        if state == c.CONNECTED and talk.body["connected_ms"] is None:
            talk.body["connected_ms"] = self._wall_ms()
        if state == c.ENDING:
            talk.body["reason"] = talk.body["reason"] or reason
        talk.look(self._wall_ms())
        self.show(talk, state)

    def _endpoint(self):
        media = self._media
        return TalkEndpoint(media.address, self._ports, media.plain_rtp, media.bind, now_s=lambda: self._now_ms() / 1000)


def _final(own, flats):
    """Why it is over: our reason to end it, unless the flat had a better one first (its raised call overtook its `ended`)."""
    return flats if not own or (own == "call_over" and flats == "media_lost") else own
