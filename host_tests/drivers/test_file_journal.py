"""The journal of files: P1 without power cuts (those are host_tests/powercut), damage, a file system that refuses."""

import os
from binascii import hexlify

from firmware.drivers.file_journal import FileJournal
from firmware.drivers.journal import JournalError

HERE = "file_journal_test_" + hexlify(os.urandom(4)).decode()


def _entropy(count):
    return b"\xd5\x00\x1f\x5e"[:count]


def _remove(directory):
    try:
        names = os.listdir(directory)
    except OSError:
        return
    for name in names:
        try:
            os.remove(directory + "/" + name)
        except OSError:
            _remove(directory + "/" + name)
    os.rmdir(directory)


def _in_a_folder(test):
    def run():
        _remove(HERE)
        try:
            test()
        finally:
            _remove(HERE)
            _remove(HERE + ".bad")
            try:
                os.remove(HERE)
            except OSError:
                pass

    return run


def _opened(journal_class=FileJournal):
    journal = journal_class(HERE, _entropy)
    return journal, [(call.call_n, call.triggers) for call in journal.open()]


def _files(kind=""):
    return sorted(name for name in os.listdir(HERE) if name.startswith(kind))


def _tidy(journal):
    steps = 0
    while journal.idle():
        steps += 1
        assert steps < 1000
    return steps


def _journal_error(do, *arguments):
    try:
        do(*arguments)
    except JournalError as error:
        return str(error)
    raise AssertionError("no JournalError")


class Refusing(FileJournal):
    """`refuses`: the next so many changes fail as on a full file system; `full`: the memory is full instead."""

    refuses = 0
    full = False

    def _make(self, name):
        if self.refuses:
            self.refuses -= 1
            raise MemoryError if self.full else OSError(28)
        super()._make(name)


@_in_a_folder
def test_an_empty_file_system_becomes_a_journal_with_an_epoch_and_boot_1():
    journal, calls = _opened()
    assert calls == [] and journal.where == "files"
    assert (journal.epoch, journal.boot, journal.faults, journal.late_erases) == ("5e1f00d5", 1, [], 0)
    assert journal.next_call_n() == 1 and journal.next_call_n() == 2
    assert len(_files()) == 1


@_in_a_folder
def test_an_open_call_with_its_activations_is_there_after_a_restart_p1():
    journal, _ = _opened()
    journal.trigger(1, 1, 0, 1, 2)
    journal.trigger(2, 1, 3, 0, 0)
    journal.trigger(1, 2, 255, 2, 1)
    journal.cleared(2)
    for boot in (2, 3, 4):
        journal, calls = _opened()
        assert calls == [(1, [(1, 0, 1, 2), (2, 255, 2, 1)])]
        assert (journal.epoch, journal.boot) == ("5e1f00d5", boot)
    journal.cleared(1)
    assert _opened()[1] == []


@_in_a_folder
def test_no_number_is_given_twice_whatever_was_cleared_and_tidied_away():
    highest = 0
    for tidies in (True, False, True):
        journal, _ = _opened()
        for _ in range(4):
            call_n = journal.next_call_n()
            assert call_n > highest
            highest = call_n
            journal.trigger(call_n, 1, 0, 1, 2)
            journal.cleared(call_n)
            if tidies:
                _tidy(journal)
        highest = journal.next_call_n()  # sent, but never on flash
    assert journal.faults == []


@_in_a_folder
def test_a_number_that_came_from_elsewhere_is_not_given_again():
    """A call of RTC memory keeps its number when it comes to flash late."""
    journal, _ = _opened()
    journal.trigger(7, 1, 0, 1, 2)
    assert journal.next_call_n() == 8


@_in_a_folder
def test_files_are_few_after_tidying_and_tidying_comes_to_an_end():
    journal, _ = _opened()
    for _ in range(30):
        call_n = journal.next_call_n()
        for trigger in range(1, 4):
            journal.trigger(call_n, trigger, 0, 1, 2)
        journal.cleared(call_n)
    assert len(_files()) == 30 * 3 + 1
    assert _tidy(journal) > 0 and _tidy(journal) == 0
    assert len(_files()) == 2 and _files("c") and journal.usage()["used_records"] == 2
    assert len(_opened()[0].usage()) == 5 and len(_files()) == 1


@_in_a_folder
def test_without_idle_the_files_are_bounded_all_the_same():
    journal, _ = _opened()
    for _ in range(250):
        call_n = journal.next_call_n()
        journal.trigger(call_n, 1, 0, 1, 2)
        journal.cleared(call_n)
        assert len(_files()) <= 192
    assert journal.late_erases > 0 and journal.faults == []


class Looking(FileJournal):
    """Counts how often it looks through all of its files."""

    looks = 0

    def _records(self):
        self.looks += 1
        return super()._records()


@_in_a_folder
def test_neither_an_alarm_nor_a_start_is_held_up_by_tidying_p1():
    """A look through 200 files takes an ESP32 half a second (estimate), and the watchdog of a start waits 20 s."""
    journal, _ = _opened(Looking)
    for call_n in (1, 2):
        for n in range(1, 65):
            journal.trigger(call_n, n, 0, 1, 2)
        journal.cleared(call_n)
    most = 0
    for call_n in (3, 4):
        for n in range(1, 65):
            journal.looks = 0
            journal.trigger(call_n, n, 0, 1, 2)
            most = max(most, journal.looks)
    assert 0 < most <= 2, most
    files = len(_files())
    assert 128 < files <= 200, files
    wanted = [(n, [(k, 0, 1, 2) for k in range(1, 65)]) for n in (3, 4)]
    for _ in range(20):
        journal, calls = _opened(Looking)
        assert calls == wanted and journal.looks <= 40, journal.looks
    assert len(_files()) < files - 40, "starts that are cut one after the other come to an end of it"
    _tidy(journal)
    assert _opened()[1] == wanted and len(_files()) == 129


@_in_a_folder
def test_a_full_journal_refuses_and_takes_again_once_a_call_is_cleared():
    journal, _ = _opened()
    for number in range(128):
        journal.trigger(1 + number // 64, 1 + number % 64, 0, 1, 2)
    assert "journal full: 128" in _journal_error(journal.trigger, 3, 1, 0, 1, 2)
    assert journal.usage()["free_records"] == 0
    journal.cleared(1)
    journal.trigger(3, 1, 0, 1, 2)
    journal, calls = _opened()
    assert [(call_n, len(triggers)) for call_n, triggers in calls] == [(2, 64), (3, 1)]


@_in_a_folder
def test_numbers_out_of_range_are_refused_before_anything_is_written():
    journal, _ = _opened()
    for wrong in ((1, 256, 0, 0, 0), (1, 1, -1, 0, 0), (-1, 1, 0, 0, 0), (1 << 32, 1, 0, 0, 0)):
        try:
            journal.trigger(*wrong)
        except ValueError:
            continue
        raise AssertionError(wrong)
    assert len(_files()) == 1


@_in_a_folder
def test_what_the_file_system_refuses_is_a_fault_and_is_written_later_p1():
    journal, _ = _opened(Refusing)
    journal.refuses = 1
    assert "28" in _journal_error(journal.trigger, 1, 1, 0, 1, 2) and journal.faults
    assert _opened()[1] == []
    waits = 0
    while not _files("t"):
        journal.idle()
        waits += 1
        assert waits < 30
    assert waits > 5, "tried again at once: a full file system would be worn out"
    assert _opened()[1] == [(1, [(1, 0, 1, 2)])]


@_in_a_folder
def test_each_of_several_records_that_were_refused_is_written_later_and_tries_grow_seldom():
    journal, _ = _opened(Refusing)
    journal.refuses = 1000
    for call_n in (1, 2, 3):
        _journal_error(journal.trigger, call_n, 1, 0, 1, 2)
    for _ in range(2000):
        journal.idle()
    assert 990 <= journal.refuses < 994, "some tries in half an hour, not one a second"
    journal.refuses = 0
    for _ in range(1000):
        journal.idle()
    assert [call_n for call_n, _ in _opened()[1]] == [1, 2, 3]


@_in_a_folder
def test_starts_that_are_cut_do_not_fill_the_directory():
    class Cut(FileJournal):
        def _write(self, name):
            super()._write(name)
            raise KeyError  # the power goes

    journal, _ = _opened()
    journal.trigger(1, 1, 0, 1, 2)
    for _ in range(60):
        try:
            _opened(Cut)
        except KeyError:
            assert len(_files()) <= 4
    assert _opened()[1] == [(1, [(1, 0, 1, 2)])]


@_in_a_folder
def test_what_cannot_be_removed_is_bounded_and_said():
    class Stuck(FileJournal):
        def _spent(self):
            return None

    journal, _ = _opened(Stuck)
    refused = ""
    for call_n in range(1, 300):
        try:
            journal.trigger(call_n, 1, 0, 1, 2)
            journal.cleared(call_n)
        except JournalError as error:
            refused = refused or str(error)
    assert len(_files()) == 256 and "full" in refused


@_in_a_folder
def test_a_call_that_was_cleared_before_its_record_could_be_written_does_not_rise():
    journal, _ = _opened(Refusing)
    journal.refuses = 1
    _journal_error(journal.trigger, 1, 1, 0, 1, 2)
    journal.cleared(1)
    for _ in range(50):
        journal.idle()
    assert _opened()[1] == []


@_in_a_folder
def test_a_clear_that_could_not_be_written_is_written_later():
    journal, _ = _opened(Refusing)
    journal.trigger(1, 1, 0, 1, 2)
    journal.refuses = 1
    _journal_error(journal.cleared, 1)
    assert _opened()[1] == [(1, [(1, 0, 1, 2)])], "raised once more rather than lost"
    for _ in range(50):
        journal.idle()
    assert _opened()[1] == []


@_in_a_folder
def test_open_calls_are_given_though_the_session_cannot_be_noted():
    _opened()[0].trigger(1, 1, 0, 1, 2)

    class Full(Refusing):
        refuses = 1

    journal, calls = _opened(Full)
    assert calls == [(1, [(1, 0, 1, 2)])] and journal.faults and journal.boot == 2
    journal.trigger(journal.next_call_n(), 1, 0, 1, 2)
    assert _opened()[0].boot == 3


@_in_a_folder
def test_files_that_are_no_records_cost_nothing_and_are_named():
    journal, _ = _opened()
    journal.trigger(1, 1, 0, 1, 2)
    name = _files("t")[0]
    strange = ("notes.txt", "t" + name[2:] + "0", name[:-1] + ("0" if name[-1] != "0" else "1"), "s" + name[1:])
    for wrong in strange:
        open(HERE + "/" + wrong, "w").close()
    journal, calls = _opened()
    assert calls == [(1, [(1, 0, 1, 2)])] and "4 files" in journal.faults[0]
    assert all(wrong in _files() for wrong in strange)


@_in_a_folder
def test_without_the_record_of_the_session_calls_stay_and_sessions_go_on_far_above():
    journal, _ = _opened()
    journal.trigger(7, 1, 0, 1, 2)
    os.remove(HERE + "/" + _files("s")[0])
    journal, calls = _opened()
    assert calls == [(7, [(1, 0, 1, 2)])] and journal.epoch == "5e1f00d5"
    assert journal.boot > 1000 and journal.next_call_n() > 100 and "damaged" in journal.faults[0]
    assert _opened()[0].faults == []


@_in_a_folder
def test_records_of_another_unit_are_not_taken_for_its_own():
    journal, _ = _opened()
    _opened()
    other = FileJournal(HERE, lambda count: b"\x01\x02\x03\x04"[:count])
    other._epoch_n, other.boot = 0x04030201, 1
    other._make(other._name("t", 1, (1, 0, 1, 2)))
    journal, calls = _opened()
    assert calls == [] and journal.epoch == "5e1f00d5"


@_in_a_folder
def test_a_directory_that_cannot_be_read_is_put_aside_and_the_journal_begins_anew():
    open(HERE, "w").close()  # a file where the directory should be: cannot be listed
    journal, calls = _opened()
    assert calls == [] and "put aside" in journal.faults[0] and journal.boot == 1
    journal.trigger(1, 1, 0, 1, 2)
    assert _opened()[1] == [(1, [(1, 0, 1, 2)])]
    os.remove(HERE + ".bad")


def test_without_any_directory_it_says_so():
    assert "no directory" in _journal_error(FileJournal("not/there/at/all", _entropy).open)
