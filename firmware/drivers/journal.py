"""The alarm journal: what was raised and not cleared, through resets, power cuts and worn flash. Source: P1, D6.

A raw ring of 32-byte records (core/record.py) in a flash partition of its own. docs/journal.md is the specification. In short:
  - a record is programmed once, read back, and never touched again; a slot that reads back wrong is left, the next one taken
  - `trigger` and `cleared` cost one program and no erase: when the sector is full, an erased one is ready
  - sectors are erased by `idle` only, and only after a kill note on flash has declared their contents void; calls still open are
    carried forward ahead of that note
  - `open` ends every session before it: it writes a kill note, so that records torn by a cut are void for good

Not taken: littlefs append and flush (an erase per event: the ESP32 stands still for some 80 ms), and zeroing torn slots (it
reprograms flash, which encrypted or ECC flash forbids).
"""

from micropython import const

from firmware.core import record
from firmware.core.open_calls import OpenCalls
from firmware.core.ring import Ring

_IOCTL_COUNT = const(4)
_IOCTL_SIZE = const(5)
_IOCTL_ERASE = const(6)
_PAGE = const(256)  # bytes read at once: a flash page, 8 records
_BLANK_PAGE = b"\xff" * 256
_TRIES = const(8)  # programs on the alarm path before giving up: 4 slots in each of two sectors, about 2 ms
_ERASE_TRIES = const(2)  # sectors on the alarm path, if none is ready: some 160 ms, or twice that if they do not erase
_MISSES = const(4)  # bad slots in a row after which a sector is left and retired
_SECTORS_MIN = const(6)  # fewer leave no room for calls left open while recoveries are cut; the image has 16
_NOTES_ROOM = const(4)  # slots: with fewer and no sector ready, room is made at once


class JournalError(Exception):
    """The journal cannot do what was asked; the text says what to do. Calls go out all the same, from memory only."""


class Journal:
    """Single-threaded: call from the main task only, never from an interrupt.

    flash: as esp32.Partition (readblocks and writeblocks with an offset, ioctl 4, 5 and 6). entropy: as os.urandom.
    epoch: 8 hex digits, from `open` on. boot: sessions since the partition was formatted, 1 ... faults: texts for the fault
    register, oldest first, at most 16. late_erases: erases that a full sector forced on the alarm path; 0 if `idle` is called.
    """

    where = "partition"

    def __init__(self, flash, entropy):
        if flash is None:
            raise JournalError("no flash partition 'journal': flash the image with the project's partition table")
        self._flash = flash
        self._entropy = entropy
        self._sector_bytes = flash.ioctl(_IOCTL_SIZE, 0)
        sectors = min(flash.ioctl(_IOCTL_COUNT, 0), record.SECTORS_MAX)
        if sectors < _SECTORS_MIN or self._sector_bytes % _PAGE or self._sector_bytes > record.SIZE * 256:
            shape = (sectors, self._sector_bytes)
            raise JournalError("journal partition has %d sectors of %d bytes; needs 6 or more of 256 ... 8192" % shape)
        self._ring = Ring(sectors, self._sector_bytes // record.SIZE)
        self._calls = OpenCalls()
        self._out = bytearray(record.SIZE)
        self._back = bytearray(record.SIZE)
        self._page = bytearray(_PAGE)
        self._epoch_n = 0
        self._call_n = 0
        self._tries = _MISSES * sectors  # while opening every sector gets its chance: no alarm waits for its record yet
        self._erase_tries = sectors
        self._misses = 0
        self._stale = False  # the newest kill note does not say all that it should; idle writes another
        self.epoch = ""
        self.boot = 0
        self.faults = []
        self.late_erases = 0

    def open(self):
        """Recovers, begins a session, returns the list of OpenCall that are not cleared, in order.

        Programs 4 records plus one for each open activation; erases only what it cannot do without. Formats a partition without
        any call record. Never raises for bad contents; raises JournalError if no record can be written anywhere.
        """
        from firmware.drivers.journal_opening import Opening  # here, so that the code can be let go (app.py)

        Opening(self).run()
        self._tries, self._erase_tries = _TRIES, _ERASE_TRIES
        return self._calls.copy()

    def trigger(self, call_n, trigger_n, input_index, kind, cause):
        """Notes an activation; durable on return: one program of 32 bytes, read back. No erase.

        All five are integers; the last four 0 ... 255. Raises JournalError if it could not be made durable; it is kept in memory
        then, `idle` tries again, and the caller sends the call none the less.
        """
        if self._calls.count >= self._ring.capacity():
            raise JournalError("journal full: %d activations of calls that nobody has cleared" % self._calls.count)
        trigger = (trigger_n, input_index, kind, cause)
        if min(trigger) < 0 or max(trigger) > 0xFF or call_n < 0:
            raise ValueError("journal: activation out of range: call %r, %r" % (call_n, trigger))
        self._call_n = max(self._call_n, call_n)
        self._calls.add(call_n, trigger)
        self._append_or_remember(record.TRIGGER, call_n, trigger)

    def cleared(self, call_n):
        """Notes that a call is over; durable on return. Written for unknown calls too: a trigger whose program seemed to fail
        may become readable later. Raises JournalError as `trigger` does."""
        self._calls.remove(call_n)
        self._append_or_remember(record.CLEARED, call_n)

    def next_call_n(self):
        """A number that no call of this epoch ever had, also none that was sent but did not reach flash. Writes nothing."""
        self._call_n += 1
        return self._call_n

    def idle(self):
        """One step of housekeeping, at most one sector erased (about 80 ms); True if there is more to do.

        To be called only while no call waits. Never raises: what fails is in `faults`.
        """
        try:
            return self._step()
        except JournalError as error:
            self._note_fault(str(error))
            return False

    def usage(self):
        """For the health report: records in kept sectors, records still free, most erases of any sector, sectors retired."""
        used = self._ring.used_records()
        return {
            "used_records": used,
            "free_records": max(0, self._ring.good_count() * self._ring.slots - used),
            "erases_max": max(self._ring.erases),
            "bad_sectors": self._ring.bad_count(),
            "where": self.where,
        }

    # Writing

    def _append_or_remember(self, kind, call_n, fields=(0, 0, 0, 0)):
        try:
            self._append(kind, call_n, fields)
        except JournalError as error:
            self._stale = True
            self._note_fault(str(error))
            raise
        if self._ring.ready < 0 and self._ring.left() < _NOTES_ROOM:
            self.late_erases += 1  # nobody called idle for a whole sector: room now rather than a lost alarm later
            self._tidy()

    def _tidy(self):
        while self.idle():
            pass

    def _append(self, kind, call_n=0, fields=(0, 0, 0, 0), count=0, extra=0):
        """Programs one record and reads it back; on to the next slot or sector if it is not there."""
        ring = self._ring
        for _ in range(self._tries):
            if self._misses >= _MISSES:
                self._retire(ring.current, "records do not read back")
                self._next_sector()
            elif ring.left() == 0:
                self._next_sector()
            slot = ring.take()
            place = (self._epoch_n, ring.current_seq(), slot, self.boot)
            record.encode(self._out, place, kind, call_n, fields, count, extra)
            if self._program(slot):
                self._misses = 0
                return
            self._misses += 1
        raise JournalError("journal: no record could be written in %d tries; replace the unit" % self._tries)

    def _program(self, slot):
        """True if the record in `_out` stands in `slot` of the current sector."""
        try:
            self._flash.writeblocks(self._ring.current, self._out, slot * record.SIZE)
        except OSError:
            return False
        return self._read(self._ring.current, slot, self._back) and self._back == self._out

    def _read(self, sector, slot, buf):
        try:
            self._flash.readblocks(sector, buf, slot * record.SIZE)
        except OSError:
            return False
        return True

    def _next_sector(self):
        for _ in range(self._erase_tries):
            if self._ring.ready < 0:
                self._make_ready()
        if self._ring.ready < 0:
            raise JournalError("journal: no sector will erase; replace the unit")
        self._misses = 0
        self._ring.advance()

    # Housekeeping

    def _step(self):
        ring = self._ring
        crowded = ring.crowded()
        if ring.ready < 0 and ring.victim() >= 0:
            self._make_ready()
            if ring.ready < 0:
                return ring.victim() >= 0
            if ring.left():
                self._append(record.READY, ring.erases[ring.ready], (ring.ready, 0, 0, 0))
            return crowded or self._stale
        if crowded or self._stale or ring.ready < 0:
            self._rebase()
            return ring.ready < 0 and ring.victim() >= 0
        return False

    def _rebase(self):
        """Carries every open call forward, then writes the kill note that makes all before it void."""
        ring = self._ring
        start_seq = 0
        index = 0
        for call_n, trigger in self._calls.activations():
            self._append(record.KEPT, call_n, trigger, index)
            start_seq = start_seq or ring.current_seq()
            index += 1
        bad = ring.bad
        fields = (ring.note_ready(), bad & 0xFF, bad >> 8 & 0xFF, bad >> 16 & 0xFF)
        self._append(record.KILL, self._call_n, fields, index, start_seq)
        self._stale = ring.bad != bad
        ring.commit(start_seq or ring.current_seq())

    def _make_ready(self):
        """Erases the next free sector, and retires it if it will not erase."""
        ring = self._ring
        sector = ring.victim()
        if sector < 0:
            raise JournalError("journal: no sector left to erase (%d of %d retired)" % (ring.bad_count(), ring.sectors))
        self._erase(sector)

    def _erase(self, sector):
        blank = self._erased_blank(sector) or self._erased_blank(sector)
        self._ring.erased(sector, blank)
        if not blank:
            self._stale = True
            self._note_fault("journal sector %d retired: not blank after two erases" % sector)

    def _erased_blank(self, sector):
        try:
            self._flash.ioctl(_IOCTL_ERASE, sector)
        except OSError:
            return False
        for first in range(0, self._ring.slots, _PAGE // record.SIZE):
            if not self._read(sector, first, self._page) or self._page != _BLANK_PAGE:
                return False
        return True

    def _retire(self, sector, why):
        if not self._ring.is_bad(sector):
            self._ring.retire(sector)
            self._stale = True
            self._note_fault("journal sector %d retired: %s" % (sector, why))

    def _note_fault(self, text):
        if text not in self.faults and len(self.faults) < 16:
            self.faults.append(text)
