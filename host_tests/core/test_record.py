"""The 32-byte record: what is written is read, and nothing else is taken for a record. Source: D6."""

from firmware.core import record

PLACE = (0xDEADBEEF, 7, 127, 300)  # epoch, seq, slot, boot


def _encoded(kind=record.TRIGGER, place=PLACE):
    buf = bytearray(record.SIZE)
    record.encode(buf, place, kind, 70000, (1, 2, 3, 255), 513, 0xFFFFFFFF)
    return buf


def test_a_record_reads_back_as_it_was_written():
    rec = record.decode(memoryview(_encoded()), 127)
    assert rec[record.F_KIND] == record.TRIGGER
    assert rec[record.F_A : record.F_COUNT] == (1, 2, 3, 255)
    assert rec[record.F_COUNT] == 513
    assert rec[record.F_EPOCH : record.F_CALL_N] == (0xDEADBEEF, 7, 300)
    assert rec[record.F_CALL_N] == 70000
    assert rec[record.F_EXTRA] == 0xFFFFFFFF


def test_the_layout_on_flash_is_the_one_in_the_specification():
    buf = _encoded()
    assert buf[:8] == bytes([0x12, 127, 1, 2, 3, 255, 0x01, 0x02])
    assert buf[8:12] == b"\xef\xbe\xad\xde"
    assert len(buf) == 32


def test_every_single_flipped_bit_makes_it_no_record():
    for bit in range(record.SIZE * 8):
        buf = _encoded()
        buf[bit // 8] ^= 1 << bit % 8
        assert record.decode(memoryview(buf), 127) is None, bit


def test_erased_and_zeroed_flash_and_another_slot_are_no_records():
    for slot in (0, 127, 255):
        assert record.decode(memoryview(record.BLANK), slot) is None
        assert record.decode(memoryview(bytes(32)), slot) is None
    assert record.decode(memoryview(_encoded()), 126) is None


def test_every_prefix_of_a_record_is_no_record():
    whole = _encoded()
    for length in range(record.SIZE - 1):
        torn = whole[:length] + record.BLANK[length:]
        assert record.decode(memoryview(torn), 127) is None, length


def test_a_number_that_does_not_fit_is_refused_not_wrapped():
    buf = bytearray(record.SIZE)
    cases = (
        (0, (256, 0, 0, 0), 0),
        (0, (0, 0, 0, -1), 0),
        (-1, (0, 0, 0, 0), 0),
        (1 << 32, (0, 0, 0, 0), 0),
        (0, (0, 0, 0, 0), 65536),
    )
    for call_n, fields, count in cases:
        try:
            record.encode(buf, PLACE, record.TRIGGER, call_n, fields, count)
        except ValueError as error:
            assert "range" in str(error) or "0..255" in str(error)
        else:
            raise AssertionError("%r was taken" % ((call_n, fields, count),))
