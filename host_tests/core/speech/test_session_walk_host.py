"""Walks every reachable state of the session and holds the promises against each transition (P3, P4, P6, P8).

Breadth first over the real Session with a coarse clock: all timers are 2 or 4 s, and time passes by going to the next due timer.
Two sessions, two turns, one call in all its states, privacy, a broken light, a shell that answers, fails or forgets, and hostile
messages. What is lawful is judged here from what happened, not by asking the machine.
"""

import collections

import pytest

from firmware.core import clock
from firmware.core.speech import session as s
from firmware.core.speech.policy import Policy
from firmware.core.timers import Timers
from host_tests.core.speech.descriptions import CALL, SID_A, SID_B, local, media

STEP_MS = 2000
TIMERS = Timers({
    "announce_ms": 2000, "announce_longest_ms": 4000, "answer_wait_ms": 4000, "loss_report_ms": 2000, "loss_tone_ms": 2000,
    "loss_reoffer_ms": 2000, "loss_end_ms": 4000, "session_dead_ms": 4000, "call_length_ms": 4000,
    "welfare_length_ms": 4000, "door_length_ms": 4000,
    "beep_1_ms": 2000, "beep_2_ms": 2000, "closing_ms": 2000,
})  # fmt: skip
BOUND_MS = 4000 + 4000 + 4000 + 2000  # announcement and ring, the longest speech, dead, closing
RANK = {"": 0, "door": 1, "welfare": 2, "alarm": 3}
MEDIA, INACTIVE, BAD = media(), media(direction="inactive"), media(formats=[[]] * 9, port="x")
LOCAL = local()
ACTIONS = {"SAY", "EVENT", "START_MEDIA", "STOP_MEDIA", "MODE", "VOLUME", "HOLD", "ANNOUNCE", "SOUND", "SHOW", "MICROPHONE",
           "SPEECH_HAPPENED", "SPEECH_LOST", "ACCEPT", "REFUSE", "FORGET_VOICES"}  # fmt: skip
NEXT_CALL = {None: (), "RECEIVED": ("ANSWERED", None), "ANSWERED": ("RECEIVED", None)}  # RAISED is to a session as RECEIVED
ENDS = {"dead", "media_lost"}
TEST_SID = "e" * 16


class World:
    """The session and what an onlooker has seen."""

    def __init__(self, policy, turns):
        self.session = s.Session(TIMERS, policy)
        self.turns = turns
        self.now_ms = 0
        self.call = None  # state of the one call
        self.shown = True
        self.listening = False
        self.showing = None
        self.announced = False  # in the session that is on
        self.pressed = False
        self.tests = False  # the unit tests loudspeaker and microphone

    def copy(self):
        other = World.__new__(World)
        other.__dict__.update(self.__dict__)
        other.session = _clone(self.session)
        for name in ("policy", "microphone", "evidence", "_turns", "_loss", "_length"):
            setattr(other.session, name, _clone(getattr(self.session, name)))
        return other

    def due_test(self, event):
        """True if a tick now ends the self-test."""
        return self.tests and event == s.TICK

    def key(self):
        one = self.session
        fates = [tuple(fate[1:3] for fate in one._turns._fates if fate[0] == sid) for sid in (SID_A, SID_B)]
        if one.sid == SID_B or (not one.sid and fates[1] > fates[0]):
            fates.reverse()  # the two sessions are alike: names do not matter
        return (one.state, one.turn, one.kind, one.held, one._pressed, one._call_open, one._call_answered, one.policy.privacy,
                one._media is INACTIVE, one.state == s.ANNOUNCING and one.evidence.announced, one._turns.newest, *fates,
                self.call, self.shown, self.announced, self.tests, one._test_sid,
                self._left(one._wait_ms), self._left(one._again_ms), self._left(one._start_ms), self._left(one._dead_ms),
                self._left(one._loss._heard_ms), one._loss._done, self._left(one._length._end_ms), one._length._beeps,
                self._left(one._connected_ms) == 0)  # fmt: skip

    def _left(self, tick_ms):
        return None if tick_ms is None else clock.diff(tick_ms, self.now_ms)


def _clone(thing):
    other = type(thing).__new__(type(thing))
    other.__dict__.update(thing.__dict__)
    return other


def offers(world):
    one, newest = world.session, world.session._turns.newest
    for sid in (SID_A, SID_B):
        turns = {max(newest, 1), newest + 1} if sid != one.sid else {one.turn, newest + 1}
        for turn in turns:
            if turn > world.turns:
                continue
            for kind in ("alarm", "welfare", "door"):
                yield {"sid": sid, "turn": turn, "kind": kind, "call": CALL, "who": "w", "media": MEDIA}
        if newest < world.turns:
            head = {"sid": sid, "turn": newest + 1, "kind": "alarm", "call": CALL, "who": "w"}
            yield {**head, "media": BAD}
            if sid == one.sid:
                yield {**head, "media": INACTIVE}


def moves(world):
    """Every event that can come now: (event, data)."""
    one = world.session
    for offer in offers(world):
        yield s.OFFER_ARRIVED, (offer, world.call if offer["kind"] == "alarm" else None)
    for do in ("hold", "resume", "extend", "clear_down", "light_off"):
        yield s.CONTROL_ARRIVED, (one.sid or SID_A, do)
    yield s.CONTROL_ARRIVED, ("f" * 16, "clear_down")
    yield s.ALIVE_ARRIVED, (one.sid or SID_A,)
    for digit in ("0", "7", "D"):
        yield s.DIGIT_PRESSED, (digit,)
    yield s.MEDIA_STARTED, (LOCAL,)
    yield s.PRIVACY_CHANGED, (not one.policy.privacy,)
    yield s.SHOWN_CHANGED, (not world.shown,)
    for event in (s.MEDIA_FAILED, s.MEDIA_HEARD, s.VOICE_HEARD, s.ANNOUNCED, s.ANSWER_PRESSED):
        yield event, ()
    yield s.ACTIVATED, (CALL,)
    for state in NEXT_CALL[world.call]:
        yield s.CALL_CHANGED, (CALL, state)
    if world.call is None:
        yield s.SELF_TEST_BEGAN, (TEST_SID,)
    yield s.SELF_TEST_ENDED, ()
    yield s.TICK, ()


def play(world, event, data):
    """The world after one event, checked."""
    after = world.copy()
    if event == s.TICK and after.session.next_due() is not None:
        after.now_ms = after.session.next_due()
    elif event == s.SHOWN_CHANGED:
        after.shown = data[0]
    elif event == s.CALL_CHANGED:
        after.call = data[1]
    elif event == s.ACTIVATED:
        after.call = after.call or "RECEIVED"
    elif event == s.ANSWER_PRESSED and world.session.state in (s.ANNOUNCING, s.RINGING):
        after.pressed = True
    actions = after.session.handle(event, after.now_ms, *data)
    if event == s.SELF_TEST_BEGAN and world.session.state == s.IDLE:
        after.tests = True
    elif event in (s.SELF_TEST_ENDED, s.ACTIVATED) or after.session.state != s.IDLE or world.due_test(event):
        after.tests = False
    after.tests = after.tests and after.shown and not after.session.policy.privacy
    watch(after, actions)
    if after.session.sid != world.session.sid or after.session.state in (s.IDLE, s.ENDING):
        after.pressed = False
        after.announced = after.session.state == s.ANNOUNCING and ("ANNOUNCE", after.session.kind) in actions
    elif any(action[0] == "ANNOUNCE" for action in actions):
        after.announced = True
    check(world, event, data, after, actions)
    return after, actions


def watch(world, actions):
    toned = False
    for action in actions:
        if action[0] == "SHOW":
            world.showing = action[1]
        elif action == ("SOUND", "OPENED"):
            toned = True
        elif action[0] == "MICROPHONE":
            assert action[1] != world.listening, "each opening and closing once"
            assert not action[1] or (toned and world.showing == ("TEST" if world.tests else "SPEAKING")), "light and tone first"
            world.listening = action[1]
        elif action[0] == "SPEECH_LOST":
            assert world.call is not None and world.session.kind in ("", "alarm")
            world.call = "RECEIVED" if world.call == "ANSWERED" else world.call


def lawful(world):
    """Why anybody may listen now, by what an onlooker has seen; None: nobody may."""
    one = world.session
    if world.tests:
        return "self_test" if one.state == s.IDLE and world.call is None and world.showing == "TEST" else None
    if one.state not in (s.CONNECTED, s.OFFERING) or one.held or not world.shown or world.showing != "SPEAKING":
        return None
    if one.kind == "alarm":
        return "alarm" if world.call is not None else None
    if world.announced and world.pressed:
        return one.kind + "_pressed"
    by_itself = one.policy.answering == "auto" and not one.policy.privacy and one.kind == "welfare"
    return "welfare_auto" if world.announced and by_itself else None


def check(before, event, data, after, actions):
    was, one = before.session, after.session
    names = [action[0] for action in actions]
    assert set(names) <= ACTIONS, "nothing here can clear a call (P6)"
    why = lawful(after)
    assert after.listening == one.microphone.is_open == (why is not None), "P3"
    assert names.count("START_MEDIA") == 0 or names.index("START_MEDIA") == len(names) - 1
    events = [action[2] for action in actions if action[:2] == ("EVENT", "microphone")]
    sid = TEST_SID if after.tests else one.sid
    assert all(fields["why"] == why and fields["sid"] == sid for fields in events if fields["open"]), "with who and why"
    told = [fields["open"] for fields in events]
    opened = [action[1] for action in actions if action[0] == "MICROPHONE"]
    assert told == opened or (event == s.ACTIVATED and told == [True]), "each opening and closing is an event"
    if was.sid and one.sid != was.sid and event == s.OFFER_ARRIVED:
        assert RANK[one.kind] >= RANK[was.kind] and data[0]["turn"] > was._turns.newest
    if event == s.ACTIVATED and was.kind == "welfare" and was.state != s.STARTING:
        assert one.sid == was.sid and one.kind == "alarm" and "STOP_MEDIA" not in names, "P4: the speech stays"
    lost = [action for action in actions if action[:2] == ("SAY", "ended") and action[2]["reason"] in ENDS]
    assert ("SPEECH_LOST" in names) == bool(lost and was.kind == "alarm"), "P6: an alarm whose speech is lost is raised again"
    due = one.next_due()
    assert (due is None) == (one.state == s.IDLE and not after.tests), "P8"
    assert due is None or clock.diff(due, after.now_ms) >= 0, "P8"


def walk(policy, turns):
    """{key: (key after a tick, ms it took)} of every reachable state, and how many transitions were checked."""
    first = World(policy, turns)
    ticks, count = {}, 0
    waiting = collections.deque([first])
    seen = {first.key()}
    while waiting:
        world = waiting.popleft()
        for event, data in moves(world):
            after, _ = play(world, event, data)
            count += 1
            key = after.key()
            if event == s.TICK:
                ticks[world.key()] = (key, after.now_ms - world.now_ms)
            if key not in seen:
                seen.add(key)
                waiting.append(after)
    return ticks, count


def longest_way_to_idle(ticks):
    """ms that ticking alone takes from the worst state to IDLE; fails on a circle."""
    needed = {key: 0 for key in ticks if key[0] == s.IDLE}
    for start in ticks:
        path, key = [], start
        while key not in needed:
            assert len(path) < 100, "a timer that does nothing spins"
            path.append(key)
            key = ticks[key][0]
        for passed in reversed(path):
            needed[passed] = ticks[passed][1] + needed[ticks[passed][0]]
    return max(needed.values())


@pytest.mark.parametrize(("has_button", "turns", "least"), [(True, 2, 10000), (False, 1, 1000)])
def test_in_every_reachable_state_the_promises_hold(has_button, turns, least, monkeypatch):
    """Answering by press needs no walk of its own: it is what privacy does to automatic answering."""
    for name in ("_RING_MS", "_AGAIN_MS", "_START_MS", "_TWICE_MS", "_TEST_MS"):
        monkeypatch.setattr(s, name, STEP_MS)
    ticks, transitions = walk(Policy("auto", has_button), turns)
    states = collections.Counter(key[0] for key in ticks)
    told = "%d states, %d transitions: %s" % (len(ticks), transitions, dict(states))
    print(told)
    assert set(states) == set(s._TABLE) - (set() if has_button else {s.RINGING}), told
    assert len(ticks) >= least and any(key[:3:2] == (s.OFFERING, "alarm") for key in ticks), told
    assert longest_way_to_idle(ticks) <= BOUND_MS, told
