"""core/line.py: D5, P4, P5. Bands as on the bench board: 10 k up, 10 k at the end, 4.7 k when pulled."""

from firmware.core import clock, line
from firmware.core.line import BROKEN, DOUBTED, MENDING, SOUND, Line

BANDS = {"short": [0, 350], "pulled": [550, 1100], "normal": [1350, 1950], "open": [2600, 3300]}
MV = {"normal": 1650, "pulled": 799, "open": 3100, "short": 12, "between": 2300}


def feed(one, what, from_ms, to_ms, step_ms=20, why="", scatter_mv=0):
    """Feeds one kind of reading at every step; returns [(at_ms, action, ...)]."""
    mv = MV.get(what) if isinstance(what, str) else what
    seen = []
    for passed_ms in range(0, to_ms - from_ms, step_ms):  # never beyond 2**30: range() wraps there on older 32-bit MicroPython
        at_ms = from_ms + passed_ms
        for action in one.read(mv, scatter_mv, why, at_ms & (clock.PERIOD_MS - 1)):
            seen.append((at_ms,) + action)
    return seen


def fresh(**how):
    one = Line(BANDS, 40, **how)
    assert feed(one, "normal", 0, 1000) == []
    return one


def test_a_pull_activates_once_after_the_debounce_and_rearms():
    one = fresh()
    assert feed(one, "pulled", 1000, 1500) == [(1040, "ACTIVATED", "activated")]
    assert feed(one, "normal", 1500, 2000) == [(1540, "RELEASED")]
    assert feed(one, "pulled", 2000, 2300) == [(2040, "ACTIVATED", "activated")]
    assert one.fault is None


def test_a_held_cord_raises_once_then_held_and_rearms():
    """P4."""
    one = fresh()
    seen = feed(one, "pulled", 1000, 90000)
    assert seen == [(1040, "ACTIVATED", "activated"), (61040, "HELD")]
    assert feed(one, "normal", 90000, 91000) == [(90040, "REARMED")]
    assert feed(one, "pulled", 91000, 91100) == [(91040, "ACTIVATED", "activated")]


def test_an_open_line_is_a_fault_after_2_s_and_activates_once_with_its_cause():
    for what, name in (("open", "line_open"), ("short", "line_short")):
        one = fresh()
        seen = feed(one, what, 1000, 60000)
        assert [entry[:3] for entry in seen] == [(3000, "OPEN_FAULT", name), (3000, "ACTIVATED", name)]
        assert one.fault == name


def test_a_broken_line_only_reports_when_the_setting_says_so():
    one = fresh(line_break_raises=False)
    assert [entry[1] for entry in feed(one, "open", 1000, 60000)] == ["OPEN_FAULT"]


def test_a_short_break_is_neither_fault_nor_call():
    one = fresh()
    assert feed(one, "open", 1000, 2900) == []
    assert feed(one, "normal", 2900, 10000) == []
    assert one.state == SOUND


def test_a_fluttering_wire_is_a_fault_although_it_is_never_open_for_2_s():
    one = fresh()
    seen = []
    for at_ms in range(1000, 6000, 800):
        seen += feed(one, "open", at_ms, at_ms + 400) + feed(one, "normal", at_ms + 400, at_ms + 800)
    assert [entry[1:3] for entry in seen] == [("OPEN_FAULT", "line_open"), ("ACTIVATED", "line_open")]
    assert 3000 <= seen[0][0] <= 3420


def test_recovery_closes_the_fault_only_after_10_s_of_normal():
    """P5."""
    one = fresh()
    feed(one, "open", 1000, 4000)
    assert feed(one, "normal", 4000, 13900) == []
    assert one.state == MENDING
    assert feed(one, "open", 13900, 14000) == []
    assert one.state == BROKEN
    assert feed(one, "normal", 14000, 23990) == []
    assert feed(one, "normal", 24000, 24100) == [(24000, "CLOSE_FAULT", "line_open")]
    assert [entry[1] for entry in feed(one, "open", 30000, 33000)] == ["OPEN_FAULT", "ACTIVATED"]


def test_a_break_that_changes_its_kind_is_renamed_but_raises_no_second_call():
    one = fresh()
    feed(one, "open", 1000, 4000)
    seen = feed(one, "short", 4000, 8000)
    assert [entry[:3] for entry in seen] == [(6000, "CLOSE_FAULT", "line_open"), (6000, "OPEN_FAULT", "line_short")]
    seen = feed(one, "open", 8000, 9000) + feed(one, "short", 9000, 9500) + feed(one, "open", 9500, 11400)
    assert seen == []  # 2 s of one other kind are wanted
    assert [entry[1] for entry in feed(one, "open", 11400, 12000)] == ["CLOSE_FAULT", "OPEN_FAULT"]


def test_a_pull_while_the_fault_is_open_is_raised():
    """P4: a fault masks nothing."""
    one = fresh()
    feed(one, "open", 1000, 4000)
    assert feed(one, "pulled", 4000, 4200) == [(4040, "ACTIVATED", "activated")]
    assert one.fault == "line_open"
    feed(one, "normal", 4200, 5000)
    assert one.state == MENDING
    assert feed(one, "pulled", 5000, 5100) == [(5040, "ACTIVATED", "activated")]
    assert one.state == BROKEN


def test_no_reading_is_never_fine_and_never_pulled():
    """A reading without a value becomes an input fault that says why."""
    cases = (
        (None, 0, "the ADC gave no reading", "no reading"),
        (None, 0, "", "no reading"),
        (-5, 0, "", "-5 mV"),
        (3601, 0, "", "3601 mV"),
        (1650000, 0, "", "1650000 mV"),
        (2300, 0, "", "between the bands"),
        (450, 0, "", "between the bands"),
        (799, 900, "", "differ by 900 mV"),
    )
    for mv, scatter_mv, why, words in cases:
        one = fresh()
        seen = feed(one, mv, 1000, 20000, why=why, scatter_mv=scatter_mv)
        assert len(seen) == 1 and seen[0][:3] == (3000, "OPEN_FAULT", "input"), (mv, seen)
        assert words in seen[0][3], seen
        assert one.condition == "unreadable"


def test_an_input_fault_that_turns_out_to_be_a_broken_wire_raises_then():
    one = fresh()
    assert [entry[2] for entry in feed(one, None, 1000, 4000)] == ["input"]
    seen = feed(one, "open", 4000, 7000)
    assert [entry[1:3] for entry in seen] == [("CLOSE_FAULT", "input"), ("OPEN_FAULT", "line_open"), ("ACTIVATED", "line_open")]


def test_a_reading_without_value_stops_a_debounce_but_releases_nothing():
    one = fresh()
    feed(one, "pulled", 1000, 1040)
    assert feed(one, None, 1040, 1060) == []
    assert feed(one, "pulled", 1060, 1120) == [(1100, "ACTIVATED", "activated")]
    assert feed(one, None, 1120, 1500) == []
    assert feed(one, "pulled", 1500, 1600) == []  # still the same pull
    seen = feed(one, None, 1600, 70000)
    assert ("HELD",) in [entry[1:] for entry in seen]


def test_a_pulled_reading_before_a_starved_loop_counts_when_nobody_could_look():
    one = fresh()
    assert one.read(MV["pulled"], 0, "", 1000) == ()
    assert [action[0] for action in one.read(MV["normal"], 0, "", 1200)] == ["ACTIVATED", "RELEASED"]


def test_a_pulled_reading_followed_by_normal_at_the_next_sample_is_a_glitch():
    one = fresh()
    assert one.read(MV["pulled"], 0, "", 1000) == ()
    assert feed(one, "normal", 1020, 2000) == []


def test_hysteresis_holds_a_band_at_its_edge_and_not_beyond():
    for edge_mv, held in ((1950 + 60, "normal"), (1950 + 61, "unreadable"), (1350 - 60, "normal"), (1350 - 61, "unreadable")):
        one = fresh()
        one.read(edge_mv, 0, "", 1000)
        assert one.condition == held, edge_mv
    one = fresh()
    one.read(2300, 0, "", 1000)
    one.read(1960, 0, "", 1020)
    assert one.condition == "unreadable"  # entered only within the band itself


def test_the_limits_themselves_belong_to_what_they_limit():
    for mv, scatter_mv, wanted, words in (
        (1350, 400, "normal", ""), (1950, 400, "normal", ""), (1650, 401, "unreadable", "401 mV"), (550, 0, "pulled", ""),
        (1100, 0, "pulled", ""), (2600, 0, "open", ""), (0, 0, "short", ""), (350, 0, "short", ""),
        (351, 0, "unreadable", "between"), (2599, 0, "unreadable", "between"),
        (3600, 0, "unreadable", "between"), (3601, 0, "unreadable", "no possible"),
    ):
        one = Line(BANDS, 40)
        assert one.why == ""
        one.read(mv, scatter_mv, "", 0)
        assert one.condition == wanted and words in one.why, (mv, scatter_mv, one.condition, one.why)


def test_the_next_reading_is_wanted_20_ms_after_each_also_in_stand_by():
    one = fresh()
    for at_ms, mv in ((1000, 1650), (1100, 1650), (1200, 3100), (1300, None)):
        one.read(mv, 0, "", at_ms)
        assert one.next_due() == at_ms + 20


def test_one_spike_is_forgotten_after_1_s_of_good_readings_and_two_that_far_apart_are_no_fault():
    one = fresh()
    for spike_ms in (1000, 2100, 3200, 4300):
        one.read(MV["open"], 0, "", spike_ms)
        assert one.state == DOUBTED
        assert feed(one, "normal", spike_ms + 20, spike_ms + 1001) == []
        assert one.state == DOUBTED
        one.read(MV["normal"], 0, "", spike_ms + 1020)
        assert one.state == SOUND
    for spike_ms in (10000, 10700, 11400):  # closer together it is a loose wire
        one.read(MV["open"], 0, "", spike_ms)
        assert feed(one, "normal", spike_ms + 20, spike_ms + 700) == []
    actions = one.read(MV["open"], 0, "", 12100)
    assert [action[:2] for action in actions] == [("OPEN_FAULT", "line_open"), ("ACTIVATED", "line_open")]


def test_a_gap_of_the_debounce_itself_between_two_readings_is_long_enough_to_believe_the_pull():
    for gap_ms, wanted in ((40, ["ACTIVATED", "RELEASED"]), (39, [])):
        one = fresh()
        one.read(MV["pulled"], 0, "", 1000)
        assert [action[0] for action in one.read(MV["normal"], 0, "", 1000 + gap_ms)] == wanted


def test_a_line_that_is_broken_or_pulled_at_the_start_is_told():
    one = Line(BANDS, 40)
    assert one.next_due() is None  # to be read at once
    assert [entry[1] for entry in feed(one, "open", 0, 3000)] == ["OPEN_FAULT", "ACTIVATED"]
    assert one.next_due() == 2980 + line.SAMPLE_MS
    one = Line(BANDS, 40)
    assert [entry[:2] for entry in feed(one, "pulled", 0, 3000)] == [(40, "ACTIVATED")]


def test_the_ticks_may_wrap_at_any_point():
    start_ms = clock.PERIOD_MS - 1700
    one = Line(BANDS, 40)
    assert feed(one, "normal", start_ms, start_ms + 500) == []
    seen = feed(one, "open", start_ms + 500, start_ms + 4000)
    assert [(entry[0] - start_ms, entry[1]) for entry in seen] == [(2500, "OPEN_FAULT"), (2500, "ACTIVATED")]
    assert [(entry[0] - start_ms, entry[1]) for entry in feed(one, "normal", start_ms + 4000, start_ms + 15000)] == [
        (14000, "CLOSE_FAULT")
    ]


def test_every_state_has_every_event_and_an_unknown_event_raises():
    events = sorted((line.READ_NORMAL, line.READ_PULLED, line.READ_BAD, "TICK"))
    assert sorted(line._TABLE) == sorted((SOUND, DOUBTED, BROKEN, MENDING))
    for state in line._TABLE:
        assert sorted(line._TABLE[state]) == events
        for event in events:
            assert callable(getattr(Line(BANDS, 40), line._TABLE[state][event]))
    try:
        Line(BANDS, 40).handle("READ", 0)
    except ValueError as error:
        assert "READ" in str(error)
    else:
        assert False, "an unknown event was taken"


def test_whatever_was_read_before_a_pull_is_raised_and_a_break_becomes_a_fault():
    """Walks all sequences of five stretches of readings. P4, P5: nothing that came before masks what comes now."""
    stretches = [("normal", 3), ("pulled", 3), ("open", 3), ("short", 120), ("between", 3), ("open", 120), ("normal", 600)]
    paths = [()]
    for _ in range(3):
        paths = [path + (stretch,) for path in paths for stretch in stretches]
    for path in paths:
        one = Line(BANDS, 40, held_ms=1500)
        at_ms = 0
        for what, count in path:
            for _ in range(count):
                at_ms += 20
                one.read(MV[what], 0, "", at_ms)
        seen = feed(one, "normal", at_ms + 20, at_ms + 200)
        seen = feed(one, "pulled", at_ms + 200, at_ms + 300)
        assert [entry[1:] for entry in seen if entry[1] == "ACTIVATED"] == [("ACTIVATED", "activated")], (path, seen)
        feed(one, "open", at_ms + 300, at_ms + 5000)
        assert one.fault == "line_open", path
        feed(one, "normal", at_ms + 5000, at_ms + 16000)
        assert one.fault is None and one.state == SOUND, path


def test_stand_by_allocates_no_actions():
    one = fresh()
    assert one.read(1650, 0, "", 1000) is one.read(1651, 0, "", 1020)
