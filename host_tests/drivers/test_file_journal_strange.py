"""The journal of files beside records that are not its own, and after much that was refused (P1)."""

import os

from firmware.drivers.file_journal import FileJournal
from host_tests.drivers.test_file_journal import HERE, Refusing
from host_tests.drivers.test_file_journal import _files as files
from host_tests.drivers.test_file_journal import _in_a_folder as in_a_folder
from host_tests.drivers.test_file_journal import _journal_error as journal_error
from host_tests.drivers.test_file_journal import _opened as opened
from host_tests.drivers.test_file_journal import _tidy as tidy

OTHER = 0x04030201  # epoch of a journal that was here before, or came with another unit's files


def of_another(journal, kind, call_n, boot=1):
    """Puts such a record beside; its name."""
    own = journal._epoch_n, journal.boot
    journal._epoch_n, journal.boot = OTHER, boot
    name = journal._name(kind, call_n, (1, 0, 1, 2))
    journal._epoch_n, journal.boot = own
    open(HERE + "/" + name, "wb").close()
    return name


@in_a_folder
def test_what_is_over_elsewhere_ends_no_call_here_p1():
    journal, _ = opened()
    journal.trigger(1, 1, 0, 1, 2)
    over, raised = of_another(journal, "c", 1), of_another(journal, "t", 1)
    tidy(journal)
    journal, calls = opened()
    assert calls == [(1, [(1, 0, 1, 2)])] and journal.epoch == "5e1f00d5"
    tidy(journal)
    assert over in files() and raised in files(), "nor is anything of another touched"


class Backwards(FileJournal):
    """Its file system lists what is there in the worst order."""

    def _records(self):
        found = sorted(super()._records())
        found.reverse()
        return sorted(found, key=lambda name: name[0] == "s")


@in_a_folder
def test_numbers_go_on_above_the_highest_in_whatever_order_the_file_system_lists_them_p1():
    journal, _ = opened(Backwards)
    for call_n in (3, 7, 5):
        journal.trigger(call_n, 1, 0, 1, 2)
    journal.cleared(5)
    journal, calls = opened(Backwards)
    assert [call_n for call_n, _ in calls] == [3, 7] and journal.next_call_n() == 108
    journal.cleared(3)
    journal.cleared(7)
    tidy(journal)
    assert opened(Backwards)[0].next_call_n() == 108 + 100


@in_a_folder
def test_a_clear_takes_the_place_of_its_own_call_s_record_and_of_no_other_s():
    class InOrder(FileJournal):
        def _records(self):
            return sorted(super()._records())

    journal, _ = opened(InOrder)
    raised = of_another(journal, "t", 1)
    assert raised < journal._name("t", 1, (1, 0, 1, 2)), "it would be found first"
    journal.trigger(1, 1, 0, 1, 2)
    journal.cleared(1)
    assert raised in files() and opened()[1] == []


@in_a_folder
def test_the_epoch_is_that_of_the_last_session_and_its_number_goes_on_above_all_that_is_there():
    journal, _ = opened()
    journal.trigger(1, 1, 0, 1, 2)
    of_another(journal, "t", 9, boot=900)
    journal, calls = opened()
    assert calls == [(1, [(1, 0, 1, 2)])] and (journal.epoch, journal.boot) == ("5e1f00d5", 901)


@in_a_folder
def test_a_name_with_the_right_check_and_an_unknown_kind_is_no_record():
    journal, _ = opened()
    strange = journal._name("x", 5, (0, 0, 0, 0))
    open(HERE + "/" + strange, "wb").close()
    journal, calls = opened()
    assert calls == [] and "1 files" in journal.faults[0] and journal.usage()["used_records"] == 1 and strange in files()


@in_a_folder
def test_of_records_that_were_refused_32_are_owed_and_no_more():
    journal, _ = opened(Refusing)
    journal.refuses = 1000
    for call_n in range(1, 41):
        journal_error(journal.trigger, call_n, 1, 0, 1, 2)
    journal.refuses = 0
    for _ in range(2000):
        journal.idle()
    assert [call_n for call_n, _ in opened()[1]] == list(range(1, 33)), "the oldest"


@in_a_folder
def test_after_a_write_that_succeeds_the_next_failure_is_tried_again_as_soon_as_the_first():
    journal, _ = opened(Refusing)
    looks = []
    for call_n, refuses in ((1, 6), (2, 1)):
        journal.refuses = refuses
        journal_error(journal.trigger, call_n, 1, 0, 1, 2)
        looks.append(0)
        while len(files("t")) < call_n:
            journal.idle()
            looks[-1] += 1
            assert looks[-1] < 3000
    assert looks[0] > 300 and looks[1] <= 20, looks


@in_a_folder
def test_a_pause_between_tries_grows_to_ten_minutes_and_no_further():
    journal, _ = opened(Refusing)
    journal.refuses = 10 ** 6
    journal_error(journal.trigger, 1, 1, 0, 1, 2)
    for _ in range(4000):
        journal.idle()
    before = journal.refuses
    for _ in range(641 * 5):
        journal.idle()
    assert before - journal.refuses == 5 and len(journal.faults) == 2, "each text once: %s" % journal.faults


@in_a_folder
def test_the_numbers_of_a_call_are_those_of_32_bits_and_its_files_are_sorted_by_them():
    journal, _ = opened()
    for call_n in (0xFFFFFFFF, 255, 16, 0):
        journal.trigger(call_n, 1, 0, 1, 2)
    assert [call_n for call_n, _ in opened()[1]] == [0, 16, 255, 0xFFFFFFFF]
    assert sorted(os.listdir(HERE)) == files()
