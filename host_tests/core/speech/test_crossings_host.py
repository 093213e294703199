"""Flat and controllers joined in memory: every crossing of messages to a stated depth, and the known ones by name.

At each step any message may arrive, be lost, or arrive and come once more later; either end may act by itself; time may pass with
or without media. From every state reached, reliable delivery must bring both ends to agree: connected with the same session and
turn and media that flows, or both idle.
"""

import pytest

from firmware.core.speech import session as s
from firmware.core.speech.policy import Policy
from host_tests.core.speech.descriptions import SID_A, SID_B, media
from host_tests.core.speech.joined import QUEUED, STORM, Joined
from tools.desk.talk import controller as c

AGREED_MS = 60000  # the longest is a ring of 45 s that nobody hears of, with its announcement


def begin(kinds=("alarm",), **more):
    return Joined(kinds, **more).desk_does(0, c.TALK_WANTED)


def settled(world):
    """The world once all ends agree."""
    deliveries, since = 0, world.now
    while not world.agreed():
        before = world.now
        world.settle_once()
        deliveries = deliveries + 1 if world.now == before else 0
        assert deliveries < STORM and world.now - since <= AGREED_MS, world.key()
    return world


def connected(kinds=("alarm",), **more):
    """All ends agree that controller 0 speaks with the flat."""
    world = settled(begin(kinds, **more))
    assert world.ends[0].state == c.CONNECTED and world.flat.microphone.is_open
    return world


def moves(world):
    """Every next step: (name, function of a copy)."""
    for way in ("down", "up"):
        for number, queue in enumerate(getattr(world, way)):
            if queue:
                yield "deliver", lambda w, way=way, n=number: w.deliver(way, n)
                yield "lose", lambda w, way=way, n=number: lose(w, way, n)
                if not world.late:
                    yield "twice", lambda w, way=way, n=number: twice(w, way, n)
    if world.late:
        yield "late", lambda w: w.settle_once()
    for number, end in enumerate(world.ends):
        if end.state == c.IDLE and not end._begun:
            yield "talk", lambda w, n=number: w.desk_does(n, c.TALK_WANTED)
        elif end.state in (c.OFFERING, c.CONNECTED, c.RECONNECTING):
            yield "end", lambda w, n=number: w.desk_does(n, c.END_WANTED)
        if end.state == c.CONNECTED:
            yield "move", lambda w, n=number: w.desk_does(n, c.MEDIA_MOVED, media(port=w.ends[n].media["port"] + 10))
            yield "hold", lambda w, n=number: w.desk_does(n, c.COMMAND_GIVEN, "resume" if w.ends[n].held else "hold")
    if world.flat.sid:
        yield "press", lambda w: w.press()
        yield "answer", lambda w: w.flat_does(s.ANSWER_PRESSED)
        if world.call == "ANSWERED":
            yield "over", lambda w: w.call_becomes(None)
    if world.next_due() is not None:
        yield "time", lambda w: w.pass_time()
        yield "silence", lambda w: w.pass_time(with_media=False)


def lose(world, way, number):
    queues = getattr(world, way)
    setattr(world, way, queues[:number] + (queues[number][1:],) + queues[number + 1:])
    return world


def twice(world, way, number):
    message = getattr(world, way)[number][0]
    world.deliver(way, number)
    world.late = ((way, number, message),)
    return world


def check(before, world):
    flat = world.flat
    assert not flat.microphone.is_open or (flat.speaking() and not flat.held and flat.sid in {end.sid for end in world.ends})
    assert all(end.state != c.CONNECTED or (end.sid, end.turn) in world.answered for end in world.ends)
    if before.flat.kind == "alarm" and flat.sid and flat.sid != before.flat.sid:
        assert flat.kind == "alarm", "an alarm's speech gives way to nothing lower (P4)"
    assert world.call == before.call or world.call in (None, "RAISED"), "speech clears no call (P6)"


class Agreement:
    """Remembers which states are known to come to agree, so that each is followed once."""

    def __init__(self):
        self.known = {}
        self.longest_ms = 0

    def check(self, world):
        """ms until all ends agree under reliable delivery."""
        path, deliveries = [], 0
        while not world.agreed():
            key = world.key()
            if key in self.known:
                break
            path.append((key, world.now))
            before = world.now
            world = world.copy().settle_once()
            deliveries = deliveries + 1 if world.now == before else 0
            assert deliveries < STORM, "messages without end"
            assert len(path) < 400 and world.now - path[0][1] <= AGREED_MS, "they never agree"
        left_ms = 0 if world.agreed() else self.known[world.key()]
        for key, now_ms in path:
            self.known[key] = left_ms + world.now - now_ms
            self.longest_ms = max(self.longest_ms, self.known[key])


def walk(world, depth):
    """Every interleaving of `depth` steps. (states, transitions, longest ms to agreement)."""
    agreement, seen, layer, transitions = Agreement(), {world.key()}, [world], 0
    agreement.check(world)
    for _ in range(depth):
        fresh = []
        for before in layer:
            for _, act in moves(before):
                after = act(before.copy())
                transitions += 1
                check(before, after)
                key = after.key()
                if key not in seen and max(map(len, after.down + after.up)) <= QUEUED:
                    seen.add(key)
                    agreement.check(after)
                    fresh.append(after)
        layer = fresh
    return len(seen), transitions, agreement.longest_ms


@pytest.mark.parametrize(("name", "world", "depth"), [
    ("an alarm from its first offer", lambda: Joined(), 8),
    ("an alarm that is connected", connected, 6),
    ("a welfare call and a press", lambda: begin(("welfare",), policy=Policy("press", True), call=None), 7),
    ("a takeover by a second controller", lambda: connected(("alarm", "alarm")), 5),
    ("an alarm over a welfare call", lambda: connected(("welfare", "alarm")), 5),
])  # fmt: skip
def test_whatever_crosses_the_ends_come_to_agree(name, world, depth):
    states, transitions, longest_ms = walk(world(), depth)
    print("%s: depth %d, %d states, %d transitions, agreed within %d ms" % (name, depth, states, transitions, longest_ms))
    assert states > 300 and longest_ms <= AGREED_MS


def run_to(world, event_state):
    """Time without media until the flat is in that state."""
    while world.flat.state != event_state:
        world.pass_time(with_media=False)
    return world


def said(world, number=0):
    """What is on its way up to that controller: [(say, reason or state)]."""
    return [(say, fields.get("reason") or fields.get("state") or "") for say, fields in world.up[number]]


def test_a_reoffer_of_the_flat_that_crosses_the_controller_s_own_ends_in_one_session():
    world = run_to(connected(), s.OFFERING)
    world.up = ((world.up[0][-1],),)  # the reports of the silence have long arrived
    world.desk_does(0, c.MEDIA_MOVED, media(port=4700))
    assert said(world) == [("reoffer", "")] and [name for name, _ in world.down[0]] == ["OFFER"]
    settled(world)
    assert (world.flat.state, world.flat.turn, world.flat._media["port"]) == (s.CONNECTED, 2, 4700)
    assert world.ends[0].state == c.CONNECTED


def test_a_reoffer_whose_message_is_lost_is_said_again_and_the_speech_goes_on():
    world = run_to(connected(), s.OFFERING)
    lose_all(world)
    settled(world)
    assert (world.flat.state, world.ends[0].state, world.flat.turn) == (s.CONNECTED, c.CONNECTED, 2) and not world.lost


def lose_all(world):
    world.up, world.down = tuple(() for _ in world.up), tuple(() for _ in world.down)


def test_a_takeover_that_crosses_a_clear_down_leaves_the_new_one_in_speech():
    for first in (0, 1):
        world = connected(("alarm", "alarm"))
        world.desk_does(0, c.END_WANTED)
        world.desk_does(1, c.TALK_WANTED)
        world.deliver("down", first)
        settled(world)
        assert (world.flat.sid, world.flat.state, world.flat.kind) == (SID_B, s.CONNECTED, "alarm"), first
        assert (world.ends[0].state, world.ends[1].state) == (c.IDLE, c.CONNECTED)
        assert world.ends[0].reason == ("clear_down" if first == 0 else "taken_over") and not world.lost


def test_a_takeover_that_crosses_a_reoffer_leaves_the_new_one_in_speech():
    for first in (0, 1):
        world = connected(("alarm", "alarm"))
        world.desk_does(0, c.MEDIA_MOVED, media(port=4700))
        world.desk_does(1, c.TALK_WANTED)
        world.deliver("down", first)
        settled(world)
        assert (world.flat.sid, world.ends[0].state, world.ends[1].state) == (SID_B, c.IDLE, c.CONNECTED), first
        assert world.ends[0].reason == "taken_over" and world.ends[1].turn == (3 if first == 0 else 2)


def test_a_press_that_crosses_a_reoffer_keeps_the_speech_as_that_of_the_call():
    world = connected(("welfare",), call=None)
    world.desk_does(0, c.MEDIA_MOVED, media(port=4700))
    world.press()
    settled(world)
    assert (world.flat.kind, world.flat.sid, world.flat.turn) == ("alarm", SID_A, 2) and world.flat.microphone.is_open


def test_a_press_that_crosses_the_first_offer_of_a_welfare_call_is_not_lost():
    world = begin(("welfare",), call=None).press()  # the call is raised by itself; the flat has no session yet
    settled(world)
    assert world.call == "RAISED" and (world.flat.state, world.flat.kind) == (s.CONNECTED, "welfare")
    world.press()
    assert (world.flat.kind, world.call) == ("alarm", "RAISED")


def test_a_press_while_it_rings_crosses_the_clear_down_of_the_caller():
    world = begin(("welfare",), policy=Policy("press", True), call=None)
    run_to(world.deliver("down", 0), s.RINGING)
    world.desk_does(0, c.END_WANTED)
    world.press()
    assert world.flat.state == s.CONNECTED
    settled(world)
    assert (world.flat.state, world.ends[0].reason, world.call) == (s.IDLE, "clear_down", "RAISED")


def test_the_flat_s_end_that_crosses_a_command_is_the_end():
    world = connected()
    world.desk_does(0, c.COMMAND_GIVEN, "hold")
    world.call_becomes(None)
    assert world.flat.handle(s.CONTROL_ARRIVED, world.now, SID_A, "hold")[0] == ("REFUSE", "no_such_session")
    settled(world)
    assert (world.flat.state, world.ends[0].state, world.ends[0].reason) == (s.IDLE, c.IDLE, "call_over")


def test_an_answer_that_crosses_the_giving_up_is_taken_back():
    world = begin()
    world.deliver("down", 0)  # the flat has connected; its answer is on its way
    world.desk_does(0, c.END_WANTED)
    settled(world)
    assert (world.flat.state, world.ends[0].reason, world.lost) == (s.IDLE, "clear_down", False)


def test_a_lost_answer_is_said_again_to_the_repeated_offer():
    world = begin().deliver("down", 0)
    lose_all(world)
    settled(world)
    assert (world.flat.turn, world.ends[0].state, world.now) == (1, c.CONNECTED, 1000)


def test_a_controller_that_vanishes_costs_the_call_nothing_it_is_raised_again_in_31_s_p6():
    world = connected()
    started = world.now
    while world.flat.sid:
        lose_all(world)
        world.pass_time(with_media=False)
    assert world.lost and world.now - started <= 31000 and not world.flat.microphone.is_open


def test_an_offer_that_comes_twice_and_late_begins_nothing():
    world = connected()
    again = ("OFFER", {"sid": SID_A, "turn": 1, "kind": "alarm", "call": world.flat.call, "who": "who", "media": media()})
    world.desk_does(0, c.END_WANTED)
    settled(world)
    world.arrive("down", 0, again)
    assert said(world) == [("ended", "clear_down")] and world.flat.sid == ""
    settled(world)
