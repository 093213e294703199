"""The journal of files with one fault each: what the sweep is scored by."""

import os

from firmware.drivers.file_journal import FileJournal


class ClearByRemoving(FileJournal):
    """A clear removes the records of the call one by one: a cut between them leaves a call that never was."""

    def cleared(self, call_n):
        self._calls.remove(call_n)
        for record in self._records():
            if record[0] == "t" and int(record[9:17], 16) == call_n:
                os.remove(self._directory + "/" + record)


class ClearGoesFirst(FileJournal):
    """The record of a clear is removed before what it voids: the call rises from the dead."""

    def _spent(self):
        for record in self._records():
            if record[0] == "c":
                return record
        return None


class ForgetsTheHighest(FileJournal):
    """Tidies the last clear away, with the highest number: numbers are given again."""

    def _spent(self):
        spent = super()._spent()
        if spent is None:
            for record in self._records():
                if record[0] == "c":
                    return record
        return spent


class NumbersFromMemory(FileJournal):
    """Call numbers begin at 1 with each start."""

    def open(self):
        calls = super().open()
        self._call_n = 0
        return calls


class NoSkip(FileJournal):
    """Goes on after the highest number on flash, as if none had been sent on its way."""

    def _resume(self, records):
        super()._resume(records)
        self._call_n -= 100 if self.boot > 1 else 0


class DurableLater(FileJournal):
    """Returns (and the light goes on) before the record is on flash: it is written in idle."""

    def _write_or_raise(self, name):
        self._owed.append(name)


class NewEpoch(FileJournal):
    """A new epoch with each start: the service takes an open call for a new one."""

    def _resume(self, records):
        super()._resume(records)
        if self.boot > 1:
            self.epoch = "%08x" % (self._epoch_n + self.boot & 0xFFFFFFFF)


class SessionFirstRemoved(FileJournal):
    """The old session's record goes before the new one is there."""

    def open(self):
        self._begin()
        for record in self._records():
            if record[0] == "s":
                os.remove(self._directory + "/" + record)
        self._resume(self._records())
        self._write(self._name("s", self._call_n, (0, 0, 0, 0)))
        return self._calls.copy()


class Untidy(FileJournal):
    """Nothing is ever removed: the directory grows without end."""

    def _spent(self):
        return None


class SameSession(FileJournal):
    """Every start has the number of the first."""

    def _resume(self, records):
        super()._resume(records)
        self.boot = 1


BUGS = ("ClearByRemoving", "ClearGoesFirst", "ForgetsTheHighest", "NumbersFromMemory", "NoSkip", "DurableLater", "NewEpoch",
        "SessionFirstRemoved", "Untidy", "SameSession")
