"""Small files that are whole or are not taken. Works on the file system that the test runs on."""

import os

from firmware.drivers import small_file

PATH = "small_file_test.bin"


def written(content):
    small_file.save(PATH, content)
    with open(PATH, "rb") as file:
        return file.read()


def cleared():
    for path in (PATH, PATH + ".new"):
        small_file.remove(path)


def refused():
    try:
        small_file.load(PATH)
    except ValueError as problem:
        assert PATH in str(problem)
        return True
    return False


def test_what_was_written_is_read_and_no_file_is_no_error():
    cleared()
    assert small_file.load(PATH) is None
    for content in (b"", b"1", bytes(range(256)) * 4):
        written(content)
        assert small_file.load(PATH) == content
    cleared()
    assert small_file.load(PATH) is None


def test_every_cut_and_every_changed_byte_is_refused():
    whole = written(b'{"open": []}')
    for length in range(len(whole)):
        with open(PATH, "wb") as file:
            file.write(whole[:length])
        assert refused(), length
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1
        with open(PATH, "wb") as file:
            file.write(changed)
        assert refused(), at
    cleared()


def test_a_file_that_is_longer_than_any_of_ours_is_refused():
    written(bytes(small_file.MOST_BYTES))
    assert refused()
    written(bytes(small_file.MOST_BYTES - 4))
    assert len(small_file.load(PATH)) == small_file.MOST_BYTES - 4
    cleared()


def test_a_write_that_is_cut_leaves_the_old_file():
    written(b"old")
    with open(PATH + ".new", "wb") as file:
        file.write(b"\x00\x01")
    assert small_file.load(PATH) == b"old"
    cleared()


def test_a_directory_in_its_place_is_refused_and_not_taken_for_no_file():
    cleared()
    os.mkdir(PATH)
    try:
        assert refused()
    finally:
        os.rmdir(PATH)
