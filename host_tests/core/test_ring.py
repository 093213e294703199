"""The ring's bookkeeping: which sector may be erased, when calls are carried forward, how many fit."""

from firmware.core import record
from firmware.core.ring import Ring


def _started(sectors=16, slots=128):
    ring = Ring(sectors, slots)
    ring.start(1, 1)
    return ring


def _next_sector(ring):
    ring.erased(ring.victim(), True)
    ring.advance()


def test_sectors_are_used_in_turn_and_wear_alike():
    ring = _started(8)
    for _ in range(80):
        _next_sector(ring)
        ring.commit(ring.current_seq())
    assert ring.erases == [10] * 8
    assert ring.current_seq() == 81


def test_a_sector_is_not_erased_before_a_kill_note_has_freed_it():
    ring = _started(6)
    for _ in range(5):
        assert ring.victim() >= 0
        _next_sector(ring)
    assert ring.victim() == -1
    assert ring.span() == 6
    ring.commit(ring.current_seq() - 1)
    assert ring.span() == 2
    assert ring.victim() == 1


def test_neither_the_ready_nor_a_retired_sector_is_erased():
    ring = _started(6)
    ring.erased(2, True)
    ring.retire(3)
    assert ring.victim() == 4
    assert (ring.bad_count(), ring.good_count()) == (1, 5)


def test_a_sector_that_is_not_blank_after_its_erase_is_retired():
    ring = _started(6)
    ring.erased(2, False)
    assert ring.ready == -1
    assert ring.is_bad(2)
    assert ring.victim() == 3


def test_a_ready_sector_of_an_earlier_session_is_begun_at_its_second_slot():
    ring = Ring(6, 16)
    ring.seq[4] = 9
    ring.used[4] = 16
    ring.resume(5, 0, 9, 9)
    assert (ring.current, ring.left(), ring.ready) == (4, 0, 5)
    ring.advance()
    assert (ring.current, ring.slot, ring.current_seq()) == (5, 1, 10)


def test_a_ready_sector_whose_first_record_was_torn_is_gone_on_with_behind_it():
    ring = Ring(6, 16)
    ring.seq[4], ring.used[4], ring.used[5] = 9, 12, 3
    ring.resume(5, 0, 9, 9)
    assert (ring.current, ring.slot, ring.current_seq(), ring.ready) == (5, 3, 10, -1)
    assert ring.victim() == 0


def test_the_old_base_is_kept_until_the_new_one_is_written_but_what_broken_recoveries_left_is_not():
    ring = Ring(8, 16)
    for sector, seq in enumerate((11, 12, 13, 14, 15, 8, 9, 10)):
        ring.seq[sector] = seq
        ring.used[sector] = 16
    ring.resume(record.NO_SECTOR, 0, 10, 12)
    assert ring.current == 4
    taken = []
    while ring.victim() >= 0:
        taken.append(ring.victim())
        _next_sector(ring)
    assert taken == [5, 6, 2, 3]


def test_when_almost_every_sector_is_called_bad_they_are_all_tried_again():
    ring = Ring(6, 16)
    ring.seq[0] = 1
    ring.resume(record.NO_SECTOR, 0b111100, 1, 1)
    assert ring.bad == 0
    ring.resume(record.NO_SECTOR, 0b110000, 1, 1)
    assert ring.bad == 0b110000


def test_a_run_that_spans_sectors_does_not_crowd_the_ring_at_once():
    ring = _started(6, 16)
    for _ in range(2):
        _next_sector(ring)
    ring.commit(ring.current_seq() - 1)
    assert not ring.crowded()
    _next_sector(ring)
    assert not ring.crowded()
    _next_sector(ring)
    assert ring.crowded()


def test_the_image_with_16_sectors_carries_four_calls_of_64_activations():
    assert Ring(16, 128).capacity() == 256
    assert Ring(6, 16).capacity() == 12
    ring = Ring(6, 16)
    for sector in range(4):
        ring.retire(sector)
    assert ring.capacity() == 4


def test_sectors_without_a_note_count_as_worn_as_the_most_worn():
    ring = Ring(6, 16)
    ring.erases = [0, 7, 0, 9, 8, 0]
    ring.assume_erases()
    assert ring.erases == [9, 7, 9, 9, 8, 9]
