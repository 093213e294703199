"""Digits: once each, whatever is lost, repeated or overtaken."""

from firmware.core.media.digits import Digits

NAMES = "0123456789*#ABCD"


def event(code, duration, end=False):
    return bytes((code, 0x80 | 10 if end else 10, duration >> 8, duration & 0xFF))


def pressed(code, start):
    """[(timestamp, payload)] of one key press: start, two updates, three ends. RFC 4733 2.5.1."""
    updates = [(start, event(code, 160 * i)) for i in (1, 2, 3)]
    return updates + [(start, event(code, 640, True))] * 3


def heard(packets):
    digits, got = Digits(), ""
    for stamp, payload in packets:
        digits.packet(stamp >> 16 & 0xFFFF, stamp & 0xFFFF, payload, 0, len(payload))
        digit = digits.next()
        got += digit or ""
    return got


def test_every_key_is_heard_once_by_its_name():
    packets = []
    for code in range(16):
        packets += pressed(code, 1000 + code * 2000)
    assert heard(packets) == NAMES


def test_one_digit_comes_of_every_subset_of_a_presss_packets():
    packets = pressed(5, 0xFFFFFF00)
    for subset in range(1, 64):
        assert heard([packet for i, packet in enumerate(packets) if subset >> i & 1]) == "5"
    assert heard(packets * 3) == "5"


def test_the_same_key_twice_is_two_digits_over_the_wrap_too():
    for start in (0, 0xFFFFFA00, 0x7FFFFF00, 0xFF00):
        assert heard(pressed(1, start) + pressed(1, start + 1000) + pressed(1, start + 2000)) == "111"


def test_stragglers_of_an_earlier_key_are_no_digit():
    one, two = pressed(1, 1000), pressed(2, 3000)
    assert heard(one[:3] + two[:1] + one[3:] + two[1:]) == "12"


def test_random_loss_repetition_and_order_never_double_a_digit():
    state = 12345
    for _ in range(200):
        packets = []
        for i in range(6):
            packets += pressed(i, 500 + i * 1600)
        sent = []
        for i, packet in enumerate(packets):
            state = state * 48271 % 2147483647
            for copy in range(state % 3):
                sent.append((i + (state >> 8) % 9 + copy, i, packet))
        got = heard([packet for _, _, packet in sorted(sent)])
        assert list(got) == sorted(set(got)), got


def test_a_key_held_for_longer_than_the_field_can_say_is_one_digit():
    packets, start = [], 7
    for _ in range(3):
        packets += [(start, event(9, duration)) for duration in (160, 32000, 0xFFFF)]
        start += 0xFFFF
    packets += [(start, event(9, 800, True))] * 3
    assert heard(packets) == "9"


def test_what_is_no_event_is_refused_and_a_full_queue_drops():
    digits = Digits()
    assert not digits.packet(0, 0, event(16, 100), 0, 4)
    assert not digits.packet(0, 0, b"\x05\x0a\x00", 0, 3)
    assert digits.refused == 2 and digits.next() is None
    for i in range(10):
        assert digits.packet(0, 1000 * (i + 1), event(i, 100), 0, 4) == (i < 8)
    assert "".join(digits.next() for _ in range(8)) == "01234567" and digits.next() is None


def test_another_source_may_begin_at_an_earlier_time():
    digits = Digits()
    assert digits.packet(9, 0, event(1, 100), 0, 4)
    digits.restart()
    assert digits.packet(0, 5, event(1, 100), 0, 4)
