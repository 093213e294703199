"""Sockets as the ESP32 has them, on the interpreter's own; both runtimes. Source: ports/esp32/modsocket.c, lwIP (behaviour).

`Datagram` is what `socket.socket(AF_INET, SOCK_DGRAM)` gives on the virtual board. Under CPython it has the board's `readinto`
and `write` too. What differs from a host's UDP socket:

- `readinto` **glues**: it reads on until the buffer is full or nothing is left, so two waiting datagrams come as one, and what no
  longer fits of the last one is lost. Ask for exactly one datagram's size. Blocking, it waits for a full buffer.
- Six datagrams wait to be read, later ones are lost (CONFIG_LWIP_UDP_RECVMBOX_SIZE). Here the host's buffer is made that small:
  5 to 8 of up to 190 bytes, fewer larger ones.
- An **empty datagram** reads as 0, and so does everything after it: the board takes it for the end of a TCP stream. Only a new
  socket hears again. Anybody can send one.
- `readinto` gives None when there is nothing and the socket does not block, `write` when it would have to wait; `send`, `recv`
  and `recvfrom` raise OSError(EAGAIN) then. With a timeout: OSError(ETIMEDOUT).
- `write` and `send` raise OSError(ENOMEM) when the radio's buffers are full. Faults, for all sockets: `set_fault("no_memory")`,
  `"would_block"`, `"unreachable"` (no route: the link is down), `"none"`.
- With several bearers a socket belongs to the one that is the default when it is connected, and has its address; without any,
  writing raises OSError(EHOSTUNREACH). When that bearer carries nothing, what is sent is lost, and nothing comes.
- That nobody listens at the other end is never told (a host raises ECONNREFUSED).
- There is no `getsockname`: bind a port that you know. Addresses are (host, port); a host's name may block for long.

`socket` is for code that blocks (umqtt.simple by itself, other MQTT clients): `setblocking(True)` means *no timeout* there, where
the unix port keeps the one that was set. Not installed by itself, as asyncio and TLS need the interpreter's own sockets.
"""

import io
import socket as _socket
import sys

AF_INET = _socket.AF_INET
SOCK_STREAM = _socket.SOCK_STREAM
SOCK_DGRAM = _socket.SOCK_DGRAM
SOL_SOCKET = _socket.SOL_SOCKET
SO_REUSEADDR = _socket.SO_REUSEADDR
getaddrinfo = _socket.getaddrinfo

_IS_HOST = sys.implementation.name == "cpython"
_SO_RCVBUF = _socket.SO_RCVBUF if _IS_HOST else 8
_QUEUE_BYTES = 2600  # Linux doubles it and counts about 830 for a small datagram: 6 of them (tried on 6.18)
_ENOMEM = 12
_AGAIN = (11, 115)  # EAGAIN, EINPROGRESS
_REFUSED = 111
FAULTS = ("none", "no_memory", "would_block", "unreachable")
fault = bytearray(1)  # index into FAULTS; set without allocation by the virtual board
world = None  # with `routes` if the unit has several bearers; put in by the virtual board


def set_fault(name):
    fault[0] = FAULTS.index(name)


class Datagram(io.IOBase):
    """A UDP socket. What a method raises is always OSError with an errno of the board."""

    def __init__(self, family=AF_INET, kind=SOCK_DGRAM, protocol=0):
        self.raw = _socket.socket(family, kind, protocol)
        self.raw.setsockopt(SOL_SOCKET, _SO_RCVBUF, _QUEUE_BYTES)
        self._ended = False
        self._routes = None if world is None else world.routes
        self._bearer = None if self._routes is None else self._routes.bearer()
        if _IS_HOST:
            self._read, self._write = self._fill, self.raw.send
        else:
            self._read, self._write = self.raw.readinto, self.raw.write

    def bind(self, address):
        if self._bearer:
            from routes import HOSTS

            address = _from(address, HOSTS[self._bearer])
        self.raw.bind(_resolved(address))

    def connect(self, address):
        self.raw.connect(_resolved(address))

    def setblocking(self, on):
        self.raw.settimeout(None if on else 0)

    def settimeout(self, seconds):
        self.raw.settimeout(seconds)

    def setsockopt(self, level, option, value):
        self.raw.setsockopt(level, option, value)

    def fileno(self):
        return self.raw.fileno()

    def makefile(self, *_):
        return self

    def close(self):
        self.raw.close()

    def readinto(self, buf, size=None):
        """Bytes read, of as many datagrams as fill `buf` or its first `size`; None when there is none; 0: see above."""
        if self._ended:
            return 0
        try:
            got = self._read(buf, len(buf) if size is None else size)
        except OSError as error:
            return self.readinto(buf, size) if self._is_worth_a_retry(error) else None
        if self._routes is not None and not self._is_carried():
            return None if got is None else self.readinto(buf, size)
        if got == 0:
            self._ended = True
        return got

    def write(self, buf, size=None):
        """Bytes sent, all or none; None if it would have to wait."""
        if fault[0] and self._fails():
            return None
        if self._routes is not None and not self._is_carried():
            return len(buf) if size is None else size
        try:
            return self._write(buf if size is None else memoryview(buf)[:size])
        except OSError as error:
            return self.write(buf, size) if self._is_worth_a_retry(error) else None

    def recv(self, size):
        buf = bytearray(size)
        got = self.readinto(buf)
        if got is None:
            raise OSError(_AGAIN[0], "EAGAIN")
        return bytes(buf[:got])

    def recvfrom(self, size):
        """(bytes, address), without regard for what the board takes for an end: it is there to look, not to serve."""
        return self._insist(self.raw.recvfrom, size)

    def send(self, buf):
        sent = self.write(buf)
        if sent is None:
            raise OSError(_AGAIN[0], "EAGAIN")
        return sent

    def sendto(self, buf, address):
        if fault[0] and self._fails():
            raise OSError(116, "ETIMEDOUT")  # what the board makes of it
        if self._routes is not None and not self._is_carried():
            return len(buf)
        return self._insist(self.raw.sendto, buf, _resolved(address))

    def _is_carried(self):
        """Does anything get through on the bearer of this socket? Raises OSError where there was none."""
        if self._bearer is None:
            raise OSError(118, "EHOSTUNREACH")
        return self._routes.carries(self._bearer)

    def _fails(self):
        """True if this write would have to wait; raises what else the fault says."""
        if fault[0] == 1:
            raise OSError(_ENOMEM, "ENOMEM")
        if fault[0] == 3:
            raise OSError(118, "EHOSTUNREACH")
        return True

    def _fill(self, buf, size):
        """CPython's recv_into gives one datagram: goes on as MicroPython's stream layer does."""
        view = memoryview(buf)[:size]
        done = 0
        while done < len(view):
            try:
                got = self.raw.recv_into(view[done:])
            except OSError:
                if done:
                    return done
                raise
            if not got:
                return done
            done += got
        return done

    def _insist(self, call, *arguments):
        while True:
            try:
                return call(*arguments)
            except OSError as error:
                if not self._is_worth_a_retry(error):
                    raise OSError(_AGAIN[0], "EAGAIN") from error

    def _is_worth_a_retry(self, error):
        """True where the host told of a peer that does not listen, False where there is nothing yet; raises for the rest."""
        if error.errno is None or error.errno == 110:  # a timeout, as CPython and Linux have it
            raise OSError(116, "ETIMEDOUT")
        if error.errno not in _AGAIN and error.errno != _REFUSED:
            raise error
        return error.errno == _REFUSED

    def ioctl(self, request, arg):
        """For a poller: 10 is MP_STREAM_GET_FILENO, by which the interpreter's own poll() sees the socket."""
        return self.raw.fileno() if request == 10 else -22


def _resolved(address):
    """A (host, port) as the interpreter wants it; what getaddrinfo gave goes through."""
    if _IS_HOST or not isinstance(address, tuple):
        return address
    return _socket.getaddrinfo(address[0], address[1])[0][-1]


def _from(address, host):
    """A wild-card address, (host, port) or as getaddrinfo gave it, becomes that of `host`; others stay."""
    if isinstance(address, tuple):
        return (host, address[1]) if address[0] in ("", "0.0.0.0") else address
    if address[4:8] != b"\0\0\0\0":
        return address
    return bytes(address[:4]) + bytes([int(part) for part in host.split(".")]) + bytes(address[8:])


class socket:  # noqa: N801 - the board's name
    """Passes everything on to `raw`, a socket of the interpreter."""

    def __init__(self, family=AF_INET, kind=SOCK_STREAM, protocol=0, raw=None):
        self.raw = raw or _socket.socket(family, kind, protocol)

    def setblocking(self, on):
        self.raw.settimeout(None if on else 0)

    def accept(self):
        raw, address = self.raw.accept()
        return socket(raw=raw), address

    def __getattr__(self, name):
        return getattr(self.raw, name)
