"""One record of the alarm journal: 32 bytes that are programmed once and never again.

    byte  0     kind, low 4 bits; layout version, high 4 bits
          1     slot: the record's own place in its sector, so a record read from anywhere else is no record
          2-5   a, b, c, d: by kind (see below)
          6-7   count: by kind
          8-11  epoch: random, made when the partition was formatted
          12-15 seq: the sector's place in the ring's history; grows by one with each sector put into use
          16-19 boot: the session that wrote the record. The fence: only records of the base's own session count
          20-23 call_n: by kind
          24-27 extra: by kind
          28-31 CRC-32 of bytes 0-27

Little-endian. Erased flash (all 0xFF) and zeroed flash are no records: neither has a right CRC. Source: D6, docs/journal.md.
"""

import binascii
import struct

from micropython import const

SIZE = const(32)  # bytes; 8 to a 256-byte flash page, so a program never crosses a page
_BODY = const(28)  # bytes under the CRC
_LAYOUT = "<BBBBBBHIIIIII"
_VERSION = const(0x10)  # layout 1, in the high half of the kind byte

BOOT = const(1)  # a session began. No content: it takes the slots that power cuts may have left weak
TRIGGER = const(2)  # an activation: call_n, a trigger_n, b input_index, c kind, d cause
CLEARED = const(3)  # the call is over: call_n
KEPT = const(4)  # a TRIGGER carried forward, same fields; count: its index in the run, 0 starts a run
KILL = const(5)  # kill note: all before its run of `count` KEPT is void, and those sectors may be erased. a ready sector or
#                  NO_SECTOR, b-d map of retired sectors, call_n the highest so far, extra seq of the sector where the run starts
READY = const(6)  # a sector was erased and found blank: a sector, call_n how often it has been erased

NO_SECTOR = const(0xFF)
SECTORS_MAX = const(24)  # the bad-sector map of a KILL has 24 bits
BLANK = b"\xff" * 32

# Fields of a decoded record, by index: MicroPython's namedtuple would cost a dict per type and no clarity here.
F_KIND = const(0)
F_A = const(2)
F_B = const(3)
F_C = const(4)
F_D = const(5)
F_COUNT = const(6)
F_EPOCH = const(7)
F_SEQ = const(8)
F_BOOT = const(9)
F_CALL_N = const(10)
F_EXTRA = const(11)


def encode(buf, place, kind, call_n=0, fields=(0, 0, 0, 0), count=0, extra=0):
    """Fills `buf` (32 bytes) with one record.

    `place` is (epoch, seq, slot, boot). Raises ValueError for a field out of its range, as a byte that wraps would turn one
    input into another.
    """
    epoch, seq, slot, boot = place
    a, b, c, d = fields
    if min(a, b, c, d, slot) < 0 or max(a, b, c, d, slot) > 0xFF:
        raise ValueError("journal field out of 0..255: %r" % (fields,))
    if not (0 <= call_n <= 0xFFFFFFFF and 0 <= count <= 0xFFFF):
        raise ValueError("journal number out of range: call %r, count %r" % (call_n, count))
    struct.pack_into(_LAYOUT, buf, 0, _VERSION | kind, slot, a, b, c, d, count, epoch, seq, boot, call_n, extra, 0)
    struct.pack_into("<I", buf, _BODY, binascii.crc32(memoryview(buf)[:_BODY]))


def decode(buf, slot):
    """The record in `buf` (a memoryview of 32 bytes), or None: wrong CRC, another layout, or not written for `slot`.

    A tuple, indexed by the F_ names; the kind comes without the version bits.
    """
    if buf[1] != slot or buf[0] & 0xF0 != _VERSION:
        return None
    fields = struct.unpack_from(_LAYOUT, buf)
    if binascii.crc32(buf[:_BODY]) != fields[12]:
        return None
    return (fields[0] & 0x0F,) + fields[1:12]
