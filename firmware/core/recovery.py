"""What the records on flash mean after anything: two passes over them, bounded memory, no I/O. Pure.

First pass (`Survey`, every sector): find the base, that is the newest kill note, and the highest numbers ever used.
Second pass (`Replay`, from the base's first KEPT on, oldest sector first): rebuild the calls that are not cleared.

The rules, all of which the power-cut sweep attacks:
 1. The base is the KILL of the highest session, then the highest seq and slot. Its own run of KEPT is the whole state.
 2. After the base only records of the base's own session count. Each session writes a base before it tells anyone
    anything, so a record that was in flight at a power cut can never speak again once a later session has begun, however its
    weak bits may read: neither raise a call from the dead nor clear one.
 3. KEPT after the base belong to a run that was never finished: ignored.
 4. No kill note at all, or one whose run is not whole (that takes damage, no cut does it): everything readable counts, CLEARED
    takes away, the rest stands. A call too many is answered; a call too few is not.
"""

from firmware.core import record


class Survey:
    """First pass: `feed` every slot that is not blank."""

    def __init__(self, ring):
        self._ring = ring
        self.base = None
        self.epoch = 0
        self.boot = 0  # highest seen
        self.call_n = 0  # highest seen
        self._newest = (-1, 0, 0)
        self.calls_seen = False

    def feed(self, sector, slot, rec):
        """`rec` as record.decode gave it; None: something stands there that is no record."""
        self._ring.used[sector] = slot + 1
        if rec is None:
            return
        kind = rec[record.F_KIND]
        self._ring.seq[sector] = max(self._ring.seq[sector], rec[record.F_SEQ])
        self.boot = max(self.boot, rec[record.F_BOOT])
        if kind == record.READY:
            self._note_erases(rec)
        elif kind == record.KILL:
            self._note_base(rec)
        elif kind in (record.TRIGGER, record.CLEARED, record.KEPT):
            self.calls_seen = True
            self.call_n = max(self.call_n, rec[record.F_CALL_N])
            if self.base is None:
                self._note_epoch(rec)

    def _note_base(self, rec):
        self.call_n = max(self.call_n, rec[record.F_CALL_N])
        if self.base is None or _order(rec) > _order(self.base):
            self.base = rec
            self.epoch = rec[record.F_EPOCH]

    def _note_epoch(self, rec):
        if _order(rec) > self._newest:
            self._newest = _order(rec)
            self.epoch = rec[record.F_EPOCH]

    def _note_erases(self, rec):
        sector = rec[record.F_A]
        if sector < self._ring.sectors:
            self._ring.erases[sector] = max(self._ring.erases[sector], rec[record.F_CALL_N])


class Replay:
    """Second pass. `base` None: take everything (rule 4)."""

    def __init__(self, calls, epoch, base):
        self._calls = calls
        self._epoch = epoch
        self._base = base
        self._at = (base[record.F_SEQ], base[1]) if base else None
        self._doubtful = 0
        self.kept = 0  # of the base's run, so far
        self.ready = base[record.F_A] if base else record.NO_SECTOR
        self.high_seq = base[record.F_SEQ] if base else 0
        self.unreadable = 0  # slots between good records that hold no record

    def low_seq(self):
        """The first sector that the second pass must read."""
        if self._base[record.F_COUNT] == 0:
            return self._base[record.F_SEQ]
        return self._base[record.F_EXTRA]

    def whole(self):
        """True if the base's run was complete."""
        return self._base is None or self.kept == self._base[record.F_COUNT]

    def feed(self, seq, slot, rec):
        """A slot of the sector `seq` that is not blank, in the order of writing. `rec` None: unreadable."""
        if rec is None:
            self._doubtful += self._base is None or (seq, slot) > self._at
        elif rec[record.F_EPOCH] == self._epoch and rec[record.F_SEQ] == seq:
            if self._base is None:
                self._salvage(rec)
            elif rec[record.F_BOOT] == self._base[record.F_BOOT]:
                self._replay((seq, slot), rec)

    def _replay(self, at, rec):
        if at > self._at:
            self.high_seq = at[0]
            self.unreadable += self._doubtful  # only now: what stands last may be the record that a cut tore
            self._doubtful = 0
            self._follow(rec)
        elif rec[record.F_KIND] == record.KEPT and self._base[record.F_COUNT]:
            if rec[record.F_COUNT] == 0:
                self._calls.clear()
                self.kept = 0
            self.kept += 1
            self._add(rec)

    def _follow(self, rec):
        kind = rec[record.F_KIND]
        if kind == record.TRIGGER:
            self._add(rec)
        elif kind == record.CLEARED:
            self._calls.remove(rec[record.F_CALL_N])
        elif kind == record.READY:
            self.ready = rec[record.F_A]

    def _salvage(self, rec):
        kind = rec[record.F_KIND]
        if kind in (record.TRIGGER, record.KEPT):
            self._add(rec)
        elif kind == record.CLEARED:
            self._calls.remove(rec[record.F_CALL_N])

    def _add(self, rec):
        trigger = (rec[record.F_A], rec[record.F_B], rec[record.F_C], rec[record.F_D])
        self._calls.add(rec[record.F_CALL_N], trigger)


def bad_map(base):
    """The retired sectors that a kill note names, as a bit map; 0 for no base."""
    if base is None:
        return 0
    return base[record.F_B] | base[record.F_C] << 8 | base[record.F_D] << 16


def _order(rec):
    """Sorts by session, then sector, then slot."""
    return (rec[record.F_BOOT], rec[record.F_SEQ], rec[1])
