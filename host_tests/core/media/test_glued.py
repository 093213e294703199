"""Runs of datagrams are taken apart again where the source's bytes stand."""

from firmware.core.media.glued import next_start

OURS = b"\x9a\x01\xe5\x77"


def speech(source=OURS, size=172, kind=8, fill=0x55):
    return bytes((0x80, kind, 1, 2, 0xA0, 0xC8, 5, 6)) + source + bytes([fill]) * (size - 12)


def control(source=OURS, size=48):
    return bytes((0x81, 201, 0, 7)) + source + bytes(size - 8)


def starts(run, ours=OURS):
    at, found = 0, []
    while at < len(run):
        found.append(at)
        at = next_start(run, at, len(run), ours)
    return found


def test_each_packet_of_a_run_is_found_whatever_its_size_and_kind():
    for parts in (
        [speech()] * 4,
        [speech(size=26, kind=101), speech(size=182), speech(size=26, kind=229), speech(size=182)],
        [control(), speech(size=182), control(size=62), speech(size=12)],
        [speech(), b"junk", speech(size=182)],
        [b"\x80", speech()],
        [bytes(40), speech()],
    ):
        wanted, at = [], 0
        for part in parts:
            wanted.append(at)
            at += len(part)
        found = starts(b"".join(parts))
        wanted = [start for start, part in zip(wanted, parts) if part[:3] != b"jun"]  # noqa: B905 - MicroPython
        assert found == wanted, (found, wanted)


def test_a_new_source_is_told_apart_by_its_own_bytes():
    run = speech(b"new!") * 3
    assert starts(run) == [0, 172, 344]


def test_a_timestamp_that_looks_like_a_control_packet_parts_nothing():
    for high in (0x80, 0x81, 0xBF):
        for low in (192, 200, 223):
            packet = bytes((0x80, 8, 1, 2, high, low, 5, 6)) + OURS + bytes(160)
            assert starts(packet) == [0]


def test_the_end_of_a_tag_before_a_control_packet_is_no_head_of_speech():
    for tail in (b"\xb5\x8f\x01\x02", b"\x80\x08\x00\x00", b"\x8b\x1a\xff\x00"):
        for first in (speech(size=182), speech(size=26, kind=101)):
            assert starts(first[:-4] + tail + control()) == [0, len(first)]
    for high in (0x80, 0xBF):
        late = speech(size=182)[:4] + bytes((high, 200, 5, 6)) + speech(size=182)[8:]
        assert starts(speech(size=182) + late) == [0, 182], "speech whose timestamp looks like a control packet"


def test_no_run_of_any_bytes_is_read_beyond_its_end():
    for size in range(1, 40):
        for fill in (0x00, 0x80, 0xC8, 0xFF):
            run = bytes([fill]) * size
            assert starts(run)[-1] < size and next_start(run, size - 1, size, OURS) == size
