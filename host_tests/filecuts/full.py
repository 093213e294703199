"""Runs in MicroPython: a journal of files on a full littlefs, with the blocks of an ESP32. Prints `FULL <calls kept> <worst>`:
how many calls still reached flash on a file system without one free block, and the most programs and erases of one of them."""

import os

import vfs
from nor import NorFlash

from firmware.drivers.file_journal import FileJournal
from firmware.drivers.journal import JournalError

ROOT = "/full"
CALLS = 120


def mounted(flash):
    vfs.mount(vfs.VfsLfs2(flash), ROOT)
    journal = FileJournal(ROOT + "/calls", lambda count: bytes(range(count)))
    return journal, {call.call_n: list(call.triggers) for call in journal.open()}


def again(flash):
    vfs.umount(ROOT)
    return mounted(flash)


def fill():
    """Not one block is left: no file with any content of its own, and no directory, can be made any more."""
    for number in range(100):
        try:
            with open(ROOT + "/filling%d" % number, "wb") as file:
                file.write(bytes(1000))
        except OSError:
            break
    try:
        os.mkdir(ROOT + "/more")
    except OSError:
        return
    raise AssertionError("there is room")


def raised(journal, flash, kept):
    """Raises calls until one is refused; returns the most (programs, erases) of one."""
    worst = (0, 0)
    while len(kept) < CALLS:
        call_n = journal.next_call_n()
        flash.zero_counters()
        try:
            journal.trigger(call_n, 1, 0, 1, 2)
        except JournalError as error:
            assert "full" in str(error), error
            break
        worst = (max(worst[0], flash.programs), max(worst[1], flash.erases))
        kept[call_n] = [(1, 0, 1, 2)]
    return worst


def main():
    flash = NorFlash(16, 4096)
    vfs.VfsLfs2.mkfs(flash)
    journal, found = mounted(flash)
    assert found == {}
    fill()
    kept = {}
    worst = raised(journal, flash, kept)
    calls = len(kept)
    for _ in range(3):
        journal, found = again(flash)
        assert all(found[call_n] == kept[call_n] for call_n in kept), "lost on a full file system"
    for call_n in list(found):
        journal.cleared(call_n)
    journal, found = again(flash)
    assert found == {}, "back from the dead on a full file system"
    for name in os.listdir(ROOT):
        if name.startswith("filling"):
            os.remove(ROOT + "/" + name)
    journal, _ = again(flash)  # until the next start littlefs believes that nothing is free
    kept = {}
    raised(journal, flash, kept)
    assert len(kept) == CALLS and again(flash)[1] == kept, journal.faults
    print("FULL", calls, worst[0], worst[1])


main()
