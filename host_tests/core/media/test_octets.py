"""Copies and comparisons against slices."""

from firmware.core.media import octets


def test_a_copy_is_what_a_slice_would_be_at_every_offset_and_size():
    source = bytes(range(1, 60))
    for at in range(6):
        for to in range(5):
            for size in range(18):
                target, wanted = bytearray(40), bytearray(40)
                octets.copy(source, at, target, to, size)
                wanted[to : to + size] = source[at : at + size]
                assert target == wanted, (at, to, size)


def test_a_copy_towards_the_front_of_the_same_buffer_is_whole():
    data = bytearray(range(50))
    octets.copy(data, 10, data, 0, 40)
    assert data[:40] == bytes(range(10, 50))


def test_a_difference_is_found_at_every_place_and_only_there():
    data = bytes(range(20))
    assert octets.differ(data, 3, data, 3, 10) == 0
    for i in range(10):
        other = bytearray(data[3:13])
        other[i] ^= 0x80
        assert octets.differ(data, 3, other, 0, 10) != 0
        assert octets.differ(data, 3, other, 0, i) == 0
