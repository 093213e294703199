"""Short, short, long, short begins a test; no stuck and no chattering contact does."""

import random

from firmware.core import clock
from firmware.core.press_pattern import PressPattern

REST_MS, GAP_MS, SHORT_MS, LONG_MS = 3500, 400, 250, 2200


class Contact:
    """A contact from tick `now_ms` on; the heart looks every `look_ms`."""

    def __init__(self, now_ms=1 << 29, look_ms=50):
        self.pattern = PressPattern()
        self.now_ms = now_ms
        self.found = 0
        self._look_ms = look_ms

    def passes(self, ms):
        while ms > 0:
            step_ms = min(ms, self._look_ms)
            ms -= step_ms
            self.now_ms = clock.add(self.now_ms, step_ms)
            self.found += self.pattern.tick(self.now_ms)

    def press(self, for_ms, gap_ms=GAP_MS):
        self.pattern.pressed(self.now_ms)
        self.passes(for_ms)
        self.pattern.released(self.now_ms)
        self.passes(gap_ms)


def begun(lengths=(SHORT_MS, SHORT_MS, LONG_MS, SHORT_MS), gaps=(GAP_MS, GAP_MS, GAP_MS, REST_MS), rest_ms=REST_MS, contact=None):
    """How often the pattern was seen."""
    contact = contact or Contact()
    contact.passes(rest_ms)
    for for_ms, gap_ms in zip(lengths, gaps):  # noqa: B905 - MicroPython has no `strict`
        contact.press(for_ms, gap_ms)
    return contact.found


def test_the_pattern_is_seen_once():
    contact = Contact()
    assert begun(contact=contact) == 1
    contact.passes(60000)
    assert contact.found == 1 and contact.pattern.next_due() is None


def test_it_is_seen_across_the_wrap_of_the_ticks_and_after_weeks_of_rest():
    for ahead_ms in range(0, 12000, 700):
        assert begun(contact=Contact(clock.add(0, -ahead_ms))) == 1
    contact = Contact()
    assert begun(contact=contact) == 1
    contact._look_ms = 600000
    contact.passes(20 * 86400000)
    contact._look_ms = 50
    assert begun(contact=contact) == 2


def test_each_length_counts_from_both_sides():
    for least_ms, most_ms, make in (
        (80, 800, lambda ms: (ms, SHORT_MS, LONG_MS, SHORT_MS)),
        (80, 800, lambda ms: (SHORT_MS, ms, LONG_MS, SHORT_MS)),
        (1500, 4000, lambda ms: (SHORT_MS, SHORT_MS, ms, SHORT_MS)),
        (80, 800, lambda ms: (SHORT_MS, SHORT_MS, LONG_MS, ms)),
    ):
        assert [begun(make(ms)) for ms in (least_ms - 1, least_ms, most_ms, most_ms + 1)] == [0, 1, 1, 0], (least_ms, most_ms)


def test_each_gap_and_each_rest_counts_from_both_sides():
    for place in range(3):
        found = []
        for ms in (99, 100, 2000, 2001):
            gaps = [GAP_MS, GAP_MS, GAP_MS, REST_MS]
            gaps[place] = ms
            found.append(begun(gaps=gaps))
        assert found == [0, 1, 1, 0], place
    assert [begun(gaps=(GAP_MS, GAP_MS, GAP_MS, ms)) for ms in (2999, 3000)] == [0, 1]
    contact = Contact()
    contact.press(SHORT_MS, 2999)
    assert begun(rest_ms=0, contact=contact) == 0, "2,999 ms after another press"
    contact = Contact()
    contact.press(SHORT_MS, 3000)
    assert begun(rest_ms=0, contact=contact) == 1


def test_all_of_it_takes_12_s_at_most():
    slow = (800, 800, 4000, 400)  # with gaps of 2 s: exactly 12 s to the last release
    assert [begun(slow[:3] + (ms,), (2000, 2000, 2000, REST_MS)) for ms in (400, 401)] == [1, 0]


def test_one_press_more_or_less_is_not_the_pattern():
    more = (SHORT_MS, SHORT_MS, LONG_MS, SHORT_MS, SHORT_MS)
    assert begun(more, (GAP_MS, GAP_MS, GAP_MS, GAP_MS, REST_MS)) == 0
    assert begun(more[1:4], (GAP_MS, GAP_MS, REST_MS)) == 0
    assert begun((SHORT_MS,) + more[:4], (GAP_MS, GAP_MS, GAP_MS, GAP_MS, REST_MS)) == 0


def test_who_presses_wrongly_has_three_tries_and_then_must_wait():
    contact = Contact()
    for _ in range(2):
        begun((SHORT_MS, LONG_MS, LONG_MS, SHORT_MS), contact=contact)
    assert begun(contact=contact) == 1, "the third"
    contact = Contact()
    for _ in range(3):
        begun((SHORT_MS, LONG_MS, LONG_MS, SHORT_MS), contact=contact)
    assert begun(contact=contact) == 0
    contact.passes(600000 - REST_MS - 100)
    assert begun(contact=contact, rest_ms=0) == 0, "just short of ten minutes"
    contact.passes(600000)
    assert begun(contact=contact, rest_ms=0) == 1


def test_a_stuck_contact_is_one_press_however_long_and_however_often_it_sticks():
    for for_ms in (50, 800, 4000, 3600000):
        contact = Contact(look_ms=1000)
        for _ in range(20):
            contact.press(for_ms, 1500)
        assert contact.found == 0


def test_a_contact_that_chatters_by_chance_is_never_taken_for_it():
    """20,000 presses of each kind: closures and openings of random length, from what a vibration gives to what a draught does."""
    chance = random
    chance.seed(4)
    for mean_ms in (60, 200, 500, 1000, 2000):
        contact = Contact(look_ms=10**9)
        gone_ms, presses = 0, 0
        while gone_ms < 14 * 86400000 and presses < 20000:
            for_ms, gap_ms = (1 + int(chance.random() * 2 * mean_ms) for _ in range(2))
            contact.press(for_ms, gap_ms)
            contact.passes(0)
            gone_ms += for_ms + gap_ms
            presses += 1
        assert contact.found == 0, mean_ms


def test_a_rhythm_is_never_taken_for_it():
    for for_ms in (50, 100, 300, 800, 1500, 2500):
        for gap_ms in (50, 100, 400, 1500, 2500, 30000):
            contact = Contact(look_ms=200)
            for _ in range(24):
                contact.press(for_ms, gap_ms)
            assert contact.found == 0, (for_ms, gap_ms)


def test_twelve_presses_are_listened_to_and_thirteen_are_not():
    for wrong, found in ((8, 1), (9, 0)):
        contact = Contact()
        contact.passes(REST_MS)
        for _ in range(wrong):
            contact.press(SHORT_MS, REST_MS)
        assert begun(contact=contact) == found, wrong
