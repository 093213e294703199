"""The journal of files where memory is short: it takes little of it, and loses nothing without (P1)."""

import sys

from firmware.drivers.file_journal import FileJournal
from host_tests.drivers.test_file_journal import Refusing
from host_tests.drivers.test_file_journal import _in_a_folder as in_a_folder
from host_tests.drivers.test_file_journal import _journal_error as journal_error
from host_tests.drivers.test_file_journal import _opened as opened


@in_a_folder
def test_a_memory_that_is_full_for_a_moment_loses_neither_a_call_nor_its_clear_p1():
    journal, _ = opened(Refusing)
    journal.full = True
    journal.refuses = 1
    assert "Memory" in journal_error(journal.trigger, 1, 1, 0, 1, 2)
    for _ in range(50):
        journal.idle()
    assert opened()[1] == [(1, [(1, 0, 1, 2)])]
    journal.refuses = 1
    journal_error(journal.cleared, 1)
    for _ in range(50):
        journal.idle()
    assert opened()[1] == []


@in_a_folder
def test_housekeeping_that_finds_no_memory_waits_is_no_fault_and_costs_no_alarm():
    class Full(FileJournal):
        looks = 0

        def _spent(self):
            self.looks += 1
            raise MemoryError

    journal, _ = opened(Full)
    journal.looks = 0
    for call_n in range(1, 97):
        journal.trigger(call_n, 1, 0, 1, 2)
        journal.cleared(call_n)
    for _ in range(100):
        assert not journal.idle()
    assert 1 <= journal.looks <= 10 and journal.faults == [], (journal.looks, journal.faults)
    for call_n in range(97, 125):
        for n in range(1, 5):
            journal.trigger(call_n, n, 0, 1, 2)
    assert journal.late_erases and journal.faults == [], "what cannot be tidied is no alarm's affair"


@in_a_folder
def test_a_look_through_all_records_keeps_their_names_and_no_more():
    """At 200 records their parts filled the memory of a board without PSRAM: it started over and over, and called nobody."""
    if sys.implementation.name != "micropython":
        return  # CPython takes as much as it likes
    import gc

    journal, _ = opened()
    for call_n in (1, 2, 3):
        for n in range(1, 65):
            journal.trigger(call_n, n, 0, 1, 2)
        if call_n == 1:
            journal.cleared(1)
    gc.collect()
    before = gc.mem_alloc()
    records = journal._records()
    gc.collect()
    each = (gc.mem_alloc() - before) // len(records)
    assert len(records) > 180 and each <= 120, each
