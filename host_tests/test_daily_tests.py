"""When the unit tests itself: at a decent hour, never twice, and not in anybody's way (G9, P5)."""

from firmware.daily_tests import DailyTests

DAY = 20800 * 86400  # s since 1970: 2026-12-13, a midnight in UTC


class Clock:
    known = True

    def __init__(self, s):
        self.s = s

    def now_s(self):
        return self.s


class Proofs:
    state = "IDLE"
    may = True

    def __init__(self):
        self.begun = 0
        self.polls = 0

    def prove(self):
        if self.may:
            self.begun += 1
        return self.may

    def poll(self):
        self.polls += 1


class Loop:
    """Verdicts in `results`, one for each start; "break": it is broken off; "refused": it does not begin."""

    state = "OFF"
    result = _found = None

    def __init__(self, *results):
        self.results = list(results)
        self.started_s = []
        self.clock = None

    def start(self):
        verdict = self.results[0] if len(self.results) == 1 else self.results.pop(0)
        if verdict == "refused":
            return False
        self.started_s.append(self.clock.s % 86400)
        self.result = None
        self._found = None if verdict == "break" else (verdict == "ok", verdict + ": tone 1")
        return True

    def poll(self):
        """As lent.Lent: what was found is there once somebody looks."""
        if self._found is not None:
            self.result = self._found


class Flat:
    def __init__(self, *results, minute=660, zone=(0, False), start_s=DAY, calm_s=600):
        self.clock = Clock(start_s)
        self.proofs = Proofs()
        self.loop = Loop(*results) if results else None
        if self.loop:
            self.loop.clock = self.clock
        self.daily = DailyTests(minute, zone, self.clock, self.proofs, self.loop, calm_s)
        self.uptime_s = 0

    def until(self, s_of_day, days=0, step_s=1):
        end = DAY + days * 86400 + s_of_day
        while self.clock.s < end:
            self.clock.s += step_s
            self.uptime_s += step_s
            self.daily.tick(self.uptime_s)
        return self


def test_paths_are_proven_at_the_minute_and_once_a_day_and_then_the_sound_once():
    flat = Flat("ok").until(660 * 60 - 1)
    assert flat.proofs.begun == 0 and flat.loop.started_s == []
    flat.until(660 * 60)
    assert flat.proofs.begun == 1
    flat.until(86399, step_s=5)
    assert flat.proofs.begun == 1 and len(flat.loop.started_s) == 1
    flat.until(86399, days=3, step_s=10)
    assert flat.proofs.begun == 4 and len(flat.loop.started_s) == 4


def test_local_time_counts_with_summer():
    summer = DAY - 180 * 86400
    for zone, start_s, at_s in (((60, True), DAY, 10 * 3600), ((-300, False), DAY, 16 * 3600), ((60, True), summer, 9 * 3600)):
        flat = Flat("ok", zone=zone, start_s=start_s)
        while flat.proofs.begun == 0:
            flat.until(flat.clock.s - DAY + 60, step_s=60)
        assert flat.clock.s % 86400 == at_s, (zone, flat.clock.s % 86400)


def test_the_window_is_two_hours_and_what_did_not_fit_waits_for_tomorrow():
    flat = Flat("ok")
    flat.proofs.may = False
    flat.until(660 * 60 + 7199, step_s=1)
    flat.proofs.may = True
    flat.until(660 * 60 + 7200)
    assert flat.proofs.begun == 0
    flat.until(86399, step_s=10)
    assert flat.proofs.begun == 0 and flat.until(660 * 60 + 60, days=1, step_s=10).proofs.begun == 1


def test_off_line_the_sound_is_tested_all_the_same():
    flat = Flat("ok")
    flat.proofs.may = False
    assert len(flat.until(661 * 60).loop.started_s) == 1


def test_a_start_that_is_not_calm_yet_tests_nothing():
    flat = Flat("ok", start_s=DAY + 665 * 60)
    flat.until(665 * 60 + 599)
    assert flat.proofs.begun == 0
    assert flat.until(665 * 60 + 601).proofs.begun == 1


def test_noise_puts_the_sound_off_by_10_minutes_three_times_in_all():
    flat = Flat("noise").until(86399)
    assert [s - flat.loop.started_s[0] for s in flat.loop.started_s] == [0, 600, 1200]
    flat = Flat("noise", "ok", "ok").until(86399)
    assert len(flat.loop.started_s) == 2, "and ends with what could be judged"
    flat = Flat("speaker").until(86399)
    assert len(flat.loop.started_s) == 1, "a fault is judged too"


def test_a_test_that_was_broken_off_is_done_again_and_one_that_may_not_begin_is_asked_for_each_minute():
    flat = Flat("break", "ok").until(86399)
    assert len(flat.loop.started_s) == 2
    flat = Flat("refused", "refused", "refused", "ok").until(86399)
    assert len(flat.loop.started_s) == 1 and flat.loop.started_s[0] >= 660 * 60 + 120


def test_the_sound_waits_for_the_paths():
    flat = Flat("ok").until(660 * 60)
    flat.proofs.state = "ASKING"
    flat.until(662 * 60)
    assert flat.loop.started_s == []
    flat.proofs.state = "IDLE"
    assert len(flat.until(662 * 60 + 1).loop.started_s) == 1


def test_without_the_time_paths_are_proven_daily_and_the_sound_never():
    flat = Flat("ok")
    flat.clock.known = False
    flat.until(86399, step_s=1)
    assert flat.proofs.begun == 0
    flat.until(86400 + 5, step_s=1)
    assert flat.proofs.begun == 1 and flat.until(0, days=3, step_s=10).proofs.begun == 3 and flat.loop.started_s == []


def test_without_a_loop_only_the_paths():
    assert Flat().until(86399, step_s=10).proofs.begun == 1


def test_night_is_from_22_to_7_local_time_and_nobody_knows_without_the_time():
    for minute, night in ((0, True), (419, True), (420, False), (1319, False), (1320, True), (1439, True)):
        flat = Flat(start_s=DAY + minute * 60)
        assert flat.daily.is_night() == night, minute
        flat.clock.known = False
        assert not flat.daily.is_night()
    assert Flat(start_s=DAY + 21 * 3600, zone=(60, True)).daily.is_night()
