"""Media paths come and go: whatever happens in a session, it leaves no memory, no socket and no key behind."""

import gc
import os

from firmware.transports.media_path import MediaPath
from host_tests.core.media.ecb import aes_ecb
from host_tests.transports.far_end import Far
from host_tests.transports.test_media_path import Clock, arrive, free_port, make_udp


def sockets():
    """Open files of this process; None where nobody can tell."""
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return None


def session(clock, keys):
    """A session with a re-offer in it, each end with a new port; the first path is closed twice."""
    far = Far(free_port(), True)
    first, second = (MediaPath(aes_ecb, os.urandom, clock, lambda: "127.0.0.1", make_udp) for _ in range(2))
    for path in (first, second):
        path.open(far.media())
        keys.append(path.local["crypto"]["key"])
        far.meet(path.local)
        path.send(True)
        far.speak()
        arrive(path)
        path.housekeep()
    for path in (first, second, first):
        path.close()
    far.close()


def round_of_sessions(clock, sessions):
    """(bytes of the heap, open files) after so many sessions."""
    keys = []
    for _ in range(sessions):
        session(clock, keys)
    assert len(set(keys)) == 2 * sessions, "no key of ours is ever used again"
    keys = None
    gc.collect()
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0, sockets()


def test_sessions_with_a_reoffer_each_leave_no_memory_and_no_socket_behind():
    clock = Clock()
    used, opened = round_of_sessions(clock, 30)  # names are made and lists have grown
    used_again, opened_again = round_of_sessions(clock, 30)  # as many: what a scan of the stack leaves is as much
    assert opened_again == opened
    assert used_again - used < 500
