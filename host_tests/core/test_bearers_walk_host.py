"""core/bearers.py: every state that events lead to, from each set of bearers; what holds in all, and the way out (P4, P8)."""

from firmware.core import bearers, clock
from firmware.core.bearers import CARRYING, CHANGING, PROVING, RESTING

_STEP_MS = 7500  # half of the shortest limit that a call counts with, 15 s; three quarters of the steady time
_DEEPEST = 7
_SETS = (("ethernet", "wifi"), ("wifi", "cellular"), ("ethernet", "wifi", "cellular"), ("wifi",), ("cellular",))


class Walked:
    """The rules, the outside as far as it matters to them, and what was switched on by actions alone."""

    def __init__(self, names):
        self.names = names
        self.rules = bearers.Bearers(names)
        self.now_ms = clock.PERIOD_MS - 30000
        self.on = set()
        self.up = set()
        self.online = self.called = self.busy = False
        self.carrier = None
        self.waited_ms = 0  # that the open call has waited with nothing but its carrier on
        self.taken = False  # a modem was dialled beside the carrier, and has its route
        self.stuck_ms = 0  # that the open call has waited for that modem, with a carrier that has a network
        self.obey(self.rules.handle(bearers.WOKEN, self.now_ms))

    def obey(self, actions):
        for action in actions:
            verb = action[0]
            if verb == "ON":
                assert action[1] not in self.on, "switched on twice"
                self.on.add(action[1])
            elif verb == "OFF":
                assert action[1] in self.on, "switched off twice"
                self.on.discard(action[1])
                self.up.discard(action[1])
                self.taken = False
            elif verb == "CARRY":
                assert action[3] in ("lost", "dead", "supply", "back") and action[2] != action[1]
                if action[4]:
                    self.online = False
            else:
                assert verb in ("GO_OVER", "STAY", "FAULT")
        self.hold()

    def tell(self, event, *data):
        self.obey(self.rules.handle(getattr(bearers, event), self.now_ms, *data))

    def hold(self):
        """What holds in every state."""
        rules = self.rules
        if rules.state == RESTING:
            assert not self.on and rules.coming is None
            return
        wanted = {rules.carrier} if rules.coming is None else {rules.carrier, rules.coming}
        assert self.on == wanted and rules.coming != rules.carrier, (self.on, wanted)
        assert (rules.coming is None) == (rules.state == CARRYING) and rules.state in (CARRYING, CHANGING, PROVING)

    def events(self):
        """(event, data) that may come now."""
        found = [("OFFLINE",) if self.online else ("ONLINE",), ("SERVED",) if self.called else ("CALLED",),
                 ("CALM",) if self.busy else ("BUSY",), ("ON_BATTERY",), ("ON_MAINS",), ("TICK",)]
        for index in sorted(self.on):
            found.append(("DOWN", index) if index in self.up else ("UP", index))
            if self.names[index] == "cellular" and index == self.rules.coming and index not in self.up:
                found.append(("DIALLED",))
        if self.rules.state == PROVING:
            found += [("JOINED",), ("FAILED",)]
        found.append(("WOKEN",) if self.rules.state == RESTING else ("RESTED",))
        return found

    def step(self, event):
        verb = event[0]
        if verb == "TICK":
            for _ in range(_STEP_MS // 250):
                self.now_ms = clock.add(self.now_ms, 250)
                self.tell("TICK")
                self.wait()
            return
        if verb in ("UP", "DOWN"):
            self.up.add(event[1]) if verb == "UP" else self.up.discard(event[1])
            if event == ("UP", self.rules.carrier):
                self.taken = False
        if verb == "DIALLED":
            self.taken = True
        if verb in ("ONLINE", "OFFLINE"):
            self.online = verb == "ONLINE"
        if verb in ("CALLED", "SERVED"):
            self.called = verb == "CALLED"
            self.waited_ms = 0
        if verb in ("BUSY", "CALM"):
            self.busy = verb == "BUSY"
        self.tell(*event)

    def wait(self):
        """A call has another bearer beside its carrier after 15 s at the most, while the link is down (DESIGN, timers)."""
        alone = len(self.on) == 1 and len(self.names) > 1 and self.rules.state != RESTING
        if self.called and alone and not self.online:
            self.waited_ms += 250
            assert self.waited_ms <= 15000, "a call waits"
        else:
            self.waited_ms = 0
        if self.called and self.taken and self.rules.carrier in self.up and not self.online:
            self.stuck_ms += 250
            assert self.stuck_ms <= 30000, "a call waits for a route that a modem has"
        else:
            self.stuck_ms = 0

    def key(self):
        """What the state is, with times as far as they matter."""
        rules = self.rules
        ages = []
        for tick_ms in (rules._called_ms, rules._ill_ms, rules._turned_ms, rules._due_ms, rules._back_ms, rules._dialled_ms):
            ages.append(None if tick_ms is None else min(max(clock.diff(self.now_ms, tick_ms) // _STEP_MS, -3), 3))
        tried = tuple(one.tried for one in rules._all)
        return (rules.state, rules.carrier, rules.coming, tuple(sorted(self.up)), self.online, self.called, self.busy,
                rules._battery, rules._why, min(rules._fruitless, 2 + (rules._fruitless & 1)), tuple(ages), tried)


def walked(names, path):
    one = Walked(names)
    for event in path:
        one.step(event)
    return one


def mends(one):
    """From wherever it is: with a network on every bearer that is switched on, and the service there, the link is up within
    some minutes, over the preferred one within two hours."""
    if one.rules.state == RESTING:
        one.step(("WOKEN",))
    one.step(("ON_MAINS",))
    if one.busy:
        one.step(("CALM",))
    carried_ms = None
    start_ms = one.now_ms
    proof_ms = 0
    while clock.diff(one.now_ms, start_ms) < 7300000:
        one.now_ms = clock.add(one.now_ms, 1000)
        one.tell("TICK")
        for index in sorted(one.on - one.up):
            one.step(("UP", index))
        if one.rules.carrier in one.up and not one.online:
            one.step(("ONLINE",))
        if one.called:
            one.step(("SERVED",))
        proof_ms = proof_ms + 1000 if one.rules.state == PROVING else 0
        if proof_ms > 2000:
            one.step(("JOINED",))
        if one.online and carried_ms is None:
            carried_ms = clock.diff(one.now_ms, start_ms)
        if carried_ms is not None and one.rules.carrier == 0 and one.rules.state == CARRYING:
            break
    assert carried_ms is not None and carried_ms <= 120000
    assert one.rules.carrier == 0 and one.rules.state == CARRYING


def test_whatever_happens_one_carries_nobody_waits_too_long_and_it_mends():
    reached = 0
    states = set()
    for names in _SETS:
        seen = {walked(names, ()).key()}
        edge = [()]
        for _ in range(_DEEPEST if len(names) < 3 else _DEEPEST - 2):
            further = []
            for path in edge:
                for event in walked(names, path).events():
                    one = walked(names, path + (event,))
                    key = one.key()
                    if key not in seen:
                        seen.add(key)
                        further.append(path + (event,))
            edge = further[:: max(1, len(further) // 250)]
        for path in edge[:: max(1, len(edge) // 50)]:
            one = walked(names, path)
            states.add(one.rules.state)
            mends(one)
        reached += len(seen)
    assert reached > 3000, reached
    assert states == {RESTING, CARRYING, CHANGING, PROVING}, states
