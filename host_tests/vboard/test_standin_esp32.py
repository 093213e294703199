"""The `esp32` stand-in finds partitions as the ESP32 does, on flash that outlives the objects. Runs on both interpreters."""

import esp32
import machine
from esp32 import Partition

world = machine.world


def test_a_data_partition_is_found_by_its_label():
    found = Partition.find(Partition.TYPE_DATA, label="journal")
    assert len(found) == 1
    kind, _, address, size, label, encrypted = found[0].info()
    assert (kind, size, label, encrypted) == (Partition.TYPE_DATA, 65536, "journal", False) and address % 4096 == 0


def test_without_a_type_it_looks_for_applications_as_the_board_does():
    assert Partition.find(label="journal") == []
    assert Partition.find(Partition.TYPE_DATA, label="nothing") == []


def test_a_label_that_the_table_lacks_is_refused():
    try:
        Partition("nothing")
        assert False, "not refused"
    except OSError as error:
        assert error.errno == 2


def test_writes_program_and_do_not_erase_and_last_longer_than_the_object():
    part = Partition("journal")
    part.writeblocks(3, b"\x0f\xff", 16)
    part.writeblocks(3, b"\xf1\xf0", 16)
    got = bytearray(2)
    Partition("journal").readblocks(3, got, 16)
    assert bytes(got) == b"\x01\xf0"
    assert part.ioctl(6, 3) == 0
    part.readblocks(3, got, 16)
    assert bytes(got) == b"\xff\xff"
    assert part.ioctl(4) == 16 and part.ioctl(5) == 4096


def test_a_write_without_offset_erases_first():
    part = Partition("journal")
    part.writeblocks(1, bytes(4096))
    part.writeblocks(1, b"\xff" * 4096)
    got = bytearray(4)
    part.readblocks(1, got)
    assert bytes(got) == b"\xff" * 4


def test_another_table_has_other_partitions():
    world.partitions = {"spare": 4}
    assert [p.info()[4] for p in Partition.find(Partition.TYPE_DATA)] == ["spare"]
    assert Partition.find(Partition.TYPE_DATA, label="journal") == []


def test_the_chip_has_a_temperature():
    assert -40 < esp32.mcu_temperature() < 125
