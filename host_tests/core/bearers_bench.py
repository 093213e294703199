"""core.bearers with a clock, for its tests."""

from firmware.core import bearers, clock
from firmware.core.bearers import CARRYING

START_MS = clock.PERIOD_MS - 20000  # crosses the wrap


class Bench:
    """The rules with a clock. `said`: actions but ON and OFF; `on`: who is switched on."""

    def __init__(self, *names):
        self.names = names
        self.now_ms = START_MS
        self.rules = bearers.Bearers(names)
        self.on = set()
        self.said = []
        self.tell("WOKEN")

    def tell(self, event, *data):
        for action in self.rules.handle(getattr(bearers, event, event), self.now_ms, *data):
            if action[0] == "ON":
                self.on.add(self.names[action[1]])
            elif action[0] == "OFF":
                self.on.discard(self.names[action[1]])
            else:
                self.said.append(self._named(action))

    def _named(self, action):
        if action[0] == "CARRY":
            was = None if action[2] is None else self.names[action[2]]
            return ("CARRY", self.names[action[1]], was) + action[3:]
        return ("FAULT", self.names[action[1]], action[2]) if action[0] == "FAULT" else action

    def came(self, name):
        self.tell("UP", self.names.index(name))

    def went(self, name):
        self.tell("DOWN", self.names.index(name))

    def run(self, seconds):
        """Returns what was said meanwhile."""
        before = len(self.said)
        for _ in range(int(seconds * 4)):
            self.now_ms = clock.add(self.now_ms, 250)
            self.tell("TICK")
        return self.said[before:]

    def carrier(self):
        return self.names[self.rules.carrier]

    def well(self, name):
        """`name` carries and the link is up over it."""
        self.came(name)
        self.tell("ONLINE")
        assert self.carrier() == name and self.rules.state == CARRYING
        return self
