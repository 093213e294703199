"""What the bench reads from packets, from the unit's console, from valgrind and from the journal, and its lock of the peers."""

import pytest

from tools import fetch_lib
from tools.bench import peers
from tools.bench.figures import alarm_path, heap, round_trip
from tools.bench.mqtt_tap import Tap

CONNECT = bytes.fromhex("100d00044d5154540402000c000162")[:15]
PUBLISH_QOS1 = b"\x32\x09\x00\x03a/b\x00\x07hi"
PUBLISH_QOS0 = b"\x30\x07\x00\x03c/dyo"


def long_publish(length):
    body = b"\x00\x01t\x00\x01" + b"x" * length
    return bytes([0x32, len(body) & 0x7F | 0x80, len(body) >> 7]) + body


def test_tap_finds_publishes_however_the_bytes_are_cut():
    stream = CONNECT + PUBLISH_QOS1 + b"\xc0\x00" + long_publish(300) + PUBLISH_QOS0
    wanted = [("a/b", b"hi"), ("t", b"x" * 300), ("c/d", b"yo")]
    for size in (1, 2, 3, 7, 100, len(stream)):
        tap, found = Tap(), []
        for at in range(0, len(stream), size):
            found += tap.feed(stream[at : at + size])
        assert found == wanted, size


def test_tap_refuses_what_is_no_mqtt():
    with pytest.raises(ValueError):
        Tap().feed(b"\x32\xff\xff\xff\xff\xff")


def test_heap_line_is_read_from_the_console_and_nothing_else():
    assert heap.reading("bench-heap 100000 200000 1200 12 31616") == (100000, 200000, 1200, 12, 31616)
    with pytest.raises(ValueError):
        heap.reading("bench-heap 1 2")


def test_callgrind_total_is_read_and_its_absence_seen():
    text = "==9== Events    : Ir\n==9== Collected : 72929466\n==9== \n"
    assert round_trip.collected(text) == 72929466
    assert round_trip.collected("==9== valgrind: no such file") is None


def test_a_record_costs_one_program_of_32_bytes_and_no_erase_also_when_sectors_fill():
    costs = alarm_path.count_records(300)
    assert set(costs) == {(1, 0, 32)}
    assert all(figure.met for figure in alarm_path.record_figures(costs))


def test_every_peer_has_an_adapter_and_locked_files():
    packages = fetch_lib.read_lock(peers.HERE / "peers.lock.json")
    locked = {entry["to"].split("/")[0] for package in packages for entry in package["files"]}
    for peer in peers.peers():
        assert (peers.HERE / "device" / f"{peer.adapter}.py").exists()
        assert {path.name for path in peer.path} <= locked
        assert peer.defaults and peer.tightest
