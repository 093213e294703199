"""`socket` on the virtual board: the interpreter's own, but UDP sockets behave as the ESP32's (standins/esp32_socket.py)."""

import socket as _socket

from esp32_socket import Datagram

SOCK_STREAM = _socket.SOCK_STREAM

for _name in dir(_socket):
    if not _name.startswith("__"):
        globals()[_name] = getattr(_socket, _name)


def socket(family=_socket.AF_INET, kind=SOCK_STREAM, protocol=0):
    make = Datagram if kind == _socket.SOCK_DGRAM else _socket.socket
    return make(family, kind, protocol)
