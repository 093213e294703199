"""The alarm journal of a flash without a partition for it: empty files, whose names are the records. Source: P1, docs/journal.md.

Loaded only by a unit that has no partition `journal`. The directory holds

    s<epoch><number><boot>00000000<check>    a session began; call numbers up to `number` are spent
    t<epoch><number><boot><a b c d><check>   an activation of call `number`: its number, input, kind, cause
    c<epoch><number><boot>00000000<check>    call `number` is over, and what else is there of it counts for nothing

all in hexadecimal digits, 8 for each part; the check is 4 digits of the CRC-32 of all before. littlefs makes, renames and removes
an empty file in one commit, so no record is ever half there, none needs a block of its own, and a full file system still takes
some. A `c` is the first `t` of its call by another name. A record that goes is removed only while another says as much: `c` after
all `t` of its call, and only if a higher number stands in another record; the old `s` after the new one.
"""

import binascii
import os

from micropython import const

from firmware.core.open_calls import OpenCalls
from firmware.drivers.journal import JournalError

_OPEN_MOST = const(128)  # activations of open calls: two calls of 64
_FILES_MOST = const(192)  # with those of cleared calls, should nobody have called `idle`
_FILES_END = const(256)  # and not one more, should none be removable
_AT_START = const(16)  # files tidied away at once by a start, twice: each costs a look through all of them, and a watchdog waits
_AT_ALARM = const(2)  # and by an alarm, which brings one
_OWED_MOST = const(32)  # records that could not be written and are tried again
_NAME = const(37)
_CALL_N_SKIP = const(100)  # numbers passed over at a start: as many may have been sent on their way without reaching flash
_BOOT_SKIP = const(1000)  # sessions passed over if no record counts them: the service takes a lower number for an old session
_PAUSE = const(10)  # calls of `idle`, one a second, before what has failed is tried again; doubles each time, up to
_PAUSE_MOST = const(640)  # a full file system is not helped by many tries, and each may cost an erase
_ENOENT = const(2)
_ENOSPC = const(28)
_NOTHING = (0, 0, 0, 0)


class FileJournal:
    """As drivers.journal.Journal, whose promises it makes. `directory`: on the unit's file system, made when needed; `entropy`:
    as os.urandom. late_erases: how often files had to be tidied away on the alarm path; 0 if `idle` is called."""

    where = "files"

    def __init__(self, directory, entropy):
        self._directory = directory
        self._entropy = entropy
        self._calls = OpenCalls()
        self._owed = []  # names of records that are not on flash, oldest first
        self._wait = 0
        self._pause = _PAUSE
        self._untidy = True
        self._files = 0
        self._epoch_n = 0
        self._call_n = 0
        self.epoch = ""
        self.boot = 0
        self.faults = []
        self.late_erases = 0

    def open(self):
        """Recovers, begins a session, returns the list of OpenCall that are not cleared, in order.

        A directory that cannot be read is put aside and a new one begun. Raises JournalError if there can be none at all. If
        only the session cannot be noted, the calls are given all the same, and it is a fault.
        """
        self._begin()
        self._resume(self._records())
        self._tidy(_AT_START)  # before, too: starts that are cut one after the other must not fill the directory
        self._write(self._name("s", self._call_n, _NOTHING))
        self._untidy = True
        self._tidy(_AT_START)
        return self._calls.copy()

    def trigger(self, call_n, trigger_n, input_index, kind, cause):
        """Notes an activation; durable on return: one file made, one time in seven with an erase. As Journal.trigger."""
        if self._calls.count >= _OPEN_MOST:
            raise JournalError("journal full: %d activations of calls that nobody has cleared" % self._calls.count)
        trigger = (trigger_n, input_index, kind, cause)
        if min(trigger) < 0 or max(trigger) > 0xFF or not 0 <= call_n <= 0xFFFFFFFF:
            raise ValueError("journal: activation out of range: call %r, %r" % (call_n, trigger))
        self._call_n = max(self._call_n, call_n)
        self._calls.add(call_n, trigger)
        self._write_or_raise(self._name("t", call_n, trigger))

    def cleared(self, call_n):
        """Notes that a call is over; durable on return. As Journal.cleared."""
        self._calls.remove(call_n)
        number = "%08x" % call_n
        self._owed = [name for name in self._owed if name[9:17] != number]
        self._untidy = True
        self._write_or_raise(self._name("c", call_n, _NOTHING))

    def next_call_n(self):
        """A number that no call of this epoch ever had, also none that was sent but did not reach flash. Writes nothing."""
        self._call_n += 1
        return self._call_n

    def idle(self):
        """One step of housekeeping, at most one file; True if there is more to do. To be called only while no call waits. Never
        raises: what fails is in `faults`."""
        if self._wait:
            self._wait -= 1
            return False
        if not (self._owed or self._untidy):
            return False
        try:
            more = self._step()
            self._pause = _PAUSE
            return more
        except OSError as problem:
            self._failed("journal: its files cannot be changed (%s); is the file system full?" % problem)
        except MemoryError:
            self._wait = self._pause  # no fault of the files: what runs beside leaves room for a look another time
        return False

    def usage(self):
        """For the health report: as Journal.usage; of files nobody counts the erases."""
        free = max(0, _OPEN_MOST - self._calls.count)
        return {"used_records": self._files, "free_records": free, "erases_max": 0, "bad_sectors": 0, "where": self.where}

    # What is there

    def _begin(self):
        """There is a directory and it can be read. Raises JournalError.

        Made first and listed then: with the first change after a power cut littlefs ends a rename that was cut, and until then
        its list may lack a file that is there (host_tests/filecuts found that).
        """
        for _ in range(2):
            try:
                os.mkdir(self._directory)
                return
            except OSError as error:
                problem = error
            try:
                os.listdir(self._directory)
                return
            except OSError as error:
                if error.args[0] == _ENOENT:
                    break
                problem = error
            try:
                os.rename(self._directory, self._directory + ".bad")
                self._note_fault("journal: %s could not be read (%s); put aside, begun anew" % (self._directory, problem))
            except OSError as error:
                problem = error
                break
        raise JournalError("no directory for its files (%s); is the file system full?" % problem)

    def _records(self):
        """List of their names. Nothing else of them is kept: 200 in parts would fill the memory of a board without PSRAM."""
        records = os.listdir(self._directory)
        count = len(records)
        for place in range(count - 1, -1, -1):
            if not _is_record(records[place]):
                records.pop(place)
        self._files = len(records)
        if count > len(records):
            strange = (count - len(records), self._directory)
            self._note_fault("journal: %d files in %s that are no records; passed over" % strange)
        return records

    def _resume(self, records):
        session = newest = None
        for name in records:
            if name[0] == "s" and (session is None or _boot_of(name) > _boot_of(session)):
                session = name
            if newest is None or _boot_of(name) > _boot_of(newest):
                newest = name
        if newest is None:
            self._epoch_n = int.from_bytes(self._entropy(4), "little")
            self.boot = 1
        else:
            self._epoch_n = int((session or newest)[1:9], 16)
            self.boot = int(_boot_of(newest), 16) + (1 if session else _BOOT_SKIP)
        self.epoch = "%08x" % self._epoch_n
        if newest is not None:
            self._replay(records)
            self._call_n += _CALL_N_SKIP
            if session is None:
                self._note_fault("journal damaged: no file says which session was the last")

    def _replay(self, records):
        over = []
        for name in records:
            if name[1:9] == self.epoch:
                self._call_n = max(self._call_n, int(_call_of(name), 16))
                if name[0] == "c":
                    over.append(_call_of(name))
        found = []
        for name in records:
            if name[0] == "t" and name[1:9] == self.epoch and _call_of(name) not in over:
                found.append((int(_call_of(name), 16), _trigger_of(name)))
        found.sort()
        for call_n, trigger in found:
            self._calls.add(call_n, trigger)

    # Writing

    def _name(self, kind, call_n, trigger):
        text = kind + "%08x%08x%08x" % (self._epoch_n, call_n, self.boot) + "%02x%02x%02x%02x" % trigger
        return text + _check(text)

    def _write_or_raise(self, name):
        if not self._write(name):
            raise JournalError(self.faults[-1] if self.faults else "journal: no file could be made")
        if self._files >= _FILES_MOST:
            self.late_erases += 1  # nobody called idle for so long: rather now than without end
            self._tidy(_AT_ALARM)

    def _write(self, name):
        """True if the record is on flash; else `idle` tries again, and it is a fault."""
        try:
            self._make(name)
            return True
        except (OSError, MemoryError) as problem:
            if len(self._owed) < _OWED_MOST:
                self._owed.append(name)
            self._failed("journal: no file could be made (%r); is the file system full?" % (problem,))
            return False

    def _make(self, name):
        """One commit of the directory, which littlefs reads back. A clear takes the place of an activation of its call: it finds
        room even where no file can be made any more."""
        path = self._directory + "/" + name
        if name[0] == "c":
            for record in self._records():
                if record[0] == "t" and record[1:17] == name[1:17]:
                    os.rename(self._directory + "/" + record, path)
                    return
        if self._files >= _FILES_END:
            raise OSError(_ENOSPC)
        open(path, "wb").close()  # noqa: SIM115 - it is empty
        self._files += 1

    def _failed(self, text):
        self._wait = self._pause
        self._pause = min(2 * self._pause, _PAUSE_MOST)
        self._note_fault(text)

    # Housekeeping

    def _tidy(self, most):
        for _ in range(most):
            if not self.idle():
                return

    def _step(self):
        if self._owed:
            self._make(self._owed[0])
            self._owed.pop(0)
            return True
        name = self._spent()
        if name is None:
            self._untidy = False
            return False
        os.remove(self._directory + "/" + name)
        self._files -= 1
        return True

    def _spent(self):
        """Name of a record that says nothing any more, or None."""
        records = self._records()
        over = []
        highest = newest = ""
        for name in records:
            if name[1:9] == self.epoch:
                highest = max(highest, _call_of(name))
                if name[0] == "c":
                    over.append(_call_of(name))
                elif name[0] == "s":
                    newest = max(newest, _boot_of(name))
        spent = None
        for name in records:
            if name[1:9] == self.epoch:
                if name[0] == "t" and _call_of(name) in over:
                    return name
                if name[0] == "c" and _call_of(name) < highest or name[0] == "s" and _boot_of(name) < newest:
                    spent = name
        return spent

    def _note_fault(self, text):
        if text not in self.faults and len(self.faults) < 16:
            self.faults.append(text)


def _check(text):
    return "%04x" % (binascii.crc32(text.encode()) & 0xFFFF)


def _is_record(name):
    return len(name) == _NAME and name[0] in "stc" and name[33:] == _check(name[:33])


# Parts of a name that compare as the numbers do that they stand for.
def _call_of(name):
    return name[9:17]


def _boot_of(name):
    return name[17:25]


def _trigger_of(name):
    """(trigger, input, kind, cause)."""
    return int(name[25:27], 16), int(name[27:29], 16), int(name[29:31], 16), int(name[31:33], 16)
