"""How the alarm journal opens: reads what stands on flash, begins a new session. Source: P1, D6, docs/journal.md.

A part of drivers/journal.py, on its private state, in a module of its own: it runs once, and app.py lets go of it then, 5 KB.
"""

from micropython import const

from firmware.core import record, recovery

_PAGE_SLOTS = const(8)  # records in the 256 bytes that are read at once
_BLANK_PAGE = b"\xff" * 256
_CALL_N_SKIP = const(100)  # numbers passed over at a start: as many may have been sent on their way without reaching flash
_START_NOTES = const(3)  # slots that as many power cuts in a row may have left weak: see docs/journal.md, "Weak slots"


class Opening:
    """`journal`: drivers.journal.Journal, new. After `run` its calls, numbers, epoch and ring are what flash says."""

    def __init__(self, journal):
        self._journal = journal
        self._ring = journal._ring
        self._calls = journal._calls

    def run(self):
        """As Journal.open promises. Raises JournalError if no record can be written anywhere."""
        journal = self._journal
        survey = recovery.Survey(self._ring)
        for sector in range(self._ring.sectors):
            for slot, rec in self._scan(sector):
                survey.feed(sector, slot, rec)
        if survey.base is None and not survey.calls_seen:
            self._format()
        else:
            self._resume(survey)
        for _ in range(_START_NOTES):
            journal._append(record.BOOT)
        journal._rebase()
        if self._ring.ready < 0:
            journal._tidy()  # power went while no sector was ready: an alarm must not wait for an erase

    def _scan(self, sector):
        """Yields (slot, record or None) for each slot of a sector that is not blank; all None for a page that cannot be read."""
        page = self._journal._page
        view = memoryview(page)
        for first in range(0, self._ring.slots, _PAGE_SLOTS):
            readable = self._journal._read(sector, first, page)
            if readable and page == _BLANK_PAGE:
                continue
            for step in range(_PAGE_SLOTS):
                raw = view[step * record.SIZE : (step + 1) * record.SIZE]
                if not readable:
                    yield first + step, None
                elif raw != record.BLANK:
                    yield first + step, record.decode(raw, first + step)

    def _resume(self, survey):
        replay = self._replayed(survey, survey.base)
        low = replay.low_seq() if survey.base else 0
        if not replay.whole():
            low = 0
            replay = self._replayed(survey, None)
        self._ring.assume_erases()
        self._number(survey.epoch, survey.boot + 1, survey.call_n + _CALL_N_SKIP)
        bad = recovery.bad_map(survey.base)
        if low:
            self._ring.resume(replay.ready, bad, low, replay.high_seq)
        else:
            self._journal._note_fault("journal damaged: no whole kill note; every call that may be open is kept")
            newest = max(self._ring.seq)
            self._ring.resume(record.NO_SECTOR, bad, max(1, newest - self._ring.sectors + 3), newest)
        if replay.unreadable:
            self._journal._note_fault("journal: %d unreadable records passed over" % replay.unreadable)

    def _replayed(self, survey, base):
        """The second pass, into the journal's calls."""
        self._calls.clear()
        replay = recovery.Replay(self._calls, survey.epoch, base)
        low = replay.low_seq() if base else 1
        order = [(seq, sector) for sector, seq in enumerate(self._ring.seq) if seq >= low]
        order.sort()
        for seq, sector in order:
            for slot, rec in self._scan(sector):
                replay.feed(seq, slot, rec)
        return replay

    def _format(self):
        """New epoch, session 1. What is not blank is erased first, so that no older epoch can ever speak again."""
        ring = self._ring
        self._number(int.from_bytes(self._journal._entropy(4), "little"), 1, 0)
        for sector in range(ring.sectors):
            if ring.used[sector]:
                self._journal._erase(sector)
        ring.ready = -1
        while ring.ready < 0:
            self._journal._make_ready()
        first, ring.ready = ring.ready, -1
        ring.start(first, 1)

    def _number(self, epoch_n, boot, call_n):
        journal = self._journal
        journal._epoch_n = epoch_n
        journal.epoch = "%08x" % epoch_n
        journal.boot = boot
        journal._call_n = call_n
