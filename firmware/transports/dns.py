"""Finds a broker's IPv4 address by one small UDP query of our own.

`socket.getaddrinfo` with a name blocks the whole board until lwIP gives up, for many seconds. Here the wait is a task like any
other, bounded by the caller's deadline. The last good address is kept: a dead name server must not stop an alarm.
"""

import asyncio
import socket
import struct

from micropython import const

from firmware.transports.ready import readable

_DNS_PORT = const(53)
_REPLY_MAX = const(512)  # bytes, RFC 1035 4.2.1
_TYPE_A = const(1)


def is_numeric(host):
    """True for a dotted IPv4 address, which needs no name server."""
    parts = host.split(".")
    for part in parts:
        if not part.isdigit() or int(part) > 255:
            return False
    return len(parts) == 4


def sockaddr(address, port):
    """What `connect` takes. `address` must be numeric: then getaddrinfo answers at once, without the network."""
    if not is_numeric(address):
        raise ValueError("%s is not a numeric address" % address)
    return socket.getaddrinfo(address, port)[0][-1]


def query(name, ident):
    """An A query for `name`. Raises ValueError for a name that is no host name."""
    packet = struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0)
    for label in name.encode().split(b"."):
        if not 0 < len(label) < 64:
            raise ValueError("%s is not a host name" % name)
        packet += bytes((len(label),)) + label
    return packet + b"\0" + struct.pack("!HH", _TYPE_A, 1)


def answer(reply, asked):
    """The first IPv4 address in `reply` as text; None if it does not answer `asked`. Raises OSError for "no such name"."""
    if len(reply) < 12 or reply[:2] != asked[:2] or not reply[2] & 0x80 or reply[12 : len(asked)] != asked[12:]:
        return None
    if reply[3] & 0x0F:
        raise OSError("name server says code %d (3: no such name)" % (reply[3] & 0x0F))
    at = len(asked)
    for _ in range(struct.unpack("!H", reply[6:8])[0]):
        at = _skip_name(reply, at)
        if at + 10 > len(reply):
            break
        kind, _, _, length = struct.unpack("!HHIH", reply[at : at + 10])
        at += 10
        if kind == _TYPE_A and length == 4 and at + 4 <= len(reply):
            return "%d.%d.%d.%d" % tuple(reply[at : at + 4])
        at += length
    raise OSError("name has no IPv4 address")


def _skip_name(reply, at):
    while at < len(reply) and reply[at]:
        if reply[at] & 0xC0:
            return at + 2
        at += 1 + reply[at]
    return at + 1


class Resolver:
    """`server()` gives "ip" or "ip:port" of the name server, or None. `rand(n)`: 0 ... n-1."""

    def __init__(self, server, rand):
        self._server = server
        self._rand = rand
        self._last_good = {}
        self._doubted = None

    def known(self, host):
        """The address without asking: `host` itself if numeric, else the last good one unless it is doubted, else None."""
        if is_numeric(host):
            return host
        if host == self._doubted:  # asked once; if that fails the last good one is as likely as ever
            self._doubted = None
            return None
        return self._last_good.get(host)

    def doubt(self, host):
        """The last good address of `host` did not answer: ask the name server before the next attempt."""
        self._doubted = host

    async def ask(self, host, again_ms):
        """Asks until there is an answer, again each `again_ms`; the caller cancels it at its deadline. Raises OSError."""
        server = self._server()
        if not server:
            raise OSError("no name server known")
        address, _, port = server.partition(":")
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        repeater = None
        try:
            sock.setblocking(False)
            sock.connect(sockaddr(address, int(port or _DNS_PORT)))
            asked = query(host, self._rand(65536))
            repeater = asyncio.create_task(_repeat(sock, asked, again_ms))
            found = await _wait_answer(sock, asked)
        finally:
            if repeater:
                repeater.cancel()
            sock.close()
        self._last_good[host] = found
        return found


async def _repeat(sock, asked, again_ms):
    """UDP may lose a query; three of them cost less than a second and the caller's deadline ends the rest."""
    while True:
        try:
            sock.write(asked)
        except OSError:
            pass  # no route yet, or the server's port is closed: the next one may get through
        await asyncio.sleep_ms(again_ms)


async def _wait_answer(sock, asked):
    while True:
        await readable(sock)
        try:
            reply = sock.read(_REPLY_MAX)
        except OSError:
            continue  # ICMP "port unreachable": ask again until the deadline
        found = answer(reply, asked) if reply else None
        if found:
            return found
