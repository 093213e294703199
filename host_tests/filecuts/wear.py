"""Runs in MicroPython: what events cost a journal of files on a littlefs with the blocks of an ESP32 (64 of 4,096 bytes, nothing
else in it). Argument: events. Prints `WEAR`, then for one activation, and for one event with its clear and housekeeping:
programs, bytes, erases, each times 1,000, and the most erases of one activation."""

import sys

import vfs
from nor import NorFlash

from firmware.drivers.file_journal import FileJournal

ROOT = "/wear"


def main():
    events = int(sys.argv[1])
    flash = NorFlash(64, 4096)
    vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), ROOT)
    journal = FileJournal(ROOT + "/calls", lambda count: bytes(range(count)))
    journal.open()
    raised, whole, most = [0, 0, 0], [0, 0, 0], 0
    for _ in range(events):
        flash.zero_counters()
        call_n = journal.next_call_n()
        journal.trigger(call_n, 1, 0, 1, 2)
        most = max(most, flash.erases)
        _add(raised, flash)
        journal.cleared(call_n)
        while journal.idle():
            pass
        _add(whole, flash)
    print("WEAR", *[1000 * number // events for number in raised + whole], most)


def _add(sums, flash):
    for index, number in enumerate((flash.programs, flash.program_bytes, flash.erases)):
        sums[index] += number


main()
