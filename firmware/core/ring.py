"""The ring's bookkeeping: which sector is being filled, which is ready, which may be erased. Pure.

A sector is one of
    current   the one being filled; `slot` is the next slot
    ready     erased, found blank, waiting to be the next current
    kept      holds something that the newest kill note on flash has not declared void
    retired   bits stuck or erase failed; its bit in `bad` is set
    free      all others: may be erased, whatever they hold

Each sector put into use gets a `seq` one higher than the last; 0 means that no readable record says what it was.
"""

from firmware.core import record

_NO_LIMIT = 0xFFFFFFFF  # above every seq: 24 sectors worn out 100,000 times make 2.4 million
_GOOD_MIN = 3  # one filling, one ready, one to erase
_OPEN_MAX = 256  # activations: four calls of 64; about 10 KB of heap on the board
_SPARE_SLOTS = 4  # in the reckoning of the capacity, for bad slots and notes
_READY_HERE = 0  # first slot of a sector that this session erased
_READY_BEFORE = 1  # one that an earlier session made ready: a cut may have left its first slot weak though it looks blank


class Ring:
    def __init__(self, sectors, slots):
        self.sectors = sectors
        self.slots = slots
        self.seq = [0] * sectors
        self.used = [0] * sectors  # slots up to the last that is not blank
        self.erases = [0] * sectors
        self.bad = 0  # bit map of retired sectors
        self.current = 0
        self.slot = slots
        self.ready = -1
        self._ready_slot = _READY_HERE
        self._low = self._high = 0  # kept: seq low ... high of the base that the replay read,
        self._own = 0  # and own ... of this session
        self._run_span = 1  # sectors that the newest kill note's run lies in

    def resume(self, ready, bad, kept_low, kept_high):
        """Takes the state as the survey found it: go on in the newest sector; keep the sectors of the old base.

        `ready`: the sector that the last note on flash calls ready, or NO_SECTOR.
        """
        self.bad = bad
        if self.good_count() < _GOOD_MIN:
            self.bad = 0  # better to try them all again than to have no journal
        self._low, self._high = kept_low, kept_high
        newest = max(self.seq)
        self.current = self.seq.index(newest)
        if ready < self.sectors and self.seq[ready] == 0:
            if self.used[ready] == 0:
                self.ready, self._ready_slot = ready, _READY_BEFORE
            else:  # its first record was torn by the cut: what stands there may read otherwise tomorrow, so we write after it
                self.current, self.seq[ready] = ready, newest + 1
        self.slot = self.used[self.current]
        self._own = self.seq[self.current]

    def start(self, sector, seq):
        """Begins a formatted ring in `sector`, which has just been erased."""
        self.current, self.slot = sector, 0
        self.seq[sector] = seq
        self._low = self._high = self._own = seq

    def take(self):
        """The slot to program now; it counts as used whatever becomes of it."""
        slot = self.slot
        self.slot += 1
        self.used[self.current] = self.slot
        return slot

    def advance(self):
        """The ready sector becomes current."""
        seq = self.seq[self.current] + 1
        self.current, self.slot, self.ready = self.ready, self._ready_slot, -1
        self.seq[self.current] = seq

    def commit(self, start_seq):
        """A kill note is on flash whose run starts in the sector `start_seq`: all before is free now."""
        self._low = self._own = start_seq
        self._high = _NO_LIMIT
        self._run_span = self.current_seq() - start_seq + 1

    def victim(self):
        """The next sector to erase, or -1. In physical order after the current one, so that all wear alike."""
        for step in range(1, self.sectors):
            sector = (self.current + step) % self.sectors
            if sector != self.ready and not self.is_bad(sector) and not self._kept(sector):
                return sector
        return -1

    def erased(self, sector, blank):
        """Notes an erase; a sector that is not blank after it is retired."""
        self.erases[sector] += 1
        self.seq[sector] = self.used[sector] = 0
        if blank:
            self.ready, self._ready_slot = sector, _READY_HERE
        else:
            self.retire(sector)

    def retire(self, sector):
        self.bad |= 1 << sector

    def is_bad(self, sector):
        return bool(self.bad >> sector & 1)

    def bad_count(self):
        count = 0
        for sector in range(self.sectors):  # a plain loop, as in span(): housekeeping looks each second, a generator is garbage
            count += self.bad >> sector & 1
        return count

    def good_count(self):
        return self.sectors - self.bad_count()

    def span(self):
        """How many sectors are kept, the current one among them."""
        count = 0
        for sector in range(self.sectors):
            count += self._kept(sector)
        return count

    def crowded(self):
        """True once the kept sectors outgrow the run by a quarter of the ring: time to carry the open calls forward."""
        return self.span() > self._run_span + self._slack()

    def capacity(self):
        """How many open activations can be carried forward at any time, also by recoveries that are cut again and again.

        The old run and the new one, the slack between, and the sector that is left over must fit.
        """
        run_sectors = (self.good_count() - 1 - self._slack()) // 2
        return min(_OPEN_MAX, max(self.slots // 4, (run_sectors - 1) * self.slots - _SPARE_SLOTS))

    def left(self):
        """Blank slots left in the current sector."""
        return self.slots - self.slot

    def current_seq(self):
        return self.seq[self.current]

    def used_records(self):
        found = 0
        for sector in range(self.sectors):
            if self._kept(sector):
                found += self.used[sector]
        return found

    def assume_erases(self):
        """Sectors of which no note is left have worn like the one that has worn most: rather too high than too low."""
        most = max(self.erases)
        for sector in range(self.sectors):
            self.erases[sector] = self.erases[sector] or most

    def note_ready(self):
        """The sector to call ready in a kill note."""
        return record.NO_SECTOR if self.ready < 0 else self.ready

    def _slack(self):
        return max(1, self.good_count() // 4)

    def _kept(self, sector):
        seq = self.seq[sector]
        return seq > 0 and (self._low <= seq <= self._high or seq >= self._own)
