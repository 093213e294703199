"""core/contact.py against a model: random closures, random looks. Hypothesis runs on CPython only."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core import clock
from firmware.core.contact import Contact

DEBOUNCE_MS = 30
HELD_MS = 900

stretches = st.lists(st.tuples(st.integers(1, 400), st.integers(31, 400)), min_size=1, max_size=12)


def levels(stretches_ms, tail_ms):
    """[(from_ms, closed)] of alternating closed and open stretches, open first."""
    at_ms, edges = 50, [(0, False)]
    for closed_ms, open_ms in stretches_ms:
        edges.append((at_ms, True))
        edges.append((at_ms + closed_ms, False))
        at_ms += closed_ms + open_ms
    return edges, at_ms + tail_ms


def observe(edges, end_ms, looks_ms, start_ms):
    """Looks at the contact at the given times as the driver would: level, and the longest closure that ended since."""
    one = Contact(DEBOUNCE_MS, HELD_MS)
    seen = []
    last_ms = 0
    for look_ms in sorted(set(looks_ms) | {end_ms - 100, end_ms - 50, end_ms}):
        ended = [edges[i][0] - edges[i - 1][0] for i in range(1, len(edges))
                 if not edges[i][1] and last_ms < edges[i][0] <= look_ms and edges[i - 1][1]]
        closed = [edge for edge in edges if edge[0] <= look_ms][-1][1]
        for action in one.sample(closed, max(ended) if ended else None, clock.add(start_ms, look_ms)):
            seen.append((look_ms, action[0]))
        last_ms = look_ms
    return one, seen


@settings(max_examples=300, deadline=None)
@given(stretches, st.sampled_from([0, clock.PERIOD_MS - 500]))
def test_looked_at_every_ms_each_long_closure_activates_once_and_no_short_one_does(stretches_ms, start_ms):
    """P4. Gaps are longer than the debounce here, so every closure stands for itself."""
    edges, end_ms = levels(stretches_ms, 200)
    _, seen = observe(edges, end_ms, range(end_ms), start_ms)
    wanted = sum(closed_ms >= DEBOUNCE_MS for closed_ms, _ in stretches_ms)
    assert sum(name == "ACTIVATED" for _, name in seen) == wanted


@settings(max_examples=300, deadline=None)
@given(stretches, st.lists(st.integers(0, 5000), max_size=40))
def test_however_starved_the_looks_a_long_closure_is_never_missed_altogether(stretches_ms, looks_ms):
    """P1: with at least one closure of the debounce's length something is raised, and never more often than closed."""
    edges, end_ms = levels(stretches_ms, 500)
    one, seen = observe(edges, end_ms, [look_ms for look_ms in looks_ms if look_ms < end_ms], 0)
    raised = sum(name == "ACTIVATED" for _, name in seen)
    long_ones = sum(closed_ms >= DEBOUNCE_MS for closed_ms, _ in stretches_ms)
    assert raised >= (1 if long_ones else 0)
    assert raised <= len(stretches_ms)
    assert one.state == "RESTING" and one.next_due() is None


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.one_of(st.none(), st.integers(0, 5000)), st.integers(0, 3000)), max_size=60))
def test_actions_come_in_a_lawful_order_whatever_is_fed(looks):
    """After ACTIVATED come RELEASED or HELD, after HELD only REARMED; nothing twice in a row."""
    after = {"": ("ACTIVATED",), "ACTIVATED": ("RELEASED", "HELD"), "RELEASED": ("ACTIVATED",), "HELD": ("REARMED",),
             "REARMED": ("ACTIVATED",)}
    one = Contact(DEBOUNCE_MS, HELD_MS)
    last = ""
    now_ms = clock.PERIOD_MS - 3000
    for closed, pulse_ms, gap_ms in looks:
        now_ms = clock.add(now_ms, gap_ms)
        for action in one.sample(closed, pulse_ms, now_ms):
            assert action[0] in after[last], (last, action)
            last = action[0]
