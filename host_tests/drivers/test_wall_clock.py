"""Calendar time with a floor (D10)."""

import os
import time

from firmware.drivers.wall_clock import WallClock

PATH = "wall_clock_test.txt"
OFFSET_S = 946684800 if time.gmtime(0)[0] == 2000 else 0


class Rtc:
    """Takes the time and keeps it; the host's own clock is not touched."""

    def __init__(self):
        self.set_to = None

    def datetime(self, when):
        self.set_to = when


def clean():
    for path in (PATH, PATH + ".new"):
        try:
            os.remove(path)
        except OSError:
            pass


def clock(built_s=1795305600):
    rtc = Rtc()
    return rtc, WallClock(rtc, PATH, built_s)


def written(text):
    with open(PATH, "w") as file:
        file.write(text)


def test_a_clock_behind_the_build_date_is_lifted_to_it():
    clean()
    rtc, wall = clock(2120083200)  # 2037-03-08
    wall.start()
    assert rtc.set_to[:3] == (2037, 3, 8)


def test_a_clock_that_is_ahead_of_the_floor_is_left_alone():
    clean()
    rtc, wall = clock(1577836800)
    wall.start()
    assert rtc.set_to is None


def test_the_last_noted_time_is_a_floor_too():
    clean()
    written("2116972800")  # in 2037
    rtc, wall = clock()
    wall.start()
    clean()
    assert rtc.set_to[:2] == (2037, 1)


def test_a_note_that_is_no_time_counts_as_none():
    for text in ("", "yesterday", "-5", "99999999999999999", "2145830400", "\x00\xff"):
        written(text)
        rtc, wall = clock(1577836800)
        wall.start()
        assert rtc.set_to is None, text
    clean()


def test_the_service_can_set_the_clock_forwards_only_and_within_reason():
    rtc, wall = clock()
    now_s = wall.now_s()
    for unix_s in (0, now_s - 86400, now_s + 1, 2145830400, 1 << 40):
        wall.take(unix_s)
        assert rtc.set_to is None, unix_s
    wall.take(now_s + 86400)
    then = time.gmtime(now_s + 86400 - OFFSET_S)
    assert rtc.set_to[:3] == tuple(then[:3]) and rtc.set_to[4:7] == tuple(then[3:6])


def test_the_time_is_noted_once_a_day():
    clean()
    _, wall = clock()
    assert wall.note()
    assert not wall.note()
    with open(PATH) as file:
        assert abs(int(file.read()) - wall.now_s()) <= 5
    clean()


def test_the_time_is_known_once_the_service_has_told_one_that_can_be():
    clean()
    _, wall = clock()
    wall.start()
    wall.take(946684800)
    wall.take(2145830400)
    assert not wall.known
    wall.take(wall.now_s())
    assert wall.known
