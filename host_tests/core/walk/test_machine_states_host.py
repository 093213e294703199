"""Every state that a test can get into, walked: each leads out by ticking alone (P8), none passes what was not done (P7)."""

from firmware.core.walk import machine as m

LIMITS = (1, 2, 3, 5)  # settle, receipt, idle, longest: so few "ms" make the whole space small
STEPS = ["pull:cord1", "ask:light", "clock"]
EVENTS = (
    (m.PULLED, "cord1", True), (m.RELEASED, "cord1"), (m.RECEIVED, "cord1", 0), (m.HELD, "cord1"),
    (m.ANSWERED, "ask:light", "yes"), (m.ANSWERED, "ask:light", "no"), (m.SKIPPED, "pull:cord1", "why"),
    (m.SKIPPED, "clock", "why"), (m.REAL,), (m.OVER,), (m.STOPPED,),
    (m.MEASURED, "clock", "pass", "", None), (m.MEASURED, "clock", "fail", "", None), (m.TICK,),
)


class Path:
    """A machine at a time, and what has truly happened to cord1 since its newest pull that could count."""

    def __init__(self, machine, now_ms, seen, begun):
        self.machine, self.now_ms, self.seen, self.begun = machine, now_ms, seen, begun

    def after(self, event):
        """The next one, with every rule checked on the way."""
        before = copied(self.machine)
        machine = copied(self.machine)
        actions = machine.handle(event[0], self.now_ms, *event[1:])
        check_rules(before, machine, event, actions, self.now_ms)
        seen = self._seen(before, event)
        check_pull(machine, before, seen)
        begun = self.begun
        for action in actions:
            if action[0] == "BEGIN":
                assert not begun, "one thing at a time"
                begun = action[1]
            elif action[0] == "BREAK_OFF" or (action[0] == "RESULT" and action[1] == begun):
                begun = ""
        assert not (machine.state in (m.PAUSED, m.ENDED) and begun), "something still runs"
        return Path(machine, self.now_ms, seen, begun)

    def _seen(self, before, event):
        """Which of pulled, released, received have happened: of a pull that `waiting()` announced."""
        seen = set(self.seen)
        if event[0] == m.PULLED and "cord1" in before.waiting():
            seen = {m.PULLED}
        elif event[0] == m.HELD and m.RELEASED not in seen:
            seen = set()
        elif event[0] in (m.RELEASED, m.RECEIVED) and m.PULLED in seen:
            seen.add(event[0])
        return tuple(sorted(seen))

    def later(self):
        return Path(copied(self.machine), self.now_ms + 1, self.seen, self.begun)

    def key(self):
        one = self.machine
        timers = one._settled_ms if one.state == m.SETTLING else one._idle_due  # asking again changes nothing
        return repr((self.now_ms, self.seen, self.begun, one.state, one.results, sorted(one._pulls.items()), timers, one._doing,
                     one._asked))


def copied(machine):
    new = m.Machine(STEPS, LIMITS)
    for name in ("state", "verdict", "_settled_ms", "_idle_due", "_doing", "_doing_due", "_asked", "_asked_due"):
        setattr(new, name, getattr(machine, name))
    new.results = [list(one) for one in machine.results]
    new._pulls = {name: list(machine._pulls[name]) for name in machine._pulls}
    return new


def check_rules(before, machine, event, actions, now_ms):
    verbs = [action[0] for action in actions]
    if machine.verdict == "PASS":
        assert [one[1] for one in machine.results] == ["pass"] * len(STEPS)
    assert (machine.state == m.ENDED) == (machine.verdict != "")
    assert ("END" in verbs) == (machine.state == m.ENDED != before.state)
    assert verbs.count("END") == 0 or verbs[-1] == "END"
    for was, now in zip(before.results, machine.results, strict=True):
        assert was[1] == "open" or was == now, "a result stands"
    if machine.waiting():
        assert machine.state == m.WALKING and before.state != m.PAUSED
    if before.state == m.PAUSED and event[0] != m.OVER:
        assert "BEGIN" not in verbs and "ASK" not in verbs
    due_ms = machine.next_due()
    assert (due_ms is None) == (machine.state == m.ENDED)
    if due_ms is not None and now_ms < due_ms:
        quiet = copied(machine)
        assert quiet.handle(m.TICK, now_ms) == [] and quiet.state == machine.state, "nothing is due before it is due"


def check_pull(machine, before, seen):
    if machine.results[0][1] == "pass" and before.results[0][1] == "open":
        assert seen == tuple(sorted((m.PULLED, m.RELEASED, m.RECEIVED))), seen


def reached():
    """Every path to a state that was not reached before."""
    first = Path(m.Machine(STEPS, LIMITS), 0, (), "")
    found, new = {first.key(): first}, [first]
    while new:
        path = new.pop()
        steps = [path.after(event) for event in EVENTS]
        if path.now_ms <= LIMITS[3] and path.machine.state != m.ENDED:
            steps.append(path.later())
        for step in steps:
            if step.key() not in found:
                found[step.key()] = step
                new.append(step)
    return list(found.values())


ALL = reached()


def test_the_walk_reaches_every_state_and_every_verdict():
    assert {path.machine.state for path in ALL} == {m.SETTLING, m.WALKING, m.PAUSED, m.ENDED}
    assert {path.machine.verdict for path in ALL} == {"", "PASS", "PASS WITH DEFECTS", "FAIL", "INCOMPLETE"}
    assert len(ALL) > 500


def test_every_state_leads_out_by_ticking_alone_p8():
    for path in ALL:
        machine, now_ms = copied(path.machine), path.now_ms
        while machine.state != m.ENDED:
            now_ms += 1
            assert now_ms <= max(path.now_ms, LIMITS[3]) + 1, path.key()
            machine.handle(m.TICK, now_ms)


def test_whoever_walks_away_never_leaves_a_pass_p7():
    for path in ALL:
        if path.machine.state == m.ENDED:
            continue
        machine, left = copied(path.machine), path.machine.left()
        machine.handle(m.TICK, LIMITS[3])
        assert machine.verdict != "PASS" or not left, path.key()
