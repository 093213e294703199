"""What outlives a reset, but not a power loss: the chip's RTC memory, of which this module is the only owner.

    byte 0-3     who wrote it: "ILS1"
         4-7     mark: what the next start is to do otherwise, or zeros. b"mute": leave speech out, which did not fit into memory;
                 of service mode: core/claim.py
         8-59    counters, 12 of 4 bytes, little-endian, and their CRC-32
         60-299  calls that could not be written to flash, 24 activations of 10 bytes
         300-875 flight recorder, 48 records of 12 bytes (core/recorder.py)

An activation: number of the call (4 bytes), trigger, input, kind, cause, and the low half of the CRC-32 of these; zeros: none.
Each part has a check of its own: after a brown-out the memory may hold anything, and what is wrong there costs only itself.
The chip has 2,048 bytes for this. Writing is a copy in memory, some microseconds; no flash is touched. Source: D6, P1.
"""

import binascii
import struct

from micropython import const

SIZE = const(876)
MUTE = b"mute"
COUNTERS = ("seconds", "power_on", "hard", "watchdog", "deep_sleep", "soft", "unknown", "brown_out", "task", "quick", "told",
            "service")
_MAGIC = b"ILS1"
_NO_MARK = b"\x00\x00\x00\x00"
_COUNTERS_AT = const(8)
_COUNTERS_CRC = const(56)
_CALLS_AT = const(60)
_CALLS = const(24)
_CALL_BYTES = const(10)
_CALL_BODY = const(8)
_FLIGHT_AT = const(300)
_NO_CALL = bytes(10)
_NUMBER = const(0xFFFFFFF)  # of a call, without what marks one as volatile (core/calls.py)


class RtcMemory:
    """`rtc`: a machine.RTC. `lost`: neither a start of ours nor a call was there, as after a power loss; a mark alone is neither,
    as a start that failed early leaves one. `seconds`: how long the unit has run since then; `flight`: the recorder's part. What
    is changed there or by `seconds` is kept by the next `save()`; the other methods keep at once."""

    def __init__(self, rtc):
        self._rtc = rtc
        self._data = bytearray(SIZE)
        self.flight = memoryview(self._data)[_FLIGHT_AT:]
        self.seconds = 0
        self.lost = not (self._load(rtc.memory()) and (any(self._data[_COUNTERS_AT:_COUNTERS_CRC]) or self.calls()))

    def _load(self, image):
        if len(image) != SIZE or bytes(image[:4]) != _MAGIC:
            self._data[:4] = _MAGIC
            return False
        self._data[:] = image
        counters = memoryview(image)[_COUNTERS_AT:_COUNTERS_CRC]
        if struct.unpack_from("<I", image, _COUNTERS_CRC)[0] != binascii.crc32(counters):
            self._data[_COUNTERS_AT:_CALLS_AT] = bytes(_CALLS_AT - _COUNTERS_AT)
        self.seconds = self.counted("seconds")
        return True

    def image(self):
        """All of it, to be put into a file before the power goes."""
        self._finish()
        return self._data

    def restore(self, image):
        """Takes over what `image` gave before a power loss. False if that is no image of ours: then nothing changes."""
        mark = self.mark()
        if not self._load(image):
            return False
        self.set_mark(mark)  # that of the image was of one start
        return True

    def save(self):
        """Keeps what was changed."""
        self._finish()
        self._rtc.memory(self._data)

    def _finish(self):
        self._put("seconds", self.seconds)
        crc = binascii.crc32(memoryview(self._data)[_COUNTERS_AT:_COUNTERS_CRC])
        struct.pack_into("<I", self._data, _COUNTERS_CRC, crc)

    # --- mark and counters

    def mark(self):
        """What was set, or zeros."""
        return bytes(self._data[4:8])

    def set_mark(self, mark=_NO_MARK):
        """`mark`: 4 bytes; none: no mark."""
        self._data[4:8] = mark
        self.save()

    def counted(self, name):
        """Value of a counter of COUNTERS. Raises ValueError for any other name, as all of these do."""
        return struct.unpack_from("<I", self._data, _COUNTERS_AT + 4 * COUNTERS.index(name))[0]

    def count(self, name):
        """One more."""
        self.put(name, self.counted(name) + 1)

    def put(self, name, value):
        self._put(name, value)
        self.save()

    def _put(self, name, value):
        struct.pack_into("<I", self._data, _COUNTERS_AT + 4 * COUNTERS.index(name), value & 0xFFFFFFFF)

    # --- calls

    def keep_call(self, number, trigger):
        """Keeps an activation of call `number`; `trigger`: (n, input, kind, cause), 0 ... 255 each. False if there is no room."""
        for index in range(_CALLS):
            if self._call(index) is None:
                at = _CALLS_AT + _CALL_BYTES * index
                struct.pack_into("<IBBBB", self._data, at, number, *trigger)
                struct.pack_into("<H", self._data, at + _CALL_BODY, self._call_crc(at))
                self.save()
                return True
        return False

    def drop_call(self, number):
        """Forgets every activation of call `number`; it is over."""
        found = False
        for index in range(_CALLS):
            call = self._call(index)
            if call is not None and not (call[0] ^ number) & _NUMBER:
                at = _CALLS_AT + _CALL_BYTES * index
                self._data[at:at + _CALL_BYTES] = _NO_CALL
                found = True
        if found:
            self.save()

    def calls(self):
        """List of (number, trigger) of what is kept, oldest first as a rule."""
        found = []
        for index in range(_CALLS):
            call = self._call(index)
            if call is not None:
                found.append((call[0], call[1:]))
        return found

    def _call(self, index):
        at = _CALLS_AT + _CALL_BYTES * index
        call = struct.unpack_from("<IBBBB", self._data, at)
        good = struct.unpack_from("<H", self._data, at + _CALL_BODY)[0] == self._call_crc(at)
        return call if good and call[1] else None

    def _call_crc(self, at):
        return binascii.crc32(memoryview(self._data)[at:at + _CALL_BODY]) & 0xFFFF
