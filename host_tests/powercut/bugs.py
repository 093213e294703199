"""The journal with one fault each: what the sweep is scored by. A sweep that lets one of these through proves nothing."""

from firmware.core import record, recovery
from firmware.drivers import journal as shipped
from firmware.drivers import journal_opening
from firmware.drivers.journal import Journal
from firmware.drivers.journal_opening import Opening


class NoKillNote(Journal):
    """Erases without a note on flash that voids the sector's contents."""

    def _append(self, kind, *rest, **named):
        if kind != record.KILL or self.boot == 1 and not self._ring.used_records():
            super()._append(kind, *rest, **named)


class EraseBeforeNote(Journal):
    """The kill note comes after the erase that it should permit."""

    def _rebase(self):
        ring = self._ring
        if ring.victim() < 0:
            oldest = min(
                (ring.seq[sector], sector) for sector in range(ring.sectors) if ring.seq[sector] and sector != ring.current
            )
            ring.erased(oldest[1], self._erased_blank(oldest[1]))
        super()._rebase()

    def _step(self):
        if self._ring.crowded():
            self._ring.victim = lambda: -1
        try:
            return super()._step()
        finally:
            self._ring.__dict__.pop("victim", None)


class NothingCarried(Journal):
    """A kill note without the calls that are still open."""

    def _rebase(self):
        calls, self._calls = self._calls, type(self._calls)()
        super()._rebase()
        self._calls = calls


class EraseWhatIsKept(Journal):
    """Takes the next sector in the ring, whatever it holds."""

    def _make_ready(self):
        ring = self._ring
        self._erase((ring.current + 1) % ring.sectors)
        if ring.ready < 0:
            super()._make_ready()


class OpensOtherwise(Journal):
    """Not a bug itself: a journal whose `opening` has one."""

    def open(self):
        return _patched(journal_opening, "Opening", self.opening, super().open)


class UncheckedOpening(Opening):
    def _scan(self, sector):
        back = bytearray(record.SIZE)
        for slot, rec in super()._scan(sector):
            if rec is None and self._journal._read(sector, slot, back):
                rec = _decoded_unchecked(back, slot)
            yield slot, rec


class NoCrcCheck(OpensOtherwise):
    """Takes torn records at their word."""

    opening = UncheckedOpening


class NoReadBack(Journal):
    """Believes that a program that returns has worked."""

    def _program(self, slot):
        self._flash.writeblocks(self._ring.current, self._out, slot * record.SIZE)
        return True


class DurableLater(Journal):
    """Returns (and the light goes on) before the record is on flash: it is written in idle."""

    def trigger(self, call_n, trigger_n, input_index, kind, cause):
        self._later = getattr(self, "_later", [])
        self._later.append((call_n, trigger_n, input_index, kind, cause))
        self._append(record.READY, 0, (record.NO_SECTOR, 0, 0, 0))  # as quick as the true one

    def idle(self):
        for activation in getattr(self, "_later", []):
            Journal.trigger(self, *activation)
        self._later = []
        return super().idle()


class ClearsTheNewestOpening(Opening):
    def _replayed(self, survey, base):
        remove = self._calls.remove

        def remove_newest(_):
            known = self._calls.copy()
            if known:
                remove(known[-1].call_n)

        self._calls.remove = remove_newest
        try:
            return super()._replayed(survey, base)
        finally:
            del self._calls.remove


class ClearsTheNewest(OpensOtherwise):
    """A clear is taken for the newest call, not for its own."""

    opening = ClearsTheNewestOpening


class ClearNotRemembered(Journal):
    """The clear is on flash, but the call is carried forward again."""

    def cleared(self, call_n):
        self._append_or_remember(record.CLEARED, call_n)


class NumbersFromMemory(Journal):
    """Call numbers begin at 1 with each start."""

    def open(self):
        calls = super().open()
        self._call_n = 0
        return calls


class NumbersFromOpenCalls(Journal):
    """Goes on after the highest call that is open, as if cleared ones had had no number."""

    def open(self):
        calls = super().open()
        self._call_n = max((call.call_n for call in calls), default=0)
        return calls


class RetireForgotten(Journal):
    """Uses sectors that do not erase, again and again."""

    def _erased_blank(self, sector):
        super()._erased_blank(sector)
        return True

    def _retire(self, sector, why):
        pass


class NotesIgnoredOpening(Opening):
    def _resume(self, survey):
        survey.base = None
        super()._resume(survey)


class NotesIgnored(OpensOtherwise):
    """Every record that can be read counts: a call whose clear was erased before its trigger rises from the dead."""

    opening = NotesIgnoredOpening


class AnySessionOpening(Opening):
    def _replayed(self, survey, base):
        replayed = super()._replayed
        return _patched(recovery.Replay, "feed", _feed_of_any_session, lambda: replayed(survey, base))


class NoNoteAtStart(OpensOtherwise):
    """Goes on where the last session stopped: a record torn by the cut may speak again later."""

    opening = AnySessionOpening

    def _rebase(self):
        if self.boot == 1 or self._opened:
            super()._rebase()
        self._opened = True

    _opened = False


class OneStartNote(Journal):
    """Two cuts in a row may put the kill note on a weak slot."""

    _notes = 1

    def _append(self, kind, *rest, **named):
        self._noted = self._noted + 1 if kind == record.BOOT else 0
        if self._noted <= self._notes:
            super()._append(kind, *rest, **named)

    _noted = 0


class NoStartNote(OneStartNote):
    """The kill note goes straight to where the cut may have left a weak slot."""

    _notes = 0


class BlankIsErasedOpening(Opening):
    def _resume(self, survey):
        super()._resume(survey)
        ring = self._ring
        for sector in range(ring.sectors):
            if ring.ready < 0 and not ring.used[sector] and not ring.is_bad(sector):
                ring.ready = sector


class BlankIsErased(OpensOtherwise):
    """Takes a sector that looks blank for an erased one, without the note that the erase was finished."""

    opening = BlankIsErasedOpening


class NewEpochOpening(Opening):
    def _number(self, epoch_n, boot, call_n):
        super()._number(epoch_n if boot == 1 else (epoch_n + 1) & 0xFFFFFFFF, boot, call_n)


class NewEpoch(OpensOtherwise):
    """A new epoch with each start: the service takes an open call for a new one."""

    opening = NewEpochOpening


BUGS = (
    NoKillNote,
    EraseBeforeNote,
    NothingCarried,
    EraseWhatIsKept,
    NoCrcCheck,
    NoReadBack,
    DurableLater,
    ClearsTheNewest,
    ClearNotRemembered,
    NumbersFromMemory,
    NumbersFromOpenCalls,
    RetireForgotten,
    NotesIgnored,
    NoNoteAtStart,
    OneStartNote,
    NoStartNote,
    BlankIsErased,
    NewEpoch,
)


def _decoded_unchecked(raw, slot):
    """As record.decode, with the CRC made right first."""
    fields = bytearray(raw)
    fields[28:] = shipped.record.binascii.crc32(fields[:28]).to_bytes(4, "little")
    return record.decode(memoryview(fields), slot)


def _feed_of_any_session(replay, seq, slot, rec):
    if rec is not None and replay._base is not None:
        rec = rec[: record.F_BOOT] + (replay._base[record.F_BOOT],) + rec[record.F_BOOT + 1 :]
    _TRUE_FEED(replay, seq, slot, rec)


_TRUE_FEED = recovery.Replay.feed


def _patched(owner, name, stand_in, do):
    """Runs `do` while `owner.name` is something else."""
    true = getattr(owner, name)
    setattr(owner, name, stand_in)
    try:
        return do()
    finally:
        setattr(owner, name, true)
