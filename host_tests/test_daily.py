""""I'm OK" reaches the service once a day, and never on a clock that nobody has set."""

from firmware.core import clock
from firmware.core.speech.wellbeing import Wellbeing
from firmware.daily import Daily

SIX_S = 1795327200  # 2026-11-22 06:00 UTC


class Flat:
    """Daily with a clock set by hand; `told` and `sounded` note what came of it."""

    def __init__(self, wellbeing=True):
        self.known = True
        self.now = clock.PERIOD_MS - 30000
        self.passed_ms = 0
        self.told, self.sounded = [], []
        window = Wellbeing(7 * 60, 9 * 60) if wellbeing else None
        self.daily = Daily(window, self, self.note, self.sounded.append, lambda: self.now)

    def now_s(self):
        return SIX_S + self.passed_ms // 1000

    def note(self, name, fields):
        self.told.append((name, fields["state"], fields["day"]))

    def run(self, minutes):
        for _ in range(2 * minutes):
            self.now = clock.add(self.now, 30000)
            self.passed_ms += 30000
            self.daily.tick()


def test_a_press_within_the_window_is_told_once_and_heard():
    flat = Flat()
    flat.daily.pressed()
    flat.run(90)
    flat.daily.pressed()
    flat.daily.pressed()
    flat.run(300)
    assert flat.told == [("ok", "pressed", "2026-11-22")] and flat.sounded == ["NOTED"]


def test_a_window_without_a_press_is_missed_each_day_once():
    flat = Flat()
    flat.run(179)
    assert flat.told == []
    flat.run(3)
    assert flat.told == [("ok", "missed", "2026-11-22")]
    flat.run(24 * 60)
    assert flat.told[1:] == [("ok", "missed", "2026-11-23")] and flat.sounded == []


def test_nothing_is_told_by_a_clock_that_the_service_has_not_set_and_nothing_where_it_is_not_wanted():
    for flat in (Flat(), Flat(False)):
        flat.known = not flat.daily._wellbeing
        flat.run(90)
        flat.daily.pressed()
        flat.run(24 * 60)
        assert flat.told == [] and flat.sounded == []
