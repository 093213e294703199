"""The journal over the flash model: P1 without power cuts (those are host_tests/powercut), wear, damage, worn flash."""

import os

from nor import NorFlash

from firmware.core import record
from firmware.drivers.journal import Journal, JournalError

SLOTS = 16


def _entropy(count):
    return b"\xd5\x00\x1f\x5e"[:count]


def _flash(sectors=6):
    return NorFlash(sectors, SLOTS * 32)


def _opened(flash):
    journal = Journal(flash, _entropy)
    return journal, [(call.call_n, call.triggers) for call in journal.open()]


def _come_and_go(journal, count):
    for _ in range(count):
        call_n = journal.next_call_n()
        journal.trigger(call_n, 1, 0, 1, 2)
        journal.cleared(call_n)
        while journal.idle():
            pass


def _journal_error(do, *arguments):
    try:
        do(*arguments)
    except JournalError as error:
        return str(error)
    raise AssertionError("no JournalError")


def test_a_blank_partition_becomes_a_journal_with_an_epoch_and_boot_1():
    journal, calls = _opened(_flash())
    assert calls == []
    assert (journal.epoch, journal.boot, journal.faults) == ("5e1f00d5", 1, [])
    assert journal.next_call_n() == 1
    assert journal.next_call_n() == 2


def test_an_open_call_with_its_activations_is_there_after_a_restart_p1():
    flash = _flash()
    journal, _ = _opened(flash)
    journal.trigger(1, 1, 0, 1, 2)
    journal.trigger(2, 1, 3, 0, 0)
    journal.trigger(1, 2, 255, 2, 1)
    journal.cleared(2)
    for boot in (2, 3, 4):
        journal, calls = _opened(flash)
        assert calls == [(1, [(1, 0, 1, 2), (2, 255, 2, 1)])]
        assert (journal.boot, journal.epoch) == (boot, "5e1f00d5")


def test_an_alarm_costs_one_program_of_32_bytes_and_no_erase():
    flash = _flash(16)
    journal, _ = _opened(flash)
    for number in range(200):
        for do in (lambda n: journal.trigger(n, 1, 0, 0, 0), journal.cleared):
            flash.zero_counters()
            do(number + 1)
            assert (flash.programs, flash.program_bytes, flash.erases) == (1, 32, 0)
        flash.zero_counters()
        journal.idle()
        assert flash.erases <= 1
    assert journal.late_erases == 0


def test_a_call_left_open_survives_many_laps_of_the_ring_p1():
    flash = _flash()
    journal, _ = _opened(flash)
    first = journal.next_call_n()
    for trigger_n in range(1, 7):
        journal.trigger(first, trigger_n, trigger_n, 0, 0)
    _come_and_go(journal, 150)
    assert min(flash.erases_of) >= 3
    journal, calls = _opened(flash)
    assert calls == [(first, [(n, n, 0, 0) for n in range(1, 7)])]
    journal.cleared(first)
    _come_and_go(journal, 150)
    assert _opened(flash)[1] == []
    assert journal.faults == []


def test_call_numbers_are_not_used_again_after_a_restart_even_if_they_never_reached_flash():
    flash = _flash()
    journal, _ = _opened(flash)
    handed = [journal.next_call_n() for _ in range(90)]
    for _ in range(5):
        journal, _ = _opened(flash)
        call_n = journal.next_call_n()
        assert call_n > max(handed)
        handed.append(call_n)


def test_if_nobody_calls_idle_no_alarm_is_lost_and_the_late_erases_are_counted():
    flash = _flash()
    journal, _ = _opened(flash)
    journal.trigger(1, 1, 0, 0, 0)
    for call_n in range(2, 120):
        journal.trigger(call_n, 1, 0, 0, 0)
        journal.cleared(call_n)
    assert journal.late_erases > 3
    assert [call_n for call_n, _ in _opened(flash)[1]] == [1]


def test_a_full_journal_says_so_and_takes_alarms_again_after_a_clear():
    flash = _flash()
    journal, _ = _opened(flash)
    for call_n in range(1, 13):
        journal.trigger(call_n, 1, 0, 0, 0)
    assert "full" in _journal_error(journal.trigger, 13, 1, 0, 0, 0)
    journal.cleared(4)
    journal.trigger(13, 1, 0, 0, 0)
    assert [call_n for call_n, _ in _opened(flash)[1]] == [1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13]


def test_an_activation_out_of_range_is_refused_and_leaves_no_trace():
    flash = _flash()
    journal, _ = _opened(flash)
    for wrong in ((1, 256, 0, 0, 0), (1, 1, -1, 0, 0), (-1, 1, 0, 0, 0), (1, 1, 0, 0, 1000)):
        try:
            journal.trigger(*wrong)
        except ValueError:
            continue
        raise AssertionError("taken: %r" % (wrong,))
    assert _opened(flash)[1] == []


def test_a_slot_with_stuck_bits_is_passed_over():
    flash = _flash()
    for slot in range(3, 6):
        flash.stick_one(512 + slot * 32 + 9, 0xFF)
    journal, _ = _opened(flash)
    for call_n in range(1, 6):
        journal.trigger(call_n, 1, 0, 0, 0)
    assert [call_n for call_n, _ in _opened(flash)[1]] == [1, 2, 3, 4, 5]


def test_sectors_that_do_not_erase_are_retired_and_stay_so():
    flash = _flash(9)
    journal, _ = _opened(flash)
    flash.ignore_erases(3)
    flash.refuse_erases(4)
    _come_and_go(journal, 120)
    assert journal.usage()["bad_sectors"] == 2
    assert any("sector 3" in fault for fault in journal.faults)
    journal, calls = _opened(flash)
    assert (journal.usage()["bad_sectors"], calls) == (2, [])
    erased = list(flash.erases_of)
    _come_and_go(journal, 120)
    assert flash.erases_of[3:5] == erased[3:5]


def test_a_sector_that_takes_no_programs_is_left_after_four_slots_and_retired():
    for how in ("ignore_programs", "refuse_programs"):
        flash = _flash(9)
        journal, _ = _opened(flash)
        getattr(flash, how)(1)
        flash.zero_counters()
        journal.trigger(1, 1, 0, 0, 0)
        assert flash.programs <= 5
        while journal.idle():
            pass
        assert journal.usage()["bad_sectors"] == 1
        assert _opened(flash)[1] == [(1, [(1, 0, 0, 0)])]


def test_an_alarm_that_flash_does_not_take_is_reported_at_once_and_written_when_it_can_be():
    flash = _flash()
    journal, _ = _opened(flash)
    for sector in range(6):
        flash.refuse_programs(sector)
    assert "no record could be written" in _journal_error(journal.trigger, 1, 1, 7, 0, 0)
    assert journal.faults
    flash.work_again()
    while journal.idle():
        pass
    assert _opened(flash)[1] == [(1, [(1, 7, 0, 0)])]


def test_opening_says_clearly_what_is_missing():
    assert "no flash partition 'journal'" in _journal_error(Journal, None, _entropy)
    assert "needs 6" in _journal_error(Journal, NorFlash(5, 512), _entropy)
    flash = _flash()
    for sector in range(6):
        flash.refuse_programs(sector)
    assert "replace the unit" in _journal_error(Journal(flash, _entropy).open)


def test_a_flash_that_fails_everywhere_holds_an_alarm_up_for_a_few_operations_only_p8():
    flash = _flash(16)
    journal, _ = _opened(flash)
    for sector in range(16):
        flash.ignore_erases(sector)
        flash.ignore_programs(sector)
    for call_n in range(1, 20):
        flash.zero_counters()
        _journal_error(journal.trigger, call_n, 1, 0, 0, 0)
        assert flash.programs <= 8
        assert flash.erases <= 4
        journal.idle()
    flash.work_again()
    assert [call_n for call_n, _ in _opened(flash)[1]] == []
    _come_and_go(_opened(flash)[0], 100)


def test_a_partition_full_of_rubbish_is_formatted():
    flash = _flash()
    for sector in range(6):
        flash.writeblocks(sector, bytes((sector * 7 + index * 31) & 0xFF for index in range(512)))
    journal, calls = _opened(flash)
    assert (calls, journal.boot) == ([], 1)
    _come_and_go(journal, 100)
    assert _opened(flash)[1] == []


def test_a_damaged_kill_note_loses_no_open_call_and_is_reported():
    flash = _flash()
    journal, _ = _opened(flash)
    first = journal.next_call_n()
    journal.trigger(first, 1, 9, 0, 0)
    _come_and_go(journal, 100)
    assert _damage(flash, record.KILL) > 0
    journal, calls = _opened(flash)
    assert (first, [(1, 9, 0, 0)]) in calls
    assert any("damaged" in fault for fault in journal.faults)
    _come_and_go(journal, 100)
    assert journal.next_call_n() > first + 200


def test_a_damaged_carried_record_is_noticed_and_what_can_be_read_is_kept():
    flash = _flash()
    journal, _ = _opened(flash)
    journal.trigger(1, 1, 9, 0, 0)
    journal.trigger(2, 1, 8, 0, 0)
    journal, _ = _opened(flash)
    _damage(flash, record.KEPT, 1)
    journal, calls = _opened(flash)
    assert calls == [(1, [(1, 9, 0, 0)]), (2, [(1, 8, 0, 0)])]
    assert any("damaged" in fault for fault in journal.faults)


def test_usage_counts_records_erases_and_bad_sectors():
    flash = _flash()
    journal, _ = _opened(flash)
    journal.trigger(1, 1, 0, 0, 0)
    usage = journal.usage()
    assert sorted(usage) == ["bad_sectors", "erases_max", "free_records", "used_records", "where"]
    assert usage["used_records"] + usage["free_records"] == 6 * SLOTS
    _come_and_go(journal, 300)
    most = max(flash.erases_of)
    assert journal.usage()["erases_max"] == most
    assert most <= _opened(flash)[0].usage()["erases_max"] <= most + 1


def test_recovery_of_a_full_ring_of_the_real_size_stays_in_bounds():
    flash = NorFlash(16, 4096, "build-journal-test.bin")
    try:
        journal, _ = _opened(flash)
        for trigger_n in range(1, 65):
            journal.trigger(1, trigger_n, 0, 0, 0)
        for call_n in range(2, 1000):
            journal.trigger(call_n, 1, 0, 0, 0)
            journal.cleared(call_n)
            journal.idle()
        calls = _opened(flash)[1]
        assert [(call_n, len(triggers)) for call_n, triggers in calls] == [(1, 64)]
    finally:
        flash.close()
        os.remove("build-journal-test.bin")


def _damage(flash, kind, limit=100):
    """Clears a byte of every record of this kind; how many."""
    count = 0
    buf = bytearray(32)
    for sector in range(flash.sectors):
        for slot in range(SLOTS):
            flash.readblocks(sector, buf, slot * 32)
            rec = record.decode(memoryview(buf), slot)
            if rec and rec[record.F_KIND] == kind and count < limit:
                flash.writeblocks(sector, b"\x00", slot * 32 + 20)
                flash.writeblocks(sector, b"\x00", slot * 32 + 28)
                count += 1
    return count
