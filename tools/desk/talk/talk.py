"""One speech session of the desk: its controller, its sound, and what is kept and shown of it."""

from ..units import seconds
from . import controller as c

CALLING, CONNECTED, HELD, ENDING, ENDED = "calling", "connected", "held", "ending", "ended"
RANK = {"alarm": 2, "intercom": 1, "welfare": 1, "door": 0}
_AGAIN_MS = 2000  # a command that sets something is sent again when the unit has not confirmed it
_TRIES = 3
_GROUPS = {**dict.fromkeys(("talk", "listen", "auto", "duplex"), "mode"), "hold": "hold", "resume": "hold"}
_REFS_MAX = 64  # message numbers remembered, so that the unit's word finds its command
_STORED = (
    "kind", "number", "call", "who", "mode", "held", "turn", "began_ms", "connected_ms", "ended_ms", "seen_ms", "reason", "codec",
    "both_heard", "media_lost", "unheard", "note", "counters", "flat_counters",
)  # fmt: skip


def new_body(kind, call, who, at_ms):
    """What the database keeps of a session that begins. `call`: (number, id), or (None, "")."""
    return {
        **dict.fromkeys(_STORED), "kind": kind, "number": call[0], "call": call[1], "who": who, "state": CALLING, "mode": "auto",
        "held": False, "turn": 0, "began_ms": at_ms, "reason": "", "both_heard": False, "media_lost": False,
        "unheard": False, "note": "", "counters": {}, "flat_counters": {},
    }  # fmt: skip


def talk_view(n, sid, unit, body):
    """The API's form. `unit`: config.Unit."""
    view = {"n": n, "sid": sid, "scheme": unit.scheme, "flat": unit.flat, "unit": unit.unit, "label": unit.label}
    for field in (*_STORED, "state"):
        if field.endswith("_ms"):
            view[field.removesuffix("_ms") + "_at"] = seconds(body.get(field))
        else:
            view[field] = body.get(field)
    return view


class Talk:
    """`controller`, `endpoint`: of this session. `was_held`: somebody has had its call. `waiting_until_ms`: the unit is to take
    `answered` first.
    """

    def __init__(self, n, sid, record, body, machine, endpoint):
        self.n, self.sid, self.record, self.body = n, sid, record, body
        self.controller, self.endpoint = machine, endpoint
        self.waiting_until_ms = self.media_since_ms = None
        self.turn_kept = machine.turn  # in the database
        self.was_held, self.asked_anew, self.silent = False, False, False
        self.recorder = None  # of a test
        self._owed = {}  # group -> [do, due_ms, tries left]
        self._refs = {}  # ctr -> do

    @property
    def kind(self):
        return self.body["kind"]

    @property
    def is_over(self):
        return self.body["state"] == ENDED

    def look(self, at_ms=None):
        """Bring the body up to date with the machine and the sound. `at_ms`: wall clock, when the flat has just been heard."""
        body, machine = self.body, self.controller
        body["mode"], body["held"], body["turn"] = machine.mode, machine.held, machine.turn
        body["codec"], body["counters"], body["unheard"] = self.endpoint.codec, self.endpoint.counters, self.silent
        if at_ms is not None:
            body["seen_ms"] = at_ms
        if machine.state in (c.CONNECTED, c.RECONNECTING):
            body["state"] = HELD if machine.held else CONNECTED
        elif machine.state == c.ENDING:
            body["state"] = ENDING
        return body

    def view(self):
        return talk_view(self.n, self.sid, self.record.unit, self.look())

    def owe(self, do, now_ms):
        """A command went to the machine: again later, unless it is confirmed or another of its kind follows."""
        if do in _GROUPS:
            self._owed[_GROUPS[do]] = [do, now_ms + _AGAIN_MS, _TRIES - 1]

    def owes(self, do):
        """True while this command is not confirmed by the flat."""
        return self._owed.get(_GROUPS.get(do), [None])[0] == do

    def sent(self, do, ctr):
        self._refs[ctr] = do
        while len(self._refs) > _REFS_MAX:
            del self._refs[next(iter(self._refs))]

    def confirmed(self, ref):
        """The command with this number, or None; it is not sent again."""
        do = self._refs.pop(ref, None)
        if self._owed.get(_GROUPS.get(do), [None])[0] == do:
            del self._owed[_GROUPS[do]]
        return do

    def commands_due(self, now_ms):
        """Commands to send again now."""
        due = []
        for group, owed in list(self._owed.items()):
            if owed[1] <= now_ms:
                due.append(owed[0])
                owed[1], owed[2] = now_ms + _AGAIN_MS, owed[2] - 1
                if not owed[2]:
                    del self._owed[group]
        return due

    def next_due(self):
        """ms of the soonest of all that happens by itself, or None."""
        dues = [owed[1] for owed in self._owed.values()] + [self.controller.next_due(), self.waiting_until_ms]
        return min((due for due in dues if due is not None), default=None)
