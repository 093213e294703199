"""core/patterns.py: P2: what is shown and sounded."""

from firmware.core import clock
from firmware.core.patterns import LIGHTS, LOOPS, SHOTS, STATES, TONES_HZ, PatternPlayer


def run(player, from_ms, to_ms):
    """Follows next_change as the shell does; returns [(tick, level, hz)] of every change from `from_ms` on, distances kept."""
    seen = []
    gone_ms = 0
    while gone_ms <= to_ms - from_ms:
        now_ms = clock.add(from_ms, gone_ms)
        state = (player.level(now_ms), player.hz(now_ms))
        if not seen or seen[-1][1:] != state:
            seen.append((from_ms + gone_ms,) + state)
        due_ms = player.next_change(now_ms)
        if due_ms is None:
            break
        assert clock.diff(due_ms, now_ms) > 0, "a change that is due for ever keeps the shell awake"
        gone_ms += clock.diff(due_ms, now_ms)
    return seen


def light_edges(player, from_ms, to_ms):
    edges = []
    for at_ms, level, _ in run(player, from_ms, to_ms):
        if not edges or edges[-1][1] != level:
            edges.append((at_ms & (clock.PERIOD_MS - 1), level))
    return edges


def test_the_table_is_whole():
    for name in STATES:
        light, loop = STATES[name]
        assert light in LIGHTS and loop in LOOPS, name
    for table in (LIGHTS, LOOPS, SHOTS):
        for name in table:
            assert len(table[name]) % 2 == 0 and len(table[name]) >= 2, name


def test_only_a_received_call_flashes():
    """P2: before the receipt, and for a fault, the light is steady or dark."""
    for name in ("STANDBY", "CALLING", "FAULT"):
        assert len(LIGHTS[STATES[name][0]]) == 2, name
    assert STATES["RECEIVED"][0] == "flashing" and STATES["CALLING"][0] == "steady"
    assert STATES["FAULT"][0] == "off"


def test_the_call_can_sound_all_that_it_asks_for():
    for shot in ("ACTIVATED", "RECEIVED", "STILL_TRYING", "ANSWERED", "CLEARED", "HELD", "FAULT", "TEST"):
        assert shot in SHOTS


def test_no_light_flashes_more_than_three_times_in_a_second():
    """WCAG 2.3.1."""
    for name in STATES:
        player = PatternPlayer(0)
        player.show(name, 0)
        ons = [at_ms for at_ms, level in light_edges(player, 0, 20000) if level]
        for i in range(len(ons) - 3):
            assert ons[i + 3] - ons[i] > 1000, name


def test_all_tones_fit_whole_waves_into_a_block_and_are_low():
    for steps in [LOOPS[name] for name in LOOPS] + [SHOTS[name] for name in SHOTS]:
        for i in range(0, len(steps), 2):
            assert steps[i] == 0 or (steps[i] in TONES_HZ and steps[i] % 125 == 0 and steps[i] <= 750), steps


def test_states_differ_in_light_or_sound_and_all_lights_differ():
    assert STATES["SPEAKING"] == STATES["ANSWERED"], "a person is there: the one pair that is alike on purpose"
    shown = [STATES[name] for name in STATES if name != "SPEAKING"]
    assert len(set(shown)) == len(shown)
    assert len({tuple(LIGHTS[name]) for name in LIGHTS}) == len(LIGHTS)


def test_flashing_is_half_a_second_on_half_a_second_off_and_begins_dark_so_that_the_receipt_shows_at_once():
    player = PatternPlayer(0)
    player.show("RECEIVED", 700)
    assert run(player, 700, 2699)[:4] == [(700, 0, 0), (1200, 1, 0), (1700, 0, 0), (2200, 1, 0)]


def test_calling_is_lit_at_once_and_beeps_every_2_s():
    player = PatternPlayer(0)
    player.show("CALLING", 0)
    player.play("ACTIVATED", 0)
    seen = run(player, 0, 4100)
    assert seen == [(0, 1, 500), (250, 1, 0), (1750, 1, 500), (2000, 1, 0), (3750, 1, 500), (4000, 1, 0)]


def test_stand_by_and_the_same_state_again_ask_for_no_wake_up():
    player = PatternPlayer(5)
    assert player.next_change(5) is None and player.level(5) == 0 and player.hz(5) == 0
    assert player.show("CALLING", 10) is True
    assert player.show("CALLING", 900) is False
    assert run(player, 900, 2001)[1][0] == 1760  # phase kept


def test_one_shots_follow_each_other_and_the_newest_of_the_waiting_is_kept():
    player = PatternPlayer(0)
    player.play("ACTIVATED", 0)
    player.play("FAULT", 10)
    player.play("RECEIVED", 20)
    tones = [(at_ms, hz) for at_ms, _, hz in run(player, 20, 5000)]
    assert tones == [(20, 500), (400, 625), (550, 750), (850, 0)]  # the first ends at 250 and RECEIVED begins on its note
    assert player.next_change(5000) is None


def test_the_tone_of_an_open_microphone_waits_for_none_and_is_hidden_by_none_p3():
    player = PatternPlayer(0)
    player.play("RING", 0)
    player.play("ACTIVATED", 10)
    player.play("OPENED", 20)
    player.play("RECEIVED", 30)
    tones = [(at_ms, hz) for at_ms, _, hz in run(player, 20, 5000)]
    opened = SHOTS["OPENED"]
    assert tones[:2] == [(20, opened[0]), (20 + opened[1], opened[2])], "at once and to its end"
    assert [hz for _, hz in tones[2:]] == [500, 625, 750, 0], "then the newest of those that wait"


def test_a_one_shot_silences_the_loop_under_it():
    player = PatternPlayer(0)
    player.show("CALLING", 0)
    player.play("STILL_TRYING", 1700)
    assert player.hz(1760) == 500 and player.hz(1950) == 0  # the pause of the one-shot, though the loop would beep
    assert player.hz(2700) == 0 and player.hz(3800) == 500


def test_a_late_shell_skips_what_is_over():
    player = PatternPlayer(0)
    player.play("TEST", 0)
    assert player.hz(10000) == 0 and player.next_change(10000) is None


def test_the_pattern_runs_on_over_the_wrap_of_the_ticks_and_for_weeks():
    player = PatternPlayer(0)
    player.show("RECEIVED", clock.PERIOD_MS - 700)
    assert [level for _, level in light_edges(player, clock.PERIOD_MS - 700, clock.PERIOD_MS + 2000)] == [0, 1, 0, 1, 0, 1]
    player = PatternPlayer(0)
    player.show("FAULT", 0)
    now_ms = 0
    beeps = 0
    for _ in range(40000):  # 5 changes in 300 s: about 28 days
        now_ms = player.next_change(now_ms)
        beeps += player.hz(now_ms) != 0
    assert beeps == 16000


def test_unknown_names_raise():
    player = PatternPlayer(0)
    for call in (player.show, player.play):
        try:
            call("PARTY", 0)
        except ValueError as error:
            assert "PARTY" in str(error)
        else:
            assert False, "an unknown name was taken"


def test_a_step_allocates_nothing():
    """Measured on MicroPython; CPython has no such measure."""
    try:
        from gc import collect, mem_alloc
    except ImportError:
        return
    player = PatternPlayer(0)
    player.show("RECEIVED", 0)
    player.play("RECEIVED", 0)
    collect()
    before_bytes = mem_alloc()
    for now_ms in range(100, 5000, 50):
        player.level(now_ms)
        player.hz(now_ms)
        player.next_change(now_ms)
    assert mem_alloc() - before_bytes < 200, mem_alloc() - before_bytes
