"""A NOR flash partition with a memory for abuse: plain_nor.PlainNor that fails on command. Runs on CPython and MicroPython.

Fault modes, by name:
  cut_at(n, variant, seed)   power goes at the n-th program or erase from now, which is left as PROGRAM_CUTS / ERASE_CUTS say;
                             PowerCut is raised, and every access after it, until `power_on()`
  stick_zero(offset, mask)   these bits are 0 for good: an erase does not bring them back
  stick_one(offset, mask)    these bits are 1 for good: a program does not take
  refuse_programs(sector)    a program raises OSError and changes nothing
  ignore_programs(sector)    a program says it went well and changes nothing
  refuse_erases(sector)      an erase raises OSError and changes nothing
  ignore_erases(sector)      an erase says it went well and changes nothing
  refuse_reads(sector)       a read raises OSError
  work_again()               ends the five above

Weak bits: a cell that lost power half-way may read differently each time. They are kept as a mask; every read throws the dice
for all weak bits of its range: all ones, all zeros, or each on its own. A later program to 0 or an erase makes them firm.
They are not kept in the file.
"""

from plain_nor import BLANK, CHUNK_BYTES, SECTOR_BYTES, FileStore, PlainNor

PROGRAM_CUTS = (
    "nothing",  # cut before the first bit
    "all",  # cut after the last bit, before the caller heard of it
    "prefix",  # the first bytes are there
    "suffix",  # only the last bytes
    "bits",  # any half of the bits
    "few_bits",  # one to three bits
    "looks_blank",  # reads as nothing now, bits weak
    "looks_whole",  # reads as the record now, bits weak
    "half_weak",  # half of the bits firm, the others weak
)
ERASE_CUTS = (
    "nothing",
    "all",
    "prefix",  # the first part of the sector is erased
    "suffix",
    "holes",  # some stretches of 16 bytes are erased
    "bits",  # any half of the bits came back
    "looks_blank",  # all ones now, what was zero is weak
    "looks_old",  # the old contents now, what was zero is weak
)
CUT_KINDS = (
    "nothing",
    "all",
    "prefix",
    "suffix",
    "bits",
    "few_bits",
    "holes",
    "looks_blank",
    "looks_whole",
    "looks_old",
    "half_weak",
)


class PowerCut(Exception):
    """Not an OSError: no driver can catch it."""


class Dice:
    """xorshift32: the same throws on both runtimes."""

    def __init__(self, seed):
        self._state = (seed * 2654435761 + 1) & 0xFFFFFFFF or 1

    def bits(self, count):
        state = self._state
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        self._state = state
        return state >> 3 & ((1 << count) - 1)

    def below(self, limit):
        return self.bits(28) % limit


class _Memory:
    def __init__(self, size):
        self.data = bytearray(b"\xff" * size)

    def read(self, offset, buf):
        buf[:] = self.data[offset : offset + len(buf)]

    def write(self, offset, buf):
        self.data[offset : offset + len(buf)] = buf


class NorFlash(PlainNor):
    """programs, program_bytes, erases, reads: operations since the start or since `zero_counters()`."""

    def __init__(self, sectors=16, sector_bytes=SECTOR_BYTES, path=None):
        size = sectors * sector_bytes
        super().__init__(_Memory(size) if path is None else FileStore(path, size), sectors, sector_bytes)
        self._weak = {}  # byte offset: mask
        self._weak_from, self._weak_to = size, 0  # offsets between which all weak bits lie
        self._stuck_zero = {}
        self._stuck_one = {}
        self._refusals = {}  # (what, sector): "refuse" or "ignore"
        self._dice = Dice(1)
        self._cut_in = -1
        self._cut_variant = "nothing"
        self._off = False
        self.zero_counters()

    def zero_counters(self):
        self.programs = self.program_bytes = self.erases = self.reads = 0
        self.erases_of = [0] * self.sectors

    # As esp32.Partition

    def readblocks(self, block, buf, offset=0):
        self._need_power()
        start = self._range(block, offset, len(buf))
        if self._refusals and self._told("read", start) == "refuse":
            raise OSError(5)
        self.reads += 1
        self._store.read(start, buf)
        if self._is_weak(start, len(buf)):
            self._flicker(start, buf)

    # Fault modes

    def cut_at(self, n, variant, seed=1):
        """Power goes at the n-th program or erase from now (0: the next one)."""
        if variant not in PROGRAM_CUTS and variant not in ERASE_CUTS:
            raise ValueError("unknown torn variant: %s" % variant)
        self._cut_in, self._cut_variant = n, variant
        self._dice = Dice(seed)

    def power_on(self):
        self._off = False
        self._cut_in = -1

    def stick_zero(self, offset, mask):
        self._stuck_zero[offset] = self._stuck_zero.get(offset, 0) | mask
        self._put(offset, self._get(offset) & ~mask & 0xFF)

    def stick_one(self, offset, mask):
        self._stuck_one[offset] = self._stuck_one.get(offset, 0) | mask
        self._put(offset, self._get(offset) | mask)

    def refuse_programs(self, sector):
        self._refusals["program", sector] = "refuse"

    def ignore_programs(self, sector):
        self._refusals["program", sector] = "ignore"

    def refuse_erases(self, sector):
        self._refusals["erase", sector] = "refuse"

    def ignore_erases(self, sector):
        self._refusals["erase", sector] = "ignore"

    def refuse_reads(self, sector):
        self._refusals["read", sector] = "refuse"

    def work_again(self):
        """Ends every refuse and ignore mode."""
        self._refusals.clear()

    # State, for tests that try many cuts from one point (in memory only)

    def snapshot(self):
        return bytes(self._store.data), dict(self._weak), self._weak_from, self._weak_to

    def restore(self, state):
        """Contents and weak bits as they were; power on, no cut pending. Stuck bits and refusals stay as they are."""
        self._store.data[:] = state[0]
        self._weak = dict(state[1])
        self._weak_from, self._weak_to = state[2:]
        self.power_on()

    def has_weak_bits(self):
        return bool(self._weak)

    def close(self):
        if not isinstance(self._store, _Memory):
            self._store.close()

    # Inside

    def _need_power(self):
        if self._off:
            raise PowerCut("flash is without power")

    def _told(self, what, start):
        return self._refusals.get((what, start // self.sector_bytes))

    def _due(self):
        """True if this is the operation at which power goes; counts down."""
        self._need_power()
        self._cut_in -= 1
        return self._cut_in == -1

    def _cut(self):
        self._off = True
        raise PowerCut("power cut: %s" % self._cut_variant)

    def _program(self, start, data):
        cut = self._due()
        told = self._told("program", start) if self._refusals else None
        if told == "refuse":
            raise OSError(5)
        self.programs += 1
        self.program_bytes += len(data)
        if told is None:
            if cut:
                self._tear_program(start, data)
            else:
                self._burn(start, data)
        if cut:
            self._cut()

    def _burn(self, start, data):
        """Firm zeros where `data` has zeros."""
        if not self._stuck_one and not self._is_weak(start, len(data)):
            PlainNor._program(self, start, data)
            return
        now = bytearray(len(data))
        self._store.read(start, now)
        for index in range(len(data)):
            now[index] = now[index] & data[index] | self._stuck_one.get(start + index, 0)
            self._firm(start + index, data[index])
        self._store.write(start, now)

    def _is_weak(self, start, count):
        """May be true for a range without weak bits, never false for one with."""
        return bool(self._weak) and start < self._weak_to and start + count > self._weak_from

    def _firm(self, offset, byte):
        """A cell programmed to 0 is weak no longer."""
        mask = self._weak.get(offset, 0) & byte
        if mask:
            self._weak[offset] = mask
        else:
            self._weak.pop(offset, None)

    def _tear_program(self, start, data):
        torn = bytearray(data)
        variant = self._cut_variant
        edge = 1 + self._dice.below(len(data) - 1)
        if variant == "nothing":
            return
        for index in range(len(data)):
            if variant == "prefix" and index >= edge or variant == "suffix" and index < edge:
                torn[index] = 0xFF
            elif variant in ("bits", "half_weak"):
                torn[index] |= self._dice.bits(8)
            elif variant in ("few_bits", "looks_blank"):
                torn[index] = 0xFF
        if variant == "few_bits":
            for _ in range(1 + self._dice.below(3)):
                index = self._dice.below(len(data))
                torn[index] &= data[index] | ~(1 << self._dice.below(8)) & 0xFF
        if variant in ("looks_blank", "looks_whole", "half_weak"):
            self._weaken(start, data, torn if variant == "half_weak" else None)
        if variant != "looks_whole":
            self._burn(start, torn)

    def _weaken(self, start, data, firm):
        """The bits that `data` would clear and that `firm` does not clear for sure become weak."""
        for index in range(len(data)):
            mask = self._get(start + index) & ~data[index] & (0xFF if firm is None else firm[index])
            if mask:
                self._add_weak(start + index, mask)

    def _add_weak(self, offset, mask):
        self._weak[offset] = self._weak.get(offset, 0) | mask
        self._weak_from = min(self._weak_from, offset)
        self._weak_to = max(self._weak_to, offset + 1)

    def _erase(self, sector):
        start = self._range(sector, 0, self.sector_bytes)
        cut = self._due()
        told = self._told("erase", start) if self._refusals else None
        if told == "refuse":
            raise OSError(5)
        self.erases += 1
        self.erases_of[sector] += 1
        for offset in range(start, start + self.sector_bytes, CHUNK_BYTES):
            if told is None:
                self._erase_chunk(offset, (offset - start) / self.sector_bytes, self._cut_variant if cut else "all")
        if cut:
            self._cut()

    def _erase_chunk(self, start, part, variant):
        """`part`: how far into the sector, 0 ... 1."""
        if variant == "nothing" or variant == "prefix" and part >= 0.5 or variant == "suffix" and part < 0.5:
            return
        if variant == "all" and not self._stuck_zero and not self._is_weak(start, CHUNK_BYTES):
            self._store.write(start, BLANK)
            return
        old = bytearray(CHUNK_BYTES)
        self._store.read(start, old)
        new = bytearray(b"\xff" * CHUNK_BYTES)
        weak = variant in ("looks_blank", "looks_old")
        for index in range(CHUNK_BYTES):
            offset = start + index
            if variant == "holes" and index % 16 == 0:
                hole = self._dice.bits(1)
            if variant == "bits":
                new[index] = old[index] | self._dice.bits(8)
            elif variant == "looks_old" or variant == "holes" and not hole:
                new[index] = old[index]
            if weak and old[index] != 0xFF:
                self._add_weak(offset, ~old[index] & 0xFF)
                new[index] = 0xFF
            elif not weak and variant == "all" and self._weak:
                self._firm(offset, 0)
            if self._stuck_zero:
                new[index] &= ~self._stuck_zero.get(offset, 0) & 0xFF
        self._store.write(start, new)

    def _flicker(self, start, buf):
        """One read of a range with weak bits: all ones, all zeros, or each on its own. A weak bit is stored as 1."""
        mood = self._dice.below(4)
        if mood == 0:
            return
        for index in range(len(buf)):
            mask = self._weak.get(start + index, 0)
            if mask:
                buf[index] &= ~(mask if mood == 1 else mask & self._dice.bits(8)) & 0xFF

    def _get(self, offset):
        one = bytearray(1)
        self._store.read(offset, one)
        return one[0]

    def _put(self, offset, byte):
        self._store.write(offset, bytes([byte]))
