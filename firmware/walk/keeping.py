"""The test that runs, kept step by step on the unit's file system, and made a record when it is over. No policy.

    open.txt    line 1 the planned steps, line 2 the record's head, then a line for each result

Rules. What is written is closed, read back and then renamed. Whatever the moment at which the power goes, no record is lost and
none is there twice: a test that is found open at the start becomes a record with the verdict INCOMPLETE. While `may_write()` is
false (battery) nothing is written, and `settle()` makes up for it. Source: D6, P7, docs/records.md.
"""

import json
from binascii import hexlify
from hashlib import sha256

from firmware.core.walk import record
from firmware.walk.shelf import OPEN, SPOILT, Shelf, always, parsed

CUT = "the unit started anew"  # why the steps of a cut test are open
DIED = "the unit went down with the mains out"  # why a step that was marked has failed
_RECORD = "record.new"
_MARK = "must live"


class Keeper(Shelf):
    """A shelf.Shelf with the test that runs."""

    def __init__(self, directory, may_write=always):
        super().__init__(directory, may_write)
        self._held = []  # lines of the open test that are not on flash yet
        self._ending = None  # (verdict, ended_s, due, why_open) of a test that is over and not yet a record

    def begin(self, header, steps):
        """A test begins. `header`: as in core.walk.record.head, `prev` is put in here; `steps`: names of all that is planned."""
        self.resume()
        header["prev"] = self.last_hash()
        self._held = [json.dumps(list(steps)) + "\n", record.head(header)]
        self._ending = None
        return self._flush()

    def add(self, step, result, detail="", ms=None):
        """One result. True if it is on flash; false: it is held in memory until it can be."""
        self._held.append(record.line(step, result, detail, ms))
        return self._flush()

    def mark(self, step):
        """From here on the unit must outlive `step`: if it starts anew before that has a result, the step has failed."""
        return self.add(step, "open", _MARK)

    def finish(self, verdict, ended_s=None, due=None, why_open="not done"):
        """The test is over: every planned step without a result is entered as `open`. True if the record is on flash and read
        back; false: call `settle` again, a minute later say. Fields as in core.walk.record.tail."""
        self._ending = (verdict, ended_s, due, why_open)
        return self.settle()

    def settle(self):
        """Writes what could not be written. True if nothing is left to write."""
        if not self._flush() or (self._ending is not None and not self.may_write()):
            return False
        if self._ending is not None and self.has(OPEN) and self._close(*self._ending) is None:
            return False
        self._ending = None
        return True

    def resume(self, due=None):
        """At the start: a test that was cut becomes an INCOMPLETE record. Its id, or None. `due`: as it stood, or None."""
        self.look()
        if self._ending is not None and self.settle():
            return None
        self._held = []
        self.trim()
        if not self.has(OPEN) or not self.may_write():
            return None
        test = self._close("INCOMPLETE", None, due, CUT)
        if test:
            self.problem(OPEN, "cut")
        return test or None

    def _flush(self):
        """Puts the held lines on flash: the first ones in a new file that is renamed, later ones at the end of it."""
        if not self._held:
            return True
        if not self.may_write():
            return False
        if not self.has(OPEN):
            done = self.write(OPEN, self._held)
        else:
            done = self.write(OPEN, self._held, "ab")
            if not done and self._held[0] != "\n":
                self._held.insert(0, "\n")  # part of it may be there: what comes begins on a line of its own
        if done:
            self._held = []
        return done

    def _close(self, verdict, ended_s, due, why_open):
        """Makes open.txt a record. Its test id; "" if it was one already or can never be one; None: not possible now."""
        test = ""
        try:
            with open(self.path(OPEN), "rb") as file:
                steps, header = parsed(file.readline(), list), file.readline()
                if not self.begins_with(header):
                    test = parsed(header, dict)["test"]
                    self._compose(file, (header, test, steps), (verdict, ended_s, due, why_open))
        except (ValueError, KeyError, TypeError):
            self.problem(OPEN, "damaged")
            return "" if self.rename(OPEN, SPOILT) else None
        except OSError:
            self.problem(OPEN, "unwritable")
            return None
        self.remove(OPEN)
        self.trim()
        return test

    def _compose(self, file, opening, ending):
        """Writes the whole record beside, reads it back, and makes it valid by its name. Raises OSError.

        A test with a step that is still open is INCOMPLETE, whatever it was said to be (P7)."""
        header, test, steps = opening
        verdict, ended_s, due, why_open = ending
        with open(self.path(_RECORD), "wb") as new:
            out = _Out(new)
            out.put(header)
            results, marked = self._copy_results(file, out)
            if why_open == CUT and marked and marked not in [one[0] for one in results]:
                results.append((marked, "fail", DIED))
                out.put(record.line(marked, "fail", DIED).encode())
            done = [one[0] for one in results]
            for step in steps:
                if step not in done:
                    results.append((step, "open", why_open))
                    out.put(record.line(step, "open", why_open).encode())
            if "open" in {one[0]: one[1] for one in results}.values():  # by the last word on each step
                verdict = "INCOMPLETE"
            out.put(record.tail(verdict, ended_s, results, due).encode())
        self.take(_RECORD, test, out.digest())

    def _copy_results(self, file, out):
        """Copies every whole line of the open test. (List of (step, result, detail), step that was marked by `mark` or "")."""
        results, marked = [], ""
        before = b""
        for text in file:
            try:
                step, result, detail, _ = parsed(text, list)
            except ValueError:
                if text != b"\n":
                    self.problem(OPEN, "damaged")
                continue
            if result == "open" and detail == _MARK:
                marked = step
            elif text != before:  # written twice, as the file system had said that it was not
                out.put(text)
                results.append((step, result, detail))
            before = text
        return results, marked


class _Out:
    """A file that is written and summed up."""

    def __init__(self, file):
        self._file = file
        self._sum = sha256(b"")

    def put(self, text):
        self._file.write(text)
        self._sum.update(text)

    def digest(self):
        return hexlify(self._sum.digest()).decode()
