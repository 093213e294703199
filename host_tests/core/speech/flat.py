"""A session with the least shell around it: answers START_MEDIA, remembers what light, microphone and media were told.

Runs under both runtimes. `Flat.broken`: the media cannot be opened.
"""

from firmware.core import clock
from firmware.core.speech import session as s
from firmware.core.speech.policy import Policy
from firmware.core.timers import Timers
from host_tests.core.speech.descriptions import CALL, SID_A, local, offer

WORDS_MS = 1800
START = clock.PERIOD_MS - 7000  # so that every test crosses the wrap of the ticks


def at(ms):
    return clock.add(START, ms)


def names(actions):
    return [action[0] for action in actions]


def words(actions):
    """What was said, in order: [(say, reason or state or "")]."""
    return [(action[1], action[2].get("reason", action[2].get("state", ""))) for action in actions if action[0] == "SAY"]


def events(actions, name):
    """Fields of the events `name`."""
    return [action[2] for action in actions if action[0] == "EVENT" and action[1] == name]


def sounds(actions):
    return [action[1] for action in actions if action[0] == "SOUND"]


class Flat:
    """`run_until` also tells the end of the announcement, after WORDS_MS, unless `mute`."""

    mute = False

    def __init__(self, policy=None, **timers):
        self.session = s.Session(Timers(timers), policy or Policy())
        self.broken = False
        self.microphone = False
        self.shown = None
        self.media = None  # the controller's description while media runs
        self.now = 0
        self._port = 5000
        self._words_end_ms = None  # the announcement has been spoken then

    def do(self, event, ms, *data):
        """One event at `ms` and what the shell does of it. Returns all actions."""
        self.now = ms
        return self._carry_out(self.session.handle(event, at(ms), *data))

    def _carry_out(self, actions):
        done = list(actions)
        for action in actions:
            if action[0] == "MICROPHONE":
                self.microphone = action[1]
            elif action[0] == "SHOW":
                self.shown = action[1]
            elif action[0] == "STOP_MEDIA":
                self.media = None
            elif action[0] == "ANNOUNCE":
                self._words_end_ms = self.now + WORDS_MS
            elif action[0] == "START_MEDIA":
                done += self._start(action[1])
        return done

    def _start(self, media):
        if self.broken:
            return self._carry_out(self.session.handle(s.MEDIA_FAILED, at(self.now)))
        self.media = media
        self._port += 2
        return self._carry_out(self.session.handle(s.MEDIA_STARTED, at(self.now), local(self._port)))

    def run_until(self, end_ms, heard_every_ms=0):
        """Ticks at every due time to `end_ms`, with media heard meanwhile. [(ms, action)]."""
        done = []
        heard_ms = self.now + heard_every_ms if heard_every_ms else end_ms + 1
        while True:
            due = self.session.next_due()
            due_ms = end_ms + 1 if due is None else clock.diff(due, START)
            if self._words_end_ms is not None and self._words_end_ms <= min(due_ms, heard_ms, end_ms):
                words_end_ms, self._words_end_ms = self._words_end_ms, None
                done += [] if self.mute else [(words_end_ms, action) for action in self.do(s.ANNOUNCED, words_end_ms)]
                continue
            if min(due_ms, heard_ms) > end_ms:
                return done
            if heard_ms <= due_ms:
                done += [(heard_ms, action) for action in self.do(s.MEDIA_HEARD, heard_ms)]
                heard_ms += heard_every_ms
                continue
            assert due_ms >= self.now
            actions = self.do(s.TICK, due_ms)
            assert self.session.next_due() != due, "a timer that does nothing would spin"
            done += [(due_ms, action) for action in actions]


def alarm(**more):
    """A flat in the speech of an alarm since 0 ms. (flat, actions)"""
    flat = Flat(**more)
    return flat, flat.do(s.OFFER_ARRIVED, 0, offer(), "ANSWERED")


def calling(kind="intercom", policy=None, **timers):
    """A flat to which a call of `kind` is being announced since 0 ms. (flat, actions)"""
    flat = Flat(policy, **timers)
    return flat, flat.do(s.OFFER_ARRIVED, 0, offer(kind=kind), None)


def speaking(kind="intercom", policy=None, **timers):
    """The same, announced and connected at 3000 ms, by a press if the policy wants one. (flat, actions)"""
    flat, _ = calling(kind, policy, **timers)
    actions = flat.do(s.ANNOUNCED, 3000)
    if flat.session.state == s.RINGING:
        actions += flat.do(s.ANSWER_PRESSED, 3000)
    return flat, actions


__all__ = ["CALL", "SID_A", "Flat", "alarm", "at", "calling", "events", "names", "offer", "s", "sounds", "speaking", "words"]
