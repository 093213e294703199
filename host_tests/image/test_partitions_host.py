"""The partition table: as a bootloader reads it and as MicroPython looks in it; what would not work is refused."""

import hashlib
import struct

import pytest

from tools.image import partitions
from tools.image.errors import ImageError
from tools.image.partitions import Partition


def as_a_bootloader_reads_it(data, flash_bytes):
    """{label: (type, subtype, offset, size)}; after flash_partitions.c of ESP-IDF, not tools.image: entries of 32 bytes
    until FFFF; each within the flash; an entry EBEB has the MD5 of those before it and must be there."""
    found, at, checked = {}, 0, False
    while struct.unpack_from("<H", data, at)[0] != 0xFFFF:
        magic, kind, subtype, offset, size, label, flags = struct.unpack_from("<HBBII16sI", data, at)
        if magic == 0xEBEB:
            assert data[at + 16 : at + 32] == hashlib.md5(data[:at]).digest()
            checked = True
        else:
            assert magic == 0x50AA and not checked and flags == 0
            assert offset + size <= flash_bytes
            found[label.split(b"\0")[0].decode()] = (kind, subtype, offset, size)
        at += 32
    assert checked and set(data[at:]) == {0xFF}
    return found


def esp_partition_find(found, kind, label):
    """As esp32.Partition.find(TYPE_DATA, label=...) does: type and label count, any subtype."""
    return [place for name, place in found.items() if place[0] == kind and name == label]


def test_a_bootloader_finds_every_partition_of_every_size_of_flash():
    for flash_mb in partitions.FLASH_MB:
        data = partitions.binary(partitions.layout(flash_mb, "rom"))
        assert len(data) == 3072
        found = as_a_bootloader_reads_it(data, flash_mb * 1024 * 1024)
        assert found["factory"] == (0, 0, 0x10000, 0x1F0000)
        assert found["nvs"] == (1, 2, 0x9000, 0x6000)
        assert found["phy_init"] == (1, 1, 0xF000, 0x1000)
        assert esp_partition_find(found, 1, "journal") == [(1, 0x06, 0x200000, 0x10000)]
        assert esp_partition_find(found, 1, "romfs") == [(1, 0x8F, 0x210000, 0x60000)]
        assert esp_partition_find(found, 1, "vfs") == [(1, 0x81, 0x270000, flash_mb * 0x100000 - 0x270000)]
        assert partitions.parse(data) == partitions.layout(flash_mb, "rom")


def test_without_a_read_only_image_its_room_is_the_file_system_s_and_all_else_the_same():
    for flash_mb in partitions.FLASH_MB:
        for form in ("mpy", "frozen"):
            data = partitions.binary(partitions.layout(flash_mb, form))
            found = as_a_bootloader_reads_it(data, flash_mb * 1024 * 1024)
            assert esp_partition_find(found, 1, "romfs") == []
            assert esp_partition_find(found, 1, "vfs") == [(1, 0x81, 0x210000, flash_mb * 0x100000 - 0x210000)]
            assert partitions.layout(flash_mb, form)[:4] == partitions.layout(flash_mb, "rom")[:4]


def test_a_table_is_read_back_and_a_damaged_one_is_not():
    data = partitions.binary(partitions.layout(4))
    assert partitions.by_label(partitions.parse(data), "vfs").offset == 0x270000
    with pytest.raises(ImageError, match="damaged"):
        partitions.parse(data[:40] + b"\x01" + data[41:])
    with pytest.raises(ImageError, match="no partition table"):
        partitions.parse(b"\xff" * 3072)
    with pytest.raises(ImageError, match="no data partition 'factory'; there are nvs"):
        partitions.by_label(partitions.layout(4), "factory")


def test_what_would_not_start_is_refused_by_name():
    end = 4 * 1024 * 1024
    good = Partition("nvs", 1, 2, 0x9000, 0x6000)
    cases = [
        ([good, Partition("app", 0, 0, 0x18000, 0x10000)], "app: 0x18000"),
        ([good, Partition("x", 1, 6, 0xE000, 0x1000)], "x: begins at 0xe000, before"),
        ([Partition("early", 1, 6, 0x8000, 0x1000)], "early: begins at 0x8000, before"),
        ([Partition("odd", 1, 6, 0x9000, 0x800)], "odd: 0x9000, size 0x800"),
        ([Partition("none", 1, 6, 0x9000, 0)], "none: 0x9000, size 0x0"),
        ([Partition("far", 1, 6, 0x3FF000, 0x2000)], "far: ends at 0x401000, beyond"),
        ([Partition("a label too long", 1, 6, 0x9000, 0x1000)], "a label has 1 to 15 bytes"),
        ([good, Partition("nvs", 1, 2, 0x10000, 0x1000)], "nvs: named twice"),
    ]
    assert partitions.complaints([good], end) == []
    for table, words in cases:
        assert any(words in text for text in partitions.complaints(table, end)), words


def test_a_table_that_is_no_table_is_refused_by_line(tmp_path):
    path = tmp_path / "partitions.csv"
    cases = {"nvs, data": "line 2.*wants name", "nvs, code, nvs, 0x9000, 0x6000": "line 2.*type 'code'",
             "nvs, data, nvs, here, 0x6000": "line 2.*numbers", "nvs, data, what, 0x9000, 0x6000": "line 2.*nvs, undefined, fat",
             "nvs, data, nvs, 0x9000, 0x6001": "nvs: 0x9000, size 0x6001"}
    for line, words in cases.items():
        path.write_text("# a table\n" + line + "\n")
        with pytest.raises(ImageError, match=words):
            partitions.layout(4, path=path)


def test_a_size_of_flash_that_no_board_has_is_refused():
    for flash_mb in (None, 2, 5, "4", 4.0):
        with pytest.raises(ImageError, match="4, 8, 16 MB"):
            partitions.layout(flash_mb)
