"""`socket` on the virtual board: the interpreter's own, but UDP sockets behave as the ESP32's (standins/esp32_socket.py).
With several bearers a TCP socket has the address of its bearer (standins/routes.py).

The former are loaded for the first one: a unit that only calls has none.
"""

import socket as _socket
import sys

_world = None
_several = False
_make = None


def set_up(world):
    global _world, _several
    _world = world
    _several = hasattr(world, "routed")


def socket(family=_socket.AF_INET, kind=_socket.SOCK_STREAM, protocol=0):
    if kind != _socket.SOCK_DGRAM:
        made = _socket.socket(family, kind, protocol)
        return _world.routed(made) if _several else made
    return (_make or _load())(family, kind, protocol)


def _load():
    global _make
    ours = sys.modules["socket"]
    sys.modules["socket"] = _socket  # what it stands on
    import esp32_socket

    sys.modules["socket"] = ours
    esp32_socket.fault = _world.udp_fault
    if _several:
        esp32_socket.world = _world
    _make = esp32_socket.Datagram
    return _make


def __getattr__(name):
    return getattr(_socket, name)
