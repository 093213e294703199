"""Alarms are never dropped, keep their order and are counted once (P1); routine reports never push one out."""

from firmware.core.outbox import Outbox, round_trip_ms


def _put(box, key, urgent=True, payload=None):
    return box.put(key, "topic", payload or key.encode(), urgent)


def _send_all(box, now_ms=0):
    """Sends what is to be sent; returns the keys in order."""
    keys = []
    message = box.next()
    while message is not None:
        box.pid_for(message)
        box.sent(message, now_ms)
        keys.append(message.key)
        message = box.next()
    return keys


def _pids(box):
    return [message.pid for message in box._messages.values()]


def test_messages_go_out_in_order_and_alarms_first():
    box = Outbox()
    for key, urgent in (("r1", False), ("a1", True), ("r2", False), ("a2", True)):
        assert _put(box, key, urgent)
    assert _send_all(box) == ["a1", "a2", "r1", "r2"]


def test_a_puback_in_any_order_removes_exactly_its_message():
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        box = Outbox()
        for key in ("a", "b", "c"):
            _put(box, key)
        _send_all(box)
        pids = _pids(box)
        for i in order:
            assert box.acked(pids[i]).key == "abc"[i]
            assert box.acked(pids[i]) is None
        assert len(box) == 0
        assert box.urgent == 0


def test_a_new_connection_sends_everything_again_in_the_first_order_with_the_same_ids():
    box = Outbox()
    for key in ("a", "b", "c", "d"):
        _put(box, key)
    _send_all(box)
    pids = _pids(box)
    box.acked(pids[1])
    box.start_over()
    assert _send_all(box) == ["a", "c", "d"]
    assert _pids(box) == [pids[0], pids[2], pids[3]]
    assert all(message.sends == 2 for message in box._messages.values())


def test_late_puback_of_the_old_connection_counts_also_before_the_message_went_out_again():
    box = Outbox()
    _put(box, "a")
    _send_all(box)
    pid = _pids(box)[0]
    box.start_over()
    assert box.acked(pid).key == "a"
    assert box.next() is None


def test_newer_payload_takes_the_place_of_the_older_and_its_puback_does_not_count():
    box = Outbox()
    for key in ("a", "b", "c"):
        _put(box, key)
    _send_all(box)
    old = _pids(box)[1]
    _put(box, "b", payload=b"new")
    assert len(box) == 3
    assert box.acked(old) is None
    assert box.next().payload == b"new"
    box.start_over()
    assert _send_all(box) == ["a", "b", "c"]


def test_newer_payload_before_the_first_send_keeps_its_place():
    box = Outbox()
    for key in ("a", "b", "c"):
        _put(box, key)
    _put(box, "a", payload=b"2")
    assert _send_all(box) == ["a", "b", "c"]


def test_a_report_that_becomes_urgent_is_urgent_and_the_reverse():
    box = Outbox()
    for urgent, waiting in ((False, 0), (True, 1), (True, 1), (False, 0)):
        _put(box, "x", urgent)
        assert box.urgent == waiting
        assert len(box) == 1
    assert _send_all(box) == ["x"]


def test_the_17th_report_drops_the_oldest_report_and_no_alarm():
    box = Outbox()
    for i in range(30):
        _put(box, "a%d" % i)
    for i in range(20):
        _put(box, "r%d" % i, False)
    assert box.dropped == 4
    sent = _send_all(box)
    assert sent[:30] == ["a%d" % i for i in range(30)]
    assert sent[30:] == ["r%d" % i for i in range(4, 20)]


def test_256_alarms_wait_and_beyond_that_reports_go_first_then_it_is_said():
    box = Outbox()
    _put(box, "r", False)
    for i in range(256):
        assert _put(box, "a%d" % i)
    assert (len(box), box.dropped) == (257, 0)
    assert _put(box, "a256")
    assert (len(box), box.dropped, box.refused) == (257, 1, 0)
    assert not _put(box, "a257")
    assert box.refused == 1
    assert _put(box, "a3", payload=b"newer")  # a key that waits already always gets in
    assert _send_all(box) == ["a%d" % i for i in range(257)]


def test_packet_ids_wrap_at_65535_never_are_0_and_skip_those_in_use():
    box = Outbox()
    _put(box, "old")
    _send_all(box)
    held = _pids(box)[0]
    seen = {}
    for _ in range(65534 * 2):
        pid = box.new_pid()
        assert 1 <= pid <= 65535 and pid != held
        seen[pid & 0xFF00] = True
        if pid == 65535:
            assert box.new_pid() in (1, 2)
    assert len(seen) == 256


def test_confirmed_by_the_application_is_forgotten_wherever_it_is():
    for on_wire in (False, True):
        box = Outbox()
        _put(box, "a")
        _put(box, "b")
        if on_wire:
            _send_all(box)
        assert box.confirm("a")
        assert not box.confirm("a")
        box.start_over()
        assert _send_all(box) == ["b"]


def test_urgent_on_wire_is_told_from_urgent_that_waits():
    box = Outbox()
    _put(box, "r", False)
    _send_all(box)
    assert not box.urgent_on_wire()
    _put(box, "a")
    assert box.urgent == 1
    assert not box.urgent_on_wire()
    _send_all(box)
    assert box.urgent_on_wire()


def test_round_trip_is_known_only_for_what_was_sent_once():
    box = Outbox()
    _put(box, "a")
    _send_all(box, 2**30 - 100)
    message = box.acked(_pids(box)[0])
    assert round_trip_ms(message, 150) == 250  # across the wrap of the ticks
    _put(box, "b")
    _send_all(box, 10)
    box.start_over()
    _send_all(box, 20)
    assert round_trip_ms(box.acked(_pids(box)[0]), 30) is None


def test_oldest_on_the_wire_is_the_one_that_waits_longest():
    box = Outbox()
    assert box.oldest_sent_ms() is None
    for at_ms, key in ((1000, "a"), (2000, "b")):
        _put(box, key)
        _send_all(box, at_ms)
    assert box.oldest_sent_ms() == 1000
    box.acked(_pids(box)[0])
    assert box.oldest_sent_ms() == 2000
