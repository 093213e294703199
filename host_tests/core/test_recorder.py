"""The flight recorder: what is noted is there after a reset, and garbage is no record."""

import struct

from firmware.core import clock, recorder
from firmware.core.faults import NAMES
from firmware.core.recorder import RECORDS, SIZE, WORDS, Recorder


class Memory:
    """What outlives a reset; `saves` counts copies to the chip."""

    def __init__(self):
        self.flight = memoryview(bytearray(RECORDS * SIZE))
        self.seconds = 0
        self.saves = 0

    def save(self):
        self.saves += 1


class Life:
    """Starts of one unit, one after the other; `now` is set by hand."""

    def __init__(self, now=clock.PERIOD_MS - 4000):
        self.memory = Memory()
        self.now = now
        self.start()

    def start(self):
        self.recorder = Recorder(self.memory, lambda: self.now)
        return self.recorder

    def pass_s(self, seconds):
        self.now = clock.add(self.now, seconds * 1000)


def test_what_was_noted_comes_back_after_a_reset_in_order_with_its_age():
    life = Life()
    life.recorder.note("raised", 7)
    life.pass_s(5)
    life.recorder.note("received", 7)
    life.pass_s(60)
    life.recorder.note("saved")
    life.now = 123  # the ticks begin anew
    assert life.start().before() == [[65, "raised", 7], [60, "received", 7], [0, "saved", 0]]


def test_what_is_noted_after_the_start_is_not_of_before_it():
    life = Life()
    life.recorder.note("mains", 0)
    life.start().note("mains", 1)
    assert life.recorder.before() == [[0, "mains", 0]]
    assert life.start().before() == [[0, "mains", 0], [0, "mains", 1]]


def test_the_newest_48_are_kept_however_many_there_were():
    for count in (47, 48, 49, 100, 239, 240, 241, 1000):
        life = Life()
        for n in range(count):
            life.recorder.note("raised", n)
        kept = [detail for _, _, detail in life.start().before()]
        assert kept == list(range(max(count - 48, 0), count)), count


def test_each_note_of_this_start_pushes_out_the_oldest_of_before():
    life = Life()
    for n in range(48):
        life.recorder.note("raised", n)
    life.start()
    for n in range(3):
        life.recorder.note("link", n)
    assert [detail for _, _, detail in life.recorder.before()] == list(range(3, 48))


def test_a_changed_bit_anywhere_costs_that_record_only():
    for byte in range(SIZE):
        for bit in (1, 128):
            life = Life()
            for n in range(5):
                life.recorder.note("raised", n)
            life.memory.flight[2 * SIZE + byte] ^= bit
            found = [detail for _, _, detail in life.start().before()]
            assert found == [0, 1, 3, 4], (byte, bit, found)


def test_garbage_is_no_record_and_the_recorder_goes_on_in_it():
    for fill in (0x00, 0xFF, 0xA5):
        life = Life()
        life.memory.flight[:] = bytes([fill]) * (RECORDS * SIZE)
        assert life.start().before() == []
        life.recorder.note("start", 2)
        assert life.start().before() == [[0, "start watchdog", 2]]


def test_a_record_copied_to_another_slot_is_none():
    life = Life()
    life.recorder.note("raised", 1)
    life.memory.flight[7 * SIZE:8 * SIZE] = bytes(life.memory.flight[:SIZE])
    assert len(life.start().before()) == 1


def test_a_record_from_the_future_has_no_age():
    life = Life()
    life.memory.seconds = 5000
    life.recorder.note("raised", 1)
    life.memory.seconds = 4999
    assert life.start().before() == [[None, "raised", 1]]


def test_an_index_is_told_by_its_name_and_a_strange_one_as_it_stands():
    for word, detail, told in (
        ("open", NAMES.index("speaker"), "open speaker"), ("shut", 0, "shut line_open"), ("open", len(NAMES), "open"),
        ("stale", 0, "stale heart"), ("ended", 5, "ended talk"), ("ended", 6, "ended"), ("start", 0, "start power_on"),
        ("start", -1, "start"), ("mains", 1, "mains"),
    ):
        life = Life()
        life.recorder.note(word, detail)
        assert life.start().before() == [[0, told, detail]], told


def test_a_word_that_it_does_not_have_and_a_detail_that_does_not_fit_break_nothing():
    life = Life()
    life.recorder.note("nonsense", 1 << 40)
    life.recorder.note("raised", -(1 << 40))
    assert life.start().before() == [[0, "?", 0x7FFFFFFF], [0, "raised", -0x80000000]]


def test_the_running_time_goes_on_with_the_ticks_and_is_put_down_every_10_s():
    life = Life()
    life.memory.saves = 0
    for _ in range(95):
        life.now = clock.add(life.now, 999)
        life.recorder.tick()
    assert life.memory.seconds == 94 and life.memory.saves == 9


def test_a_note_is_one_copy_in_memory():
    life = Life()
    life.recorder.note("raised", 1)
    assert life.memory.saves == 1


def test_the_words_keep_their_index_and_a_record_its_layout():
    assert WORDS[:16] == ("?", "start", "mains", "power", "link", "open", "shut", "ended", "stale", "raised", "received",
                          "cleared", "test", "saved", "clock", "reduced")
    life = Life()
    life.memory.seconds = 0x01020304
    life.recorder.note("raised", -2)
    record = bytes(life.memory.flight[:SIZE])
    assert record[:10] == b"\x04\x03\x02\x01" + bytes([0, 9]) + b"\xfe\xff\xff\xff"
    assert struct.unpack("<H", record[10:])[0] == recorder.binascii.crc32(record[:10]) & 0xFFFF


def test_no_word_is_longer_than_the_protocol_allows():
    for word, count in (("open", len(NAMES)), ("shut", len(NAMES)), ("start", 6), ("stale", 6), ("ended", 6)):
        for detail in range(count):
            life = Life()
            life.recorder.note(word, detail)
            told = life.start().before()[0][1]
            assert told.startswith(word + " ") and len(told) <= 16, told
