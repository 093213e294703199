"""Sends the records of test that the service has not, a part at a time, until it says of each that it is stored. No policy.

Loaded when there is something to send, and let go of when there is not. A round of all parts goes out on each connection, and
again an hour after the last; a part goes only while nothing else waits for the broker, so that it is behind every alarm and never
pushes another report out (P1). Source: docs/protocol.md, `test_record`; docs/records.md.
"""

from micropython import const

from firmware.core import clock
from firmware.walk.shelf import DIRECTORY, Shelf

_AGAIN_MS = const(3600000)
_LOOK_MS = const(200)  # between two parts, at least


class Sender:
    """`link`: transports.link.Link; `note(name, fields, key)`: reports; `now()`: tick; `may_write()`: as in
    shelf.Shelf."""

    def __init__(self, link, note, now, may_write, directory=DIRECTORY):
        self._shelf = Shelf(directory, may_write)
        self._link = link
        self._note = note
        self._now = now
        self._due = now()
        self._connects = None  # number of the connection on which the last round went out
        self._known = []  # tests that the service has, also where the battery forbids to write that down
        self._round = []  # (test, sha256, parts) still to go
        self._part = 0
        self._left = True

    def step(self):
        """Does what is due. False once the service has everything that can be sent: then let go of this."""
        connects = self._link.counters["connects"]
        if connects != self._connects or clock.reached(self._now(), self._due):
            self._connects = connects
            self._begin()
        if self._round and self._link.online and self._link.health()["pending"] == 0:
            self._send()
        return self._left

    def next_due(self):
        return clock.add(self._now(), _LOOK_MS) if self._round and self._link.online else self._due

    def stored(self, test):
        """The service has this record."""
        self._known.append(test)
        self._shelf.stored(test)
        if self._round and self._round[0][0] == test:
            self._part = 0
        self._round = [one for one in self._round if one[0] != test]
        self._left = bool(self._unsent())

    def _unsent(self):
        return [one for one in self._shelf.unsent() if one[0] not in self._known]

    def _begin(self):
        self._due = clock.add(self._now(), _AGAIN_MS)
        self._part = 0
        for test in self._known:
            self._shelf.stored(test)  # what could not be written down then
        self._round = self._unsent()
        self._left = bool(self._round)

    def _send(self):
        test, sha, parts = self._round[0]
        self._part += 1
        text = self._shelf.part(test, self._part)
        if text is not None:
            fields = {"test": test, "part": self._part, "parts": parts, "sha256": sha, "text": text}
            self._note("test_record", fields, "test_record")
        if text is None or self._part == parts:
            self._round.pop(0)
            self._part = 0
