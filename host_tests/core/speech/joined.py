"""A flat and its controllers joined in memory by queues that deliver, lose, and bring a message twice, the second time late.

Order is kept within a queue, as MQTT does. All ends share one clock in ms. A world is copied for each branch of a walk, so queues
and messages are never changed in place.
"""

from firmware.core.speech import session as s
from firmware.core.speech.policy import Policy
from firmware.core.timers import Timers
from host_tests.core.speech.descriptions import CALL, SID_A, SID_B, local, media
from tools.desk.talk import controller as c

TIMERS = Timers()
QUEUED = 4  # messages on their way in one direction
STORM = 60  # messages that may follow one another without time passing


def clone(thing):
    other = type(thing).__new__(type(thing))
    other.__dict__.update(thing.__dict__)
    return other


class Joined:
    """`ends`: the controllers; `down`, `up`: a queue for each of them; `late`: messages that come a second time."""

    def __init__(self, kinds=("alarm",), policy=None, call="ANSWERED"):
        self.now = 0
        self.flat = s.Session(TIMERS, policy or Policy("auto", True))
        self.call = call  # state of the one call
        self.ends = tuple(c.Controller(sid, number + 1, kind, CALL if kind == "alarm" else "", "who", media(port=4000 + number))
                          for number, (sid, kind) in enumerate(zip((SID_A, SID_B), kinds, strict=False)))
        self.down = self.up = tuple(() for _ in kinds)
        self.late = ()
        self.ports = 0
        self.lost = False  # the flat has told the call that its speech was lost
        self.answered = frozenset()  # (sid, turn) that the flat has answered

    def copy(self):
        other = clone(self)
        other.flat = clone(self.flat)
        for name in ("policy", "microphone", "evidence", "_turns", "_loss", "_length"):
            setattr(other.flat, name, clone(getattr(self.flat, name)))
        other.ends = tuple(clone(end) for end in self.ends)
        return other

    # --- acts; each returns self

    def flat_does(self, event, *data):
        for action in self.flat.handle(event, self.now, *data):
            if action[0] == "START_MEDIA":
                self.ports += 1
                self.flat_does(s.MEDIA_STARTED, local(5000 + 2 * self.ports))
            elif action[0] == "SPEECH_LOST":
                self.lost = True
            elif action[0] == "SAY":
                self._say(action[1], action[2])
        return self

    def _say(self, say, fields):
        if say == "answer":
            self.answered |= {(fields["sid"], fields["turn"])}
        self.up = tuple(queue + ((say, fields),) for queue in self.up)  # every desk hears the flat

    def desk_does(self, number, event, *data):
        before = self.ends[number].state
        for action in self.ends[number].handle(event, self.now, *data):
            if action[0] in ("OFFER", "CONTROL", "ALIVE"):
                self.down = _put(self.down, number, self.down[number] + ((action[0], action[1]),))
            elif action[0] == "MEDIA_START":
                assert before != c.IDLE and (self.ends[number].sid, self.ends[number].turn) in self.answered
        return self

    def deliver(self, way, number):
        """The head of a queue arrives. `way`: "down" or "up"."""
        queues = getattr(self, way)
        message = queues[number][0]
        setattr(self, way, _put(queues, number, queues[number][1:]))
        return self.arrive(way, number, message)

    def arrive(self, way, number, message):
        name, fields = message
        if way == "up":
            return self.desk_does(number, c.SAID[name], fields)
        if name == "OFFER":
            return self.flat_does(s.OFFER_ARRIVED, fields, self.call if fields["kind"] == "alarm" else None)
        if name == "CONTROL":
            return self.flat_does(s.CONTROL_ARRIVED, fields["sid"], fields["do"])
        return self.flat_does(s.ALIVE_ARRIVED, fields["sid"])

    def press(self):
        """The tenant calls for help."""
        if self.call is None:
            self.call = "RAISED"
        return self.flat_does(s.ACTIVATED, CALL)

    def call_becomes(self, state):
        self.call = state
        return self.flat_does(s.CALL_CHANGED, CALL, state)

    # --- media and time

    def heard(self):
        """Number of the controller whose media reaches the flat and who hears the flat, or None."""
        for number, end in enumerate(self.ends):
            if end.remote is not None and end.sid == self.flat.sid and end.remote == self.flat._local:
                return number
        return None

    def next_due(self):
        dues = [self.flat.next_due()] + [end.next_due() for end in self.ends]
        return min((due for due in dues if due is not None), default=None)

    def pass_time(self, with_media=True):
        """To the next timer of any end, with media if both ends agree where it is."""
        self.now = self.next_due()
        if with_media and self.heard() is not None and self.flat.speaking():
            self.flat_does(s.MEDIA_HEARD)
        if self.flat.state == s.ANNOUNCING:
            self.flat_does(s.ANNOUNCED)
        if self.flat.next_due() is not None and self.flat.next_due() <= self.now:
            self.flat_does(s.TICK)
        for number, end in enumerate(self.ends):
            if end.next_due() is not None and end.next_due() <= self.now:
                self.desk_does(number, c.TICK)
        return self

    # --- the end of it

    def agreed(self):
        """Nothing is on its way, and all ends have the same idea of what is: one talks with the flat, or nobody does."""
        if any(self.down) or any(self.up) or self.late:
            return False
        busy = [end for end in self.ends if end.state != c.IDLE]
        if not busy:
            return self.flat.state == s.IDLE
        end, flat = busy[0], self.flat
        return (len(busy) == 1 and end.state == c.CONNECTED and flat.state == s.CONNECTED and self.heard() is not None
                and (end.sid, end.turn) == (flat.sid, flat.turn))

    def settle_once(self):
        """One step of reliable delivery: the oldest message, else time."""
        if self.late:
            (way, number, message), self.late = self.late[0], self.late[1:]
            return self.arrive(way, number, message)
        for way in ("down", "up"):
            for number, queue in enumerate(getattr(self, way)):
                if queue:
                    return self.deliver(way, number)
        return self.pass_time()

    def key(self):
        flat = self.flat
        times = (flat._wait_ms, flat._again_ms, flat._start_ms, flat._dead_ms, flat._loss._heard_ms, flat._length._end_ms,
                 flat._connected_ms)
        ends = tuple((end.state, end.turn, end.reason, end.held, end._step, end._takeovers, end._begun, _port(end.remote),
                      end.media["port"], self._left(end._again_ms), self._left(end._silence_ms), self._left(end._longest_ms))
                     for end in self.ends)
        return (flat.state, flat.sid, flat.turn, flat.kind, flat.held, flat._pressed, flat._call_answered, _port(flat._local),
                _port(flat._media), flat.evidence.announced, flat._turns.newest, tuple(flat._turns._fates),
                flat._loss._done, flat._length._beeps, self.call, tuple(self._left(time_ms) for time_ms in times), ends,
                tuple(tuple(map(_message_key, queue)) for queue in self.down + self.up),
                tuple((way, number, _message_key(message)) for way, number, message in self.late))  # fmt: skip

    def _left(self, time_ms):
        return None if time_ms is None else time_ms - self.now


def _put(queues, number, queue):
    return queues[:number] + (queue,) + queues[number + 1:]


def _port(description):
    return description and (description["port"], description["direction"])


def _message_key(message):
    name, fields = message
    return (name, fields["sid"], fields.get("turn"), fields.get("do") or fields.get("reason") or fields.get("state"),
            _port(fields.get("media")))
