"""Sockets with the ESP32's blocking semantics, for code that blocks (umqtt.simple by itself, other MQTT clients): both runtimes.

The one difference that bites: `setblocking(True)` means *no timeout* on the ESP32, where the unix port keeps the one that
was set. Not installed by itself, as asyncio and TLS need the interpreter's own sockets and the unit's link never blocks:
`sys.modules["socket"] = esp32_socket`, or `umqtt.simple.socket = esp32_socket`. Source: ports/esp32/modsocket.c.
"""

import socket as _socket

AF_INET = _socket.AF_INET
SOCK_STREAM = _socket.SOCK_STREAM
SOCK_DGRAM = _socket.SOCK_DGRAM
SOL_SOCKET = _socket.SOL_SOCKET
SO_REUSEADDR = _socket.SO_REUSEADDR
getaddrinfo = _socket.getaddrinfo


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
