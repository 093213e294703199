"""How the journal opens: what a new session takes from flash, and what it writes before anybody hears of it (P1)."""

from nor import NorFlash

from firmware.core import record
from firmware.drivers.journal import Journal
from firmware.drivers.journal_opening import Opening

SLOTS = 16


def _entropy(count):
    return b"\xd5\x00\x1f\x5e"[:count]


def _new(flash):
    journal = Journal(flash, _entropy)
    return journal, Opening(journal)


def _kinds(flash, sector):
    """Kinds of the records in a sector, as far as there are any."""
    buf = bytearray(record.SIZE)
    kinds = []
    for slot in range(SLOTS):
        flash.readblocks(sector, buf, slot * record.SIZE)
        found = record.decode(memoryview(buf), slot)
        if found:
            kinds.append(found[record.F_KIND])
    return kinds


def test_a_blank_partition_gets_an_epoch_and_its_first_base():
    flash = NorFlash(6, SLOTS * 32)
    journal, opening = _new(flash)
    opening.run()
    assert (journal.epoch, journal.boot, journal.next_call_n()) == ("5e1f00d5", 1, 1)
    written = [kinds for kinds in [_kinds(flash, sector) for sector in range(6)] if kinds]
    assert written == [[record.BOOT, record.BOOT, record.BOOT, record.KILL, record.READY]]


def test_a_new_session_passes_over_numbers_that_may_have_been_sent_and_keeps_the_epoch():
    flash = NorFlash(6, SLOTS * 32)
    first, opening = _new(flash)
    opening.run()
    first.trigger(7, 1, 0, 1, 2)
    second, opening = _new(flash)
    opening.run()
    assert (second.epoch, second.boot, second.next_call_n()) == (first.epoch, 2, 7 + 100 + 1)
    assert second.faults == [] and second.usage()["bad_sectors"] == 0


def test_each_slot_that_is_not_blank_is_scanned_once_and_an_unreadable_page_counts_whole():
    flash = NorFlash(6, SLOTS * 32)
    journal, opening = _new(flash)
    out = bytearray(record.SIZE)
    record.encode(out, (1, 1, 2, 1), record.TRIGGER, 5, (1, 0, 0, 0))
    flash.writeblocks(3, out, 2 * record.SIZE)
    flash.writeblocks(3, b"\x00" * 32, 4 * record.SIZE)
    found = list(opening._scan(3))
    assert [slot for slot, _ in found] == [2, 4] and found[0][1][record.F_CALL_N] == 5 and found[1][1] is None
    assert list(opening._scan(2)) == []
    flash.refuse_reads(2)
    assert list(opening._scan(2)) == [(slot, None) for slot in range(SLOTS)]


def test_a_sector_that_cannot_be_read_costs_no_session():
    flash = NorFlash(6, SLOTS * 32)
    first, opening = _new(flash)
    opening.run()
    flash.refuse_reads(4)
    second, opening = _new(flash)
    opening.run()
    assert second.boot == 2 and first.epoch == second.epoch
