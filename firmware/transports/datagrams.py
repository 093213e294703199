"""One UDP socket of a media path: a port of our own, one peer, no waiting, nothing allocated per packet.

`connect()` lets the system drop what others send. Two traps of the board (ports/esp32/modsocket.c): `readinto` glues waiting
datagrams (core/media/glued.py), and after an empty datagram, which anybody can send in the peer's name, a socket reads 0 for
ever: then it is made anew on the same port. There is no `getsockname`, so a port is chosen, not asked for.
"""

import socket

from micropython import const

from firmware.core import clock
from firmware.transports.dns import sockaddr

_REOPEN_MS = const(200)  # empty datagrams cost us at most five sockets a second


def make_udp():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


class Datagrams:
    """Bound to `port` and connected to (`address`, `peer_port`) from the start. Raises OSError if the port is taken.

    `errors` counts what sending and reading raised; `reopened` new sockets.
    """

    def __init__(self, port, address, peer_port, make_socket=make_udp):
        self._port = port
        self._address = address
        self._peer_port = peer_port
        self._make_socket = make_socket
        self._sock = None
        self._reopened_ms = None
        self.errors = 0
        self.reopened = 0
        self._open()

    def _open(self):
        sock = self._make_socket()
        try:
            sock.setblocking(False)
            sock.bind(sockaddr("0.0.0.0", self._port))
            sock.connect(sockaddr(self._address, self._peer_port))
        except (OSError, MemoryError):
            sock.close()
            raise
        self._sock = sock

    def read(self, buffer, now_ms):
        """Bytes read into `buffer`, perhaps of several datagrams; 0 if there is nothing."""
        if self._sock is None:
            self._reopen(now_ms)
            return 0
        try:
            got = self._sock.readinto(buffer)
        except OSError:  # an ICMP message came in: the peer does not listen (yet), or there is no way
            self.errors += 1
            return 0
        if got == 0:
            self._reopen(now_ms)
            return 0
        return got or 0

    def read_one(self, size):
        """One datagram as bytes, which is garbage afterwards; None if there is nothing."""
        if self._sock is None:
            return None
        try:
            return self._sock.recv(size) or None
        except (OSError, MemoryError):  # it waits until there is room, or a read of many at once takes it
            return None

    def _reopen(self, now_ms):
        if self._reopened_ms is not None and clock.diff(now_ms, self._reopened_ms) < _REOPEN_MS:
            return
        self._reopened_ms = now_ms
        self.close()
        try:
            self._open()
            self.reopened += 1
        except (OSError, MemoryError):
            self.errors += 1  # tried again with the next read

    def write(self, packet):
        """True if the datagram left. A full buffer, no memory, no way and no socket are counted."""
        if self._sock is not None:
            try:
                if self._sock.write(packet):
                    return True
            except OSError:
                pass  # counted below, as is None: it would have to wait
        self.errors += 1
        return False

    def close(self):
        if self._sock is not None:
            self._sock.close()
            self._sock = None
