"""Any order of events, held against the rule itself: a pull is a test only if a test waits for it and no real call is on."""

import random

from firmware.core import call as one
from host_tests.test_testing import REAL_MS, SETTLE_MS, Program
from host_tests.walk.small_flat import Flat

INPUTS = ("button", "cord1", "cord2")
STEP_MS = 100
ACTS = ("pull", "pull", "release", "release", "wait", "wait", "start", "stop", "receipt", "receipt", "clear", "clear", "break",
        "long", "speech")


class Rule:
    """What a pull is, by what has happened in the flat; knows nothing of how the unit finds out."""

    def __init__(self, flat):
        self.flat = flat
        self.left = set()  # inputs that the test has not seen pulled
        self.calm_ms = 0  # since the test began, or the last real call or speech was over
        self.runs = self.spoiled = False

    def begun(self):
        self.left, self.calm_ms, self.runs, self.spoiled = set(INPUTS), 0, True, False

    def passes(self):
        """After STEP_MS and a look."""
        self.spoiled = False
        if self.flat.speaking or any(not call.is_test() for call in self.flat.calls.open):
            self.calm_ms = -STEP_MS
        self.calm_ms += STEP_MS

    def pull(self, name):
        may = self.runs and not self.spoiled and name in self.left and self.calm_ms >= SETTLE_MS and self._no_real()
        if not may:
            self.spoiled = True
            self.calm_ms = min(self.calm_ms, 0)
        return "test" if may else "activated"

    def _no_real(self):
        return not self.flat.speaking and all(call.is_test() for call in self.flat.calls.open)


def play(seed):
    """One life of a flat; how often each cause was seen."""
    chance = random.Random(seed)
    Program.breaks = ""
    flat = Flat(Program, inputs=INPUTS)
    rule, down, seen = Rule(flat), {}, {"test": 0, "activated": 0}
    for _ in range(300):
        act = chance.choice(ACTS)
        name = chance.choice(INPUTS)
        if act == "pull" and name not in down:
            wanted = rule.pull(name)
            found = flat.pull(name)
            assert found == "activated" or found == wanted, (seed, name, "a real call was taken for a test")
            if found == "test":  # a real one proves nothing to the test
                rule.left.discard(name)
            down[name] = [found, 0]
            seen[found] += 1
        elif act == "release" and name in down:
            flat.release(name)
            del down[name]
        elif act in ("wait", "long"):
            for _ in range(chance.randrange(1, 12) if act == "wait" else 60):
                flat.later(STEP_MS)
                rule.passes()
                rule.runs = flat.testing.runs
                for held_name, held in down.items():
                    held[1] += STEP_MS
                    if held[0] == "test" and held[1] == REAL_MS + STEP_MS:
                        assert not any(call.is_test() for call in flat.calls.open), (seed, "held, and still a test")
                        rule.left.add(held_name)  # it waits anew once it is released
        elif act == "start" and flat.tell("start", test="") == "":
            rule.begun()
        elif act == "stop":
            flat.tell("stop")
        elif act == "receipt":
            flat.receipt()
        elif act == "clear":
            flat.clear()
        elif act == "speech":
            flat.speaking = not flat.speaking
        elif act == "break" and chance.random() < 0.1:
            Program.breaks = chance.choice(["felt", "step", ""])
        for call in flat.calls.open:
            causes = {one.CAUSES[trigger[3]] for trigger in call.triggers}
            assert call.is_test() == (causes == {"test"}), seed
    return seen


def test_no_order_of_events_turns_a_real_call_into_a_test():
    total = {"test": 0, "activated": 0}
    for seed in range(400):
        seen = play(seed)
        for cause in seen:
            total[cause] += seen[cause]
    assert total["test"] > 200 and total["activated"] > 5000, total
