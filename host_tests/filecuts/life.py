"""Runs in MicroPython: one unit's life with its journal of files, on a littlefs on the NOR model. Every step tells the oracle."""

import os

import vfs
from nor import Dice, NorFlash

from firmware.drivers.journal import JournalError
from host_tests.powercut.oracle import Oracle, Violation

ROOT = "/cut"
BLOCK_BYTES = 512  # small, so that littlefs compacts, splits and moves what a block of 4,096 bytes would just take
BLOCKS = 24
FILES_MOST = 192
IDLE_STEPS_MAX = 400
ACTIVATIONS_MAX = 6  # of one call in these lives
OPEN_MAX = 8  # activations


class FileOracle(Oracle):
    """Knows the number of the last session too. `boot`: of the last `open` that returned; `refused`: calls of which the journal
    has said, since then, that something could not be written: of them nothing is promised before the next `open`."""

    boot = 0
    refused = frozenset()

    def copy(self):
        known, twin = super().copy(), FileOracle()
        twin.durable, twin.in_flight = known.durable, known.in_flight
        twin.highest_n, twin.epoch, twin.boot, twin.refused = known.highest_n, known.epoch, self.boot, self.refused
        return twin

    def opened(self, calls, epoch):
        whole = {call.call_n: tuple(call.triggers) for call in calls}
        for call_n in self.refused:
            self.durable.pop(call_n, None)
        super().opened([call for call in calls if call.call_n not in self.refused], epoch)
        self.durable, self.refused = whole, frozenset()


class RecordingFlash(NorFlash):
    """Notes, before each program and erase, all that is needed to cut the power there later."""

    def __init__(self):
        super().__init__(BLOCKS, BLOCK_BYTES)
        self.oracle = None
        self.log = None  # list of (operation, place, data, flash state, oracle)

    def _program(self, start, data):
        if self.log is not None:
            self.log.append(("program", start, bytes(data), self.snapshot(), self.oracle.copy()))
        super()._program(start, data)

    def _erase(self, sector):
        if self.log is not None:
            self.log.append(("erase", sector, None, self.snapshot(), self.oracle.copy()))
        super()._erase(sector)


def torn(cut, variant, seed):
    """A new flash, as it is after a power cut at the logged operation `cut`."""
    operation, place, data, state, _ = cut
    flash = RecordingFlash()
    flash.restore(state)
    flash.cut_at(0, variant, seed)
    try:
        if operation == "erase":
            flash._erase(place)
        else:
            flash._program(place, data)
    except Exception as error:
        if type(error).__name__ != "PowerCut":
            raise
    flash.power_on()
    return flash


class Life:
    """`boot` mounts and opens; `end` must be called when the life is over. `refusals`: how often a journal of a class that
    `may_refuse` did so, of all lives."""

    may_refuse = False
    refusals = 0

    def __init__(self, flash, oracle, journal_class, seed):
        self.flash = flash
        self.oracle = flash.oracle = oracle
        self.journal = None
        self._class = journal_class
        self._dice = Dice(seed)
        self._mounted = False

    def format(self):
        vfs.VfsLfs2.mkfs(self.flash)

    def boot(self):
        """Power comes: mount, open, hold the result against the oracle."""
        self.end()
        vfs.mount(vfs.VfsLfs2(self.flash), ROOT)
        self._mounted = True
        self.journal = self._class(ROOT + "/calls", self._entropy)
        calls = self.journal.open()
        self.oracle.opened(calls, self.journal.epoch)
        if self.journal.boot < self.oracle.boot + (0 if self.may_refuse else 1):  # with its record refused it comes again
            raise Violation("session %d again, after %d" % (self.journal.boot, self.oracle.boot))
        self.oracle.boot = self.journal.boot
        self._look()

    def end(self):
        if self._mounted:
            vfs.umount(ROOT)
            self._mounted = False

    def raise_call(self):
        """A new call with its first activation; its number."""
        call_n, before = self.journal.next_call_n(), self.oracle.highest_n
        self.oracle.numbered(call_n)
        if self.may_refuse:  # until its record is there nothing goes out under this number, or only with the session's own name
            self.oracle.highest_n = before
        self._trigger(call_n, 1)
        if call_n not in self.oracle.refused:
            self.oracle.highest_n = call_n
        return call_n

    def add(self, call_n):
        """One more activation of an open call, up to a limit."""
        known = len(self.oracle.durable.get(call_n, ()))
        if known and known < ACTIVATIONS_MAX:
            self._trigger(call_n, known + 1)

    def clear(self, call_n):
        self.oracle.begin("clear", call_n)
        self._told(self.journal.cleared, call_n)
        self.oracle.returned()
        self._look()

    def idle(self):
        """All the housekeeping that there is to do; it must come to an end."""
        for _ in range(IDLE_STEPS_MAX):
            if not self.journal.idle():
                self._look()
                return
        raise Violation("idle still has work after %d steps" % IDLE_STEPS_MAX)

    def other_file(self, size):
        """Another part of the unit writes a file of its own, as drivers/small_file.py does."""
        with open(ROOT + "/kept.bin.new", "wb") as file:
            file.write(bytes(self._dice.bits(8) for _ in range(size)))
        os.rename(ROOT + "/kept.bin.new", ROOT + "/kept.bin")

    def open_calls(self):
        return sorted(self.oracle.durable)

    def activations(self):
        return sum(len(triggers) for triggers in self.oracle.durable.values())

    def _trigger(self, call_n, trigger_n):
        trigger = (trigger_n, self._dice.below(256), self._dice.below(3), self._dice.below(3))
        self.oracle.begin("trigger", call_n, trigger)
        self._told(self.journal.trigger, call_n, *trigger)
        self.oracle.returned()
        self._look()

    def _told(self, do, *arguments):
        try:
            do(*arguments)
        except JournalError as error:
            if not self.may_refuse:
                raise Violation("refused: %s" % error) from None
            Life.refusals += 1
            self.oracle.refused = self.oracle.refused | {arguments[0]}

    def _look(self):
        """The directory stays small, and nothing is wrong with it."""
        count = len(os.listdir(ROOT + "/calls"))
        if count > FILES_MOST:
            raise Violation("%d files" % count)
        if self.journal.faults and not (self.may_refuse and "full" in self.journal.faults[-1]):
            raise Violation("fault: %s" % self.journal.faults[-1])

    def _entropy(self, count):
        return bytes(self._dice.bits(8) for _ in range(count))


class FullLife(Life):
    """On a file system in which not a block is left for the directory of calls to grow: the journal may refuse, and says so."""

    may_refuse = True

    def format(self):
        super().format()
        vfs.mount(vfs.VfsLfs2(self.flash), ROOT)
        os.mkdir(ROOT + "/calls")
        try:
            for number in range(BLOCKS):
                with open(ROOT + "/filling%d" % number, "wb") as file:
                    file.write(bytes(400))
        except OSError:
            return
        finally:
            vfs.umount(ROOT)
        raise AssertionError("there is room")

    def other_file(self, size):
        """There is no room for one."""


# --- what the units go through before the power goes


def many_calls(life):
    """Calls raised, added to and cleared, one after the other."""
    life.boot()
    for number in range(10):
        call_n = life.raise_call()
        if number % 3 == 0:
            life.add(call_n)
        life.clear(call_n)
        life.idle()


def left_open(life):
    """Two calls stay open while others come and go and other files are written; then they are cleared."""
    life.boot()
    first, second = life.raise_call(), life.raise_call()
    life.add(first)
    life.add(first)
    for number in range(6):
        life.clear(life.raise_call())
        life.idle()
        if number % 3 == 1:
            life.other_file(200)
    life.add(second)
    life.clear(first)
    life.idle()
    life.clear(second)
    life.idle()


def restarts(life):
    """A restart every few records, with and without open calls, and some before anything was tidied."""
    life.boot()
    for number in range(7):
        call_n = life.raise_call()
        life.add(call_n)
        if number % 3 == 1:
            life.boot()
        for open_n in life.open_calls()[:-1]:
            life.clear(open_n)
        if number % 2:
            life.idle()
        if number % 4 == 3:
            life.boot()


def busy(life):
    """Several calls open at once, housekeeping only now and then."""
    life.boot()
    for number in range(6):
        calls = [life.raise_call(), life.raise_call()]
        for call_n in (calls[0], calls[1], calls[1]):
            life.add(call_n)
        life.clear(calls[number % 2])
        if len(life.open_calls()) > 2:
            life.clear(life.open_calls()[0])
            life.idle()


def many_numbers(life):
    """More numbers than a start passes over are spent in one session; the power goes only after that."""
    life.boot()
    for _ in range(105):
        life.clear(life.raise_call())
        life.idle()
    life.flash.log.clear()
    for _ in range(2):
        life.clear(life.raise_call())
        life.idle()


WORKLOADS = (many_calls, left_open, restarts, busy, many_numbers)


def live_on(life):
    """After a cut: recover, alarm at once, tidy up, clear, and look again that all that was told is still so."""
    life.boot()
    while life.activations() > OPEN_MAX:
        life.clear(life.open_calls()[0])
    before = life.open_calls()
    call_n = life.raise_call()
    life.add(before[0] if before else call_n)
    life.idle()
    life.boot()
    life.clear(call_n)
    life.idle()
    if before:
        life.clear(before[-1])
    life.boot()
