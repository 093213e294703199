"""One UDP socket with the board's traps: empty datagrams, nobody there, no room."""

import sys
import time

from firmware.transports.datagrams import Datagrams
from host_tests.transports.far_end import Far
from host_tests.transports.test_media_path import free_port

if sys.implementation.name == "cpython":
    from tools.vboard.standins.esp32_socket import Datagram as make_udp
else:
    from firmware.transports.datagrams import make_udp


def ends():
    for _ in range(20):
        try:
            far, port = Far(free_port(), False), free_port()
            link = Datagrams(port, "127.0.0.1", far.port, make_udp)
            break
        except OSError:
            continue
    far.meet({"port": port})
    return link, far


def read(link, now_ms=0):
    """What came within 2 s."""
    buffer = bytearray(100)
    for _ in range(200):
        got = link.read(buffer, now_ms)
        if got:
            return bytes(buffer[:got])
        time.sleep(0.01)
    return None


class Faulty:
    """A socket whose reads and writes do what they are told: a number, None or an errno to raise."""

    made = 0

    def __init__(self, does):
        self.does = does
        Faulty.made += 1
        self.closed = False

    def setblocking(self, on):
        self.blocking = on

    def bind(self, address):
        self.bound = address

    connect = bind

    def _act(self, _):
        if isinstance(self.does, Exception):
            raise self.does
        return self.does

    readinto = write = recv = _act

    def close(self):
        self.closed = True


def test_datagrams_go_both_ways_and_strangers_are_not_heard():
    link, far = ends()
    assert link.write(b"hello")
    for _ in range(200):
        data = far.take()
        if data:
            break
        time.sleep(0.01)
    assert data == b"hello"
    stranger = Far(free_port(), False)
    stranger.peer = far.peer
    stranger.put(b"not the peer")
    far.put(b"the peer")
    assert read(link) == b"the peer"
    far.put(b"alone")
    for _ in range(200):
        data = link.read_one(50)
        if data:
            break
        time.sleep(0.01)
    assert data == b"alone" and link.read_one(50) is None and link.read(bytearray(9), 0) == 0
    for end in (link, far, stranger):
        end.close()


def test_after_an_empty_datagram_a_new_socket_hears_again_on_the_same_port():
    link, far = ends()
    far.put(b"")
    for _ in range(200):
        link.read(bytearray(10), 0)
        if link.reopened:
            break
        time.sleep(0.01)
    assert link.reopened == 1
    far.put(b"still there")
    assert read(link) == b"still there"
    link.close()
    far.close()


def test_a_flood_of_empty_datagrams_makes_five_sockets_a_second_at_most():
    Faulty.made = 0
    link = Datagrams(20000, "127.0.0.1", 9, lambda: Faulty(0))
    for now_ms in range(0, 1000, 4):
        assert link.read(bytearray(9), now_ms) == 0
    assert link.reopened == 5 and Faulty.made == 6


def test_what_the_network_raises_is_counted_and_nothing_is_raised_on():
    for problem in (OSError(111), OSError(12), OSError(118), OSError(101)):
        link = Datagrams(20000, "127.0.0.1", 9, lambda problem=problem: Faulty(problem))
        assert not link.write(b"x") and link.read(bytearray(9), 0) == 0 and link.read_one(9) is None
        assert link.errors == 2 and link.reopened == 0
    link = Datagrams(20000, "127.0.0.1", 9, lambda: Faulty(None))
    assert not link.write(b"x") and link.read(bytearray(9), 0) == 0 and link.errors == 1


def test_a_full_heap_costs_a_datagram_or_a_new_socket_and_not_the_task_that_speaks():
    link = Datagrams(20000, "127.0.0.1", 9, lambda: Faulty(MemoryError("memory allocation failed")))
    assert link.read_one(513) is None

    def make():
        sock = Faulty(0)
        if made:
            sock.bind = full
        made.append(sock)
        return sock

    def full(address):
        raise MemoryError("memory allocation failed")

    made = []
    link = Datagrams(20000, "127.0.0.1", 9, make)
    assert link.read(bytearray(9), 0) == 0 and link.errors == 1
    assert len(made) == 2 and made[0].closed and made[1].closed, "no socket is left behind"
    del made[:]
    assert link.read(bytearray(9), 500) == 0 and link.reopened == 1, "and the next one is tried"


def test_a_port_that_is_taken_raises_and_leaves_no_socket():
    link, far = ends()

    try:
        Datagrams(far.port, "127.0.0.1", 9, make_udp)
    except OSError:
        link.close()
        far.close()
        assert not link.write(b"closed") and link.read_one(9) is None
        return
    raise AssertionError("opened")
