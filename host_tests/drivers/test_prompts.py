"""drivers/prompts.py: a message comes in frames of 20 ms, and whatever is wrong with its file leaves the tones alone."""

import os

from firmware.drivers import prompts
from firmware.drivers.prompts import FRAME_BYTES, PromptReader

FOLDER = "build/test_prompts"


def store(name, content):
    for folder in ("build", FOLDER):
        try:
            os.mkdir(folder)
        except OSError:  # it is there
            pass
    with open("%s/%s.al" % (FOLDER, name), "wb") as file:
        file.write(content)


def frames(reader):
    """All frames of the message that is open."""
    codes, got = bytearray(FRAME_BYTES), []
    while reader.read(codes):
        got.append(bytes(codes))
        assert len(got) < 100
    return got


def test_a_message_comes_frame_by_frame_and_its_last_one_is_filled_with_silence():
    store("received", bytes(range(160)) + bytes(160) + b"\x11\x22")
    reader = PromptReader(FOLDER)
    assert reader.start("received")
    got = frames(reader)
    assert got == [bytes(range(160)), bytes(160), b"\x11\x22" + b"\xd5" * 158]
    assert not reader.read(bytearray(FRAME_BYTES)), "the end stays the end"


def test_a_missing_file_is_told_and_an_empty_one_is_over_at_once():
    reader = PromptReader(FOLDER)
    assert not reader.start("never_recorded") and frames(reader) == []
    store("empty", b"")
    assert reader.start("empty") and frames(reader) == []
    assert not PromptReader("build/no_such_language").start("received")


def test_a_heap_too_full_to_open_a_message_leaves_the_tones_alone():
    def full(path, mode):
        raise MemoryError("memory allocation failed")

    prompts.open = full
    try:
        assert PromptReader(FOLDER).start("received") is False
    finally:
        del prompts.open


def test_the_next_message_replaces_the_one_that_plays():
    store("one", b"\x01" * 320)
    store("two", b"\x02" * 160)
    reader = PromptReader(FOLDER)
    codes = bytearray(FRAME_BYTES)
    assert reader.start("one") and reader.read(codes) and codes[0] == 1
    assert reader.start("two") and frames(reader) == [b"\x02" * 160]
    assert reader.start("one")
    reader.close()
    reader.close()
    assert not reader.read(codes)


def test_a_file_that_cannot_be_read_further_ends_the_message():
    class Torn:
        def readinto(self, codes):
            raise OSError(5)

        def close(self):
            self.closed = True

    reader = PromptReader(FOLDER)
    reader._file = torn = Torn()
    assert not reader.read(bytearray(FRAME_BYTES)) and torn.closed
