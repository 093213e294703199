"""The flash model behaves as NOR flash and as esp32.Partition, and each fault mode does what its name says."""

import os

import nor
from nor import ERASE_CUTS, PROGRAM_CUTS, NorFlash, PowerCut
from plain_nor import FileStore, PlainNor

DATA = bytes(range(0x40, 0x60))


def _read(flash, block=1, offset=64, count=32):
    buf = bytearray(count)
    flash.readblocks(block, buf, offset)
    return bytes(buf)


def _has_all_ones_of(old, new):
    return all(was & ~new[index] & 0xFF == 0 for index, was in enumerate(old))


def _refused(do, *arguments):
    try:
        do(*arguments)
    except OSError:
        return True
    return False


def _cut(flash, do, *arguments):
    try:
        do(*arguments)
    except PowerCut:
        return True
    return False


def test_a_program_only_clears_bits_and_an_erase_sets_its_whole_sector_only():
    flash = NorFlash(4, 4096)
    flash.writeblocks(1, b"\xf0" * 32, 64)
    flash.writeblocks(1, b"\x3c" * 32, 64)
    flash.writeblocks(2, DATA, 0)
    assert _read(flash) == b"\x30" * 32
    assert flash.ioctl(6, 1) == 0
    assert _read(flash) == b"\xff" * 32
    assert _read(flash, 2, 0) == DATA
    assert (flash.programs, flash.program_bytes, flash.erases, flash.erases_of) == (3, 96, 1, [0, 1, 0, 0])


def test_it_answers_as_a_partition_does():
    flash = NorFlash(5, 512)
    assert [flash.ioctl(op, 0) for op in (1, 2, 3, 4, 5)] == [0, 0, 0, 5, 512]
    assert flash.ioctl(99, 0) is None
    flash.writeblocks(1, b"\x00" * 32, 64)
    flash.writeblocks(1, b"\x55" * 512)
    assert _read(flash) == b"\x55" * 32
    for wrong in ((1, b"\x00" * 100), (4, b"\x00" * 32, 500), (5, b"\x00" * 32, 0), (0, b"\x00" * 32, -32)):
        assert _refused(flash.writeblocks, *wrong), wrong
    assert _refused(flash.readblocks, 5, bytearray(1))


def test_a_program_across_a_page_border_counts_as_two():
    flash = NorFlash(2, 512)
    flash.writeblocks(0, DATA, 240)
    assert (flash.programs, flash.program_bytes) == (2, 32)
    assert _read(flash, 0, 240) == DATA


def test_after_a_cut_nothing_works_until_power_is_back():
    flash = NorFlash(4, 512)
    flash.cut_at(1, "all")
    flash.writeblocks(0, DATA, 0)
    assert _cut(flash, flash.writeblocks, 1, DATA, 64)
    assert _cut(flash, flash.writeblocks, 1, DATA, 64)
    assert _cut(flash, flash.ioctl, 6, 1)
    assert _cut(flash, _read, flash)
    flash.power_on()
    assert _read(flash) == DATA


def test_each_torn_program_lies_between_nothing_and_all():
    for variant in PROGRAM_CUTS:
        seen = set()
        for seed in range(20):
            flash = NorFlash(4, 512)
            flash.cut_at(0, variant, seed)
            assert _cut(flash, flash.writeblocks, 1, DATA, 64)
            flash.power_on()
            for _ in range(8):
                torn = _read(flash)
                assert all(torn[index] | wanted == torn[index] for index, wanted in enumerate(DATA)), variant
                seen.add(torn)
            assert _read(flash, 1, 0, 64) == b"\xff" * 64
        if variant == "nothing":
            assert seen == {b"\xff" * 32}
        elif variant == "all":
            assert seen == {DATA}
        else:
            assert len(seen) > 5, variant


def test_each_torn_erase_lies_between_the_old_contents_and_blank():
    old = DATA * 16
    for variant in ERASE_CUTS:
        seen = set()
        for seed in range(10):
            flash = NorFlash(4, 512)
            flash.writeblocks(1, old)
            flash.cut_at(0, variant, seed)
            assert _cut(flash, flash.ioctl, 6, 1)
            flash.power_on()
            for _ in range(4):
                torn = _read(flash, 1, 0, 512)
                assert _has_all_ones_of(old, torn), variant
                seen.add(torn)
        if variant == "nothing":
            assert seen == {old}
        elif variant == "all":
            assert seen == {b"\xff" * 512}
        elif variant == "prefix":
            assert seen == {b"\xff" * 256 + old[256:]}
        elif variant == "suffix":
            assert seen == {old[:256] + b"\xff" * 256}
        else:
            assert len(seen) > 5, variant


def test_weak_bits_read_differently_until_they_are_made_firm():
    for variant in ("looks_blank", "looks_whole", "half_weak"):
        flash = NorFlash(4, 512)
        flash.cut_at(0, variant, 3)
        _cut(flash, flash.writeblocks, 1, DATA, 64)
        flash.power_on()
        assert len({_read(flash) for _ in range(20)}) > 2, variant
        flash.writeblocks(1, bytes(32), 64)
        assert {_read(flash) for _ in range(20)} == {bytes(32)}, variant
    flash.cut_at(0, "looks_blank", 3)
    _cut(flash, flash.ioctl, 6, 1)
    flash.power_on()
    assert len({_read(flash) for _ in range(20)}) > 2
    flash.ioctl(6, 1)
    assert {_read(flash) for _ in range(20)} == {b"\xff" * 32}


def test_a_record_programmed_over_weak_bits_keeps_those_that_it_leaves_at_one():
    flash = NorFlash(4, 512)
    flash.cut_at(0, "looks_blank", 3)
    _cut(flash, flash.writeblocks, 1, bytes(32), 64)
    flash.power_on()
    flash.writeblocks(1, b"\x0f" * 32, 64)
    reads = [_read(flash) for _ in range(30)]
    assert b"\x0f" * 32 in reads
    assert len(set(reads)) > 1
    assert all(byte & 0xF0 == 0 for read in reads for byte in read)


def test_stuck_bits_survive_erase_and_program():
    flash = NorFlash(4, 512)
    flash.stick_zero(512 + 64, 0x81)
    flash.stick_one(512 + 65, 0x18)
    flash.ioctl(6, 1)
    assert _read(flash)[:2] == b"\x7e\xff"
    flash.writeblocks(1, bytes(32), 64)
    assert _read(flash)[:2] == b"\x00\x18"


def test_refusals_raise_and_ignored_operations_only_look_done():
    flash = NorFlash(4, 512)
    flash.writeblocks(1, DATA, 64)
    flash.ignore_erases(1)
    assert flash.ioctl(6, 1) == 0
    assert _read(flash) == DATA
    flash.refuse_erases(1)
    assert _refused(flash.ioctl, 6, 1)
    flash.ignore_programs(1)
    flash.writeblocks(1, bytes(32), 64)
    assert _read(flash) == DATA
    flash.refuse_programs(1)
    assert _refused(flash.writeblocks, 1, bytes(32), 64)
    flash.refuse_reads(1)
    assert _refused(_read, flash)
    assert _read(flash, 2) == b"\xff" * 32
    flash.work_again()
    flash.writeblocks(1, bytes(32), 64)
    assert _read(flash) == bytes(32)


def test_a_snapshot_brings_contents_and_weak_bits_back():
    flash = NorFlash(4, 512)
    flash.cut_at(0, "looks_blank", 3)
    _cut(flash, flash.writeblocks, 1, DATA, 64)
    state = flash.snapshot()
    flash.restore(state)
    assert flash.has_weak_bits()
    flash.ioctl(6, 1)
    assert not flash.has_weak_bits()
    flash.restore(state)
    assert len({_read(flash) for _ in range(20)}) > 2


def test_a_file_keeps_every_operation_without_being_closed():
    path = "build-nor-test.bin"
    try:
        first = NorFlash(4, 512, path)
        first.writeblocks(1, DATA, 64)
        first.writeblocks(3, DATA, 0)
        first.ioctl(6, 3)
        second = NorFlash(4, 512, path)
        assert _read(second) == DATA
        assert _read(second, 3, 0) == b"\xff" * 32
        assert os.stat(path)[6] == 4 * 512
        first.close()
        second.close()
    finally:
        os.remove(path)


def test_without_its_faults_it_is_the_same_flash_on_the_same_file():
    """The virtual board works on the plain one, and tears its last operation with the other."""
    path = "build-plain-test.bin"
    try:
        plain, memory = PlainNor(FileStore(path, 4 * 512), 4, 512), NorFlash(4, 512)
        for flash in (plain, memory):
            flash.writeblocks(1, b"\xf0" * 300, 100)
            flash.writeblocks(1, DATA, 110)
            flash.writeblocks(3, b"\x55" * 512)
            flash.ioctl(6, 2)
            flash.ioctl(6, 3)
            assert _refused(flash.writeblocks, 5, DATA, 0) and _refused(flash.writeblocks, 0, DATA)
        assert [_read(plain, n, 0, 512) for n in range(4)] == [_read(memory, n, 0, 512) for n in range(4)]
        torn = NorFlash(4, 512, path)
        torn.cut_at(0, "prefix", 5)
        assert _cut(torn, torn.writeblocks, 2, DATA, 0)
        assert _read(plain, 2, 0)[:1] == DATA[:1] and _read(plain, 2, 31, 1) == b"\xff"
        torn.close()
    finally:
        os.remove(path)


def test_an_unknown_variant_is_refused():
    try:
        NorFlash(4, 512).cut_at(0, "gently")
    except ValueError as error:
        assert "gently" in str(error)
    else:
        raise AssertionError("taken")


def test_the_dice_fall_the_same_on_both_runtimes():
    dice = nor.Dice(7)
    assert [dice.below(1000) for _ in range(5)] == [144, 818, 331, 835, 577]
