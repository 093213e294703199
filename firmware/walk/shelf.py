"""The records of test on the unit's file system: the last four, each whole or not there. No policy.

    NNNN-<test>-<sha256>.rec    a record that the service has not yet taken. The name holds its own hash, so that one rename
                                makes it valid, and a file that was changed later is found
    NNNN-<test>-<sha256>.ok     the same, taken by the service
    open.txt, open.bad          the test that runs (keeping.py); one that could not be read
    *.new                       being written; worth nothing

Files that are damaged or not ours are named in `problems` and stay where they are; everything else is used. Besides the last four
the newest record that was passed, and says when, stays: the next due date hangs on it. Source: D6, P7, docs/records.md.
"""

import json
import os
from binascii import hexlify
from hashlib import sha256

from micropython import const

from firmware.core.walk import record

KEPT = const(4)
PART_BYTES = const(700)  # of a record in one message: in JSON each may become two, and a message has 2,048
DIRECTORY = "tests"
PASSED = ("PASS", "PASS WITH DEFECTS")
OPEN = "open.txt"
SPOILT = "open.bad"


def always():
    return True


class Shelf:
    """`directory`: on the unit's file system, made when needed; `maywrite()`: false while flash must not be written.

    `problems`: list of (file name, why): `damaged`, `foreign`, `unreadable`, `unwritable`; and `cut` (keeping.py). Nothing here
    raises for what the file system says.
    """

    def __init__(self, directory, may_write=always):
        self._directory = directory
        self.may_write = may_write
        self.problems = []

    def last_hash(self):
        """SHA-256 of the newest record, for `prev` of the next; that of its name, should the file have been damaged."""
        found = self._records()
        return found[-1][2] if found else record.FIRST

    def passed(self):
        """When the newest record was passed, s since 1970; None if there is none that can be read and says when."""
        for one in reversed(self._records()):
            ended_s = self._passed(one)
            if ended_s is not None:
                return ended_s
        return None

    def unsent(self):
        """List of (test, sha256, parts) of the records that the service has not, oldest first. Damaged ones are left out."""
        return [(one[1], one[2], self._parts(one[4])) for one in self._records() if not one[3] and self._is_whole(one)]

    def part(self, test, number):
        """Text of part `number`, from 1, of a record; None if it cannot be read. No character is cut in two."""
        for one in self._records():
            if one[1] == test:
                try:
                    with open(self.path(one[4]), "rb") as file:
                        start, end = _boundary(file, number - 1), _boundary(file, number)
                        file.seek(start)
                        return file.read(end - start).decode()
                except (OSError, ValueError):
                    self.problem(one[4], "unreadable")
        return None

    def stored(self, test):
        """The service has the record. True if it is marked so on flash; else it is sent again some time and said again."""
        for one in self._records():
            if one[1] == test and not one[3] and self.may_write():
                return self.rename(one[4], one[4][:-3] + "ok")
        return False

    # --- for keeping.py

    def begins_with(self, header):
        """True if the newest record has this first line. Raises OSError."""
        found = self._records()
        if not found:
            return False
        with open(self.path(found[-1][4]), "rb") as file:
            return file.readline() == header

    def take(self, name, test, wanted):
        """Makes the written file `name` the newest record, if its hash is `wanted`. Raises OSError."""
        if self._hash(name) != wanted:
            raise OSError("%s: not what was written" % name)
        found = self._records()
        number = found[-1][0] + 1 if found else 1
        os.rename(self.path(name), self.path("%04d-%s-%s.rec" % (number, test, wanted)))

    def look(self):
        """Takes away what was being written, names what is not ours, and counts what is damaged."""
        for name in self._names():
            if name.endswith(".new"):
                if self.may_write():
                    self.remove(name)
            elif name not in (OPEN, SPOILT) and _named(name) is None:
                self.problem(name, "foreign")
        for one in self._records():
            self._is_whole(one)

    def trim(self):
        """The last four stay, and the newest that was passed."""
        found = self._records()
        if len(found) <= KEPT or not self.may_write():
            return
        passed = [one for one in found if self._passed(one) is not None][-1:]
        for one in found[:-KEPT]:
            if one not in passed:
                self.remove(one[4])

    # --- inside

    def _records(self):
        """List of (number, test, sha256, stored, file name), oldest first."""
        return sorted([one for one in [_named(name) for name in self._names()] if one is not None])

    def _names(self):
        try:
            return os.listdir(self._directory)
        except OSError:
            return []

    def _is_whole(self, one):
        """True if the file is what its name says."""
        found = self._hash(one[4])
        if found == one[2]:
            return True
        self.problem(one[4], "unreadable" if found is None else "damaged")
        return False

    def _passed(self, one):
        """When it was passed, or None: it was not, or nobody knows when, or it cannot be read."""
        if not self._is_whole(one):
            return None
        last = b""
        try:
            with open(self.path(one[4]), "rb") as file:
                for text in file:
                    last = text
            ending = parsed(last, dict)
            return ending["ended"] if ending["verdict"] in PASSED else None
        except (OSError, ValueError, KeyError):
            return None

    def _hash(self, name):
        """SHA-256 of a file, or None if it cannot be read."""
        sum_ = sha256(b"")
        try:
            with open(self.path(name), "rb") as file:
                block = file.read(256)
                while block:
                    sum_.update(block)
                    block = file.read(256)
        except OSError:
            return None
        return hexlify(sum_.digest()).decode()

    def _parts(self, name):
        """Messages that it takes."""
        return (os.stat(self.path(name))[6] + PART_BYTES - 1) // PART_BYTES

    def path(self, name):
        return self._directory + "/" + name if name else self._directory

    def has(self, name):
        try:
            os.stat(self.path(name))
        except OSError:
            return False
        return True

    def write(self, name, texts, how=None):
        """Writes new, closes, renames; or with `how` "ab" at the end. True if done."""
        path = self.path(name) + ("" if how else ".new")
        try:
            if not self.has(""):
                os.mkdir(self._directory)
            with open(path, how or "wb") as file:
                file.write("".join(texts).encode())
            if not how:
                os.rename(path, self.path(name))
        except OSError:
            self.problem(name, "unwritable")
            return False
        return True

    def rename(self, old, new):
        try:
            os.rename(self.path(old), self.path(new))
        except OSError:
            self.problem(old, "unwritable")
            return False
        return True

    def remove(self, name):
        try:
            os.remove(self.path(name))
        except OSError:
            self.problem(name, "unwritable")

    def problem(self, name, why):
        if (name, why) not in self.problems:
            self.problems.append((name, why))


def parsed(text, kind):
    """What one line of JSON holds. Raises ValueError unless it is a whole line and of that kind."""
    if text[-1:] != b"\n":
        raise ValueError("cut")
    found = json.loads(text)
    if not isinstance(found, kind):
        raise ValueError("another kind")
    return found


def _named(name):
    """(number, test, sha256, stored, name) of a record's file name; None of any other."""
    parts = name[:-3].split("-") if name.endswith(".ok") else name[:-4].split("-") if name.endswith(".rec") else ()
    if len(parts) != 3 or not parts[0].isdigit() or not (_is_hex(parts[1], 8) and _is_hex(parts[2], 64)):
        return None
    return int(parts[0]), parts[1], parts[2], name.endswith(".ok"), name


def _is_hex(text, length):
    return len(text) == length and all(char in "0123456789abcdef" for char in text)


def _boundary(file, number):
    """Where part `number` ends: at a character's end, at most 3 bytes before its share."""
    at = number * PART_BYTES
    file.seek(at)
    byte = file.read(1)
    while byte and byte[0] & 0xC0 == 0x80:
        at -= 1
        file.seek(at)
        byte = file.read(1)
    return at
