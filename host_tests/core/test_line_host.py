"""core/line.py under random readings. Hypothesis runs on CPython only."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.line import FAULT_NAMES, Line

BANDS = {"short": [0, 350], "pulled": [550, 1100], "normal": [1350, 1950], "open": [2600, 3300]}
mv = st.one_of(st.none(), st.integers(-10, 4000), st.sampled_from([10, 800, 1650, 3100, 2300]))
runs = st.lists(st.tuples(mv, st.integers(1, 150)), max_size=25)


def feed(one, runs_of_readings, at_ms=0):
    seen = []
    for reading_mv, count in runs_of_readings:
        for _ in range(count):
            at_ms += 20
            seen += [(at_ms,) + action for action in one.read(reading_mv, 0, "nothing came", at_ms)]
    return seen, at_ms


@settings(max_examples=300, deadline=None)
@given(runs)
def test_faults_open_and_close_in_pairs_and_a_break_raises_once_until_it_is_mended(readings):
    one = Line(BANDS, 40)
    seen, _ = feed(one, readings)
    fault = None
    raised = False
    for i, entry in enumerate(seen):
        if entry[1] == "OPEN_FAULT":
            assert fault is None and entry[2] in FAULT_NAMES.values() and entry[3]
            fault = entry[2]
        elif entry[1] == "CLOSE_FAULT":
            assert entry[2] == fault
            fault = None
            renamed = i + 1 < len(seen) and seen[i + 1][:2] == (entry[0], "OPEN_FAULT")
            raised = raised and renamed
        elif entry[1] == "ACTIVATED" and entry[2] != "activated":
            assert entry[2] == fault and not raised
            raised = True
    assert one.fault == fault


@settings(max_examples=300, deadline=None)
@given(runs)
def test_whatever_came_before_ten_seconds_of_normal_leave_a_sound_line_that_takes_a_pull(readings):
    """P5, P8: there is a way out of everything; P4: nothing is masked."""
    one = Line(BANDS, 40)
    _, at_ms = feed(one, readings)
    _, at_ms = feed(one, [(1650, 600)], at_ms)
    assert one.fault is None and one.state == "SOUND" and one.contact.state == "RESTING"
    seen, at_ms = feed(one, [(800, 5)], at_ms)
    assert [entry[1:] for entry in seen] == [("ACTIVATED", "activated")]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(-500, -1), st.integers(3601, 9999), st.integers(2061, 2539)),
                          st.integers(1, 150)), max_size=25))
def test_readings_without_value_never_raise_a_call(readings):
    one = Line(BANDS, 40)
    feed(one, [(1650, 50)])
    seen, _ = feed(one, readings, 1000)
    assert [entry for entry in seen if entry[1] == "ACTIVATED"] == []
    assert all(entry[2] == "input" for entry in seen)
