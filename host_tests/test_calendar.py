"""The calendar of tests: no word without a clock, kept over a start, and a fault while a test is overdue."""

import os

from firmware import calendar
from firmware.core.due import Due
from firmware.drivers import small_file

DAY = 86400
NOW_S = 1795305600  # 2026-11-22
calendar.FILE = "calendar_test_%d.bin" % int.from_bytes(os.urandom(3), "big")


class Scene:
    """A calendar whose clock, tick and faults the test holds."""

    def __init__(self, known=True):
        self.known = known
        self.utc_s = NOW_S
        self.tick_ms = 5
        self.faults = []
        self.may_write = True
        self.one = self.start()

    def start(self):
        return calendar.Calendar(Due(0, False, 11, 0), self, self.fault, lambda: self.may_write, lambda: self.tick_ms)

    def now_s(self):
        return self.utc_s

    def fault(self, name, source, is_open):
        self.faults.append((name, source, is_open))

    def after(self, days):
        self.utc_s += days * DAY
        self.tick_ms += 60000
        self.one.tick()


def tidy(test):
    def run():
        for name in (calendar.FILE, calendar.FILE + ".new"):
            small_file.remove(name)
        try:
            test()
        finally:
            small_file.remove(calendar.FILE)

    return run


@tidy
def test_a_clock_that_is_not_set_raises_no_fault_and_gives_no_dates():
    scene = Scene(known=False)
    for _ in range(3):
        scene.after(200)
    assert scene.faults == [] and scene.one.due.dates() == (None, None) and not scene.one.reminder_is_due()
    scene.one.passed()
    assert scene.one.due.dates() == (None, None)


@tidy
def test_overdue_is_a_fault_until_a_test_is_passed():
    scene = Scene()
    scene.after(0)
    scene.after(90)
    assert scene.faults == []
    scene.after(1)
    assert scene.faults == [("overdue", "", True)]
    scene.one.passed()
    scene.one.tick()
    assert scene.faults[-1] == ("overdue", "", False) and scene.one.due.dates() == ("2027-02-21", "2027-05-22")


@tidy
def test_a_calendar_that_was_lost_closes_no_fault():
    scene = Scene()
    scene.after(0)
    scene.after(91)
    small_file.remove(calendar.FILE)
    scene.one = scene.start()
    scene.after(0)
    assert scene.faults == [("overdue", "", True)] and not scene.one.due.overdue


@tidy
def test_it_looks_once_a_minute_and_not_more_often():
    scene = Scene()
    scene.one.passed()
    scene.one.tick()
    told = len(scene.faults)
    scene.tick_ms += 59999
    scene.one.tick()
    assert len(scene.faults) == told
    scene.tick_ms += 1
    scene.one.tick()
    assert len(scene.faults) == told + 1


@tidy
def test_the_first_day_and_the_month_of_the_reminder_outlive_a_start():
    scene = Scene()
    scene.after(0)
    scene.utc_s = NOW_S + 9 * DAY + 12 * 3600  # 1 December
    assert not scene.one.reminder_is_due(), "between two looks nothing is calculated"
    scene.after(0)
    assert scene.one.reminder_is_due()
    scene.one.reminded()
    assert not scene.one.reminder_is_due(), "at once, and not with the next look"
    again = scene.start()
    assert again.problem == "" and again.due.dates()[1] == "2027-02-20"
    again.tick()
    assert not again.reminder_is_due()


@tidy
def test_a_damaged_file_is_named_and_the_days_begin_anew():
    for damage in (b"", b"abc", b"\x00" * 12):
        scene = Scene()
        scene.after(0)
        with open(calendar.FILE, "wb") as file:
            file.write(damage)
        again = scene.start()
        assert calendar.FILE in again.problem and again.due.first_day is None, damage
    small_file.save(calendar.FILE, b"one two")
    assert "begin anew" in Scene().one.problem


@tidy
def test_nothing_is_written_while_the_battery_forbids_it_and_it_is_made_up_for():
    scene = Scene()
    scene.may_write = False
    scene.after(0)
    assert small_file.load(calendar.FILE) is None
    scene.may_write = True
    scene.after(0)
    assert small_file.load(calendar.FILE) == b"20779 24322"


@tidy
def test_a_week_without_the_time_puts_the_first_look_not_off_when_ticks_wrap():
    scene = Scene(known=False)
    for _ in range(200):
        scene.tick_ms = (scene.tick_ms + 3600000) & 0x3FFFFFFF  # 8.3 days
        scene.one.tick()
    scene.known = True
    scene.one.tick()
    assert scene.one.due.dates()[1] == "2027-02-20"


@tidy
def test_what_was_kept_is_not_written_again_with_the_next_look():
    scene = Scene()
    scene.after(0)
    small_file.remove(calendar.FILE)
    scene.after(0)
    assert small_file.load(calendar.FILE) is None
