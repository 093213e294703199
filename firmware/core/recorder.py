"""The flight recorder: the newest 48 things that happened, in memory that a reset keeps. Pure.

A record has 12 bytes, little-endian:

    byte 0-3   time: s that the unit has run since that memory last lost power
         4     serial, 0 ... 239; the record lies in slot serial % 48
         5     word, index into WORDS
         6-9   detail, signed; what it says depends on the word (docs/faults.md)
         10-11 CRC-32 of bytes 0-9, its low half: what a brown-out leaves behind is no record

Nothing is written to flash for a note. The newest record is found by the serials, so no pointer can be wrong.
"""

import binascii
import struct

from micropython import const

from firmware.core import clock
from firmware.core.faults import NAMES

CAUSES = ("power_on", "hard", "watchdog", "deep_sleep", "soft", "unknown")  # of a start; indices are noted: append only
TASKS = ("heart", "doorbell", "chores", "link", "bearer", "talk")  # likewise
WORDS = ("?", "start", "mains", "power", "link", "open", "shut", "ended", "stale", "raised", "received", "cleared", "test",
         "saved", "clock", "reduced", "service")
RECORDS = const(48)
SIZE = const(12)
_BODY = const(10)
_SERIALS = const(240)  # a multiple of RECORDS, so that the slot follows from the serial
_LAYOUT = "<IBBi"
_BEAT_S = const(10)  # how often the running time is put down


class Recorder:
    """`memory`: drivers.rtc_memory.RtcMemory: `flight` (bytes-like, RECORDS x SIZE), `seconds`, `save()`. `now()`: tick."""

    def __init__(self, memory, now):
        self._memory = memory
        self._now = now
        self._seen_ms = now()
        self._start_s = memory.seconds
        self._serial = self._newest()
        self._first = (self._serial + 1) % _SERIALS  # of this start

    def note(self, word, detail=0):
        """Notes `word` of WORDS with an integer; never raises: a word that it does not have is noted as "?"."""
        self._run_on()
        self._serial = (self._serial + 1) % _SERIALS
        at = self._serial % RECORDS * SIZE
        flight = self._memory.flight
        index = WORDS.index(word) if word in WORDS else 0
        struct.pack_into(_LAYOUT, flight, at, self._memory.seconds, self._serial, index, _clipped(detail))
        struct.pack_into("<H", flight, at + _BODY, binascii.crc32(flight[at:at + _BODY]) & 0xFFFF)
        self._memory.save()

    def tick(self):
        """About once a second: lets the running time go on, and puts it down every 10 s."""
        before_s = self._memory.seconds
        self._run_on()
        if self._memory.seconds // _BEAT_S != before_s // _BEAT_S:
            self._memory.save()

    def before(self):
        """Records of before this start, oldest first, as far as they are still there: lists [s before this start or None, word,
        detail]."""
        found = []
        newest = (self._first - 1) % _SERIALS
        for age in range(RECORDS - 1, -1, -1):
            record = self._read((newest - age) % _SERIALS)
            if record is not None:
                ago_s = self._start_s - record[0]
                found.append([ago_s if ago_s >= 0 else None, _told(WORDS[record[2]], record[3]), record[3]])
        return found

    def _run_on(self):
        passed_s = clock.diff(self._now(), self._seen_ms) // 1000
        if passed_s > 0:
            self._seen_ms = clock.add(self._seen_ms, passed_s * 1000)
            self._memory.seconds += passed_s

    def _read(self, serial):
        """(time, serial, word index, detail) of the record with that serial, or None."""
        at = serial % RECORDS * SIZE
        flight = self._memory.flight
        record = struct.unpack_from(_LAYOUT, flight, at)
        if record[1] != serial or record[2] >= len(WORDS):
            return None
        good = struct.unpack_from("<H", flight, at + _BODY)[0] == binascii.crc32(flight[at:at + _BODY]) & 0xFFFF
        return record if good else None

    def _newest(self):
        """Serial of the newest record: the one that no other follows within half of the serials. Without any: the last of all."""
        serials = []
        for serial in range(_SERIALS):
            if self._read(serial) is not None:
                serials.append(serial)
        for serial in serials:
            newer = 0
            for other in serials:
                newer += 0 < (other - serial) % _SERIALS < _SERIALS // 2
            if not newer:
                return serial
        return _SERIALS - 1


def _clipped(detail):
    return min(max(int(detail), -0x80000000), 0x7FFFFFFF)


def _told(word, detail):
    """The word as it is reported: with the name behind an index, "open light"."""
    if word in ("open", "shut"):
        names = NAMES
    elif word in ("ended", "stale"):
        names = TASKS
    else:
        names = CAUSES if word == "start" else ()
    return "%s %s" % (word, names[detail]) if 0 <= detail < len(names) else word
