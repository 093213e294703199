"""Where the desk's sound comes and goes: the configuration's `media`. Format: docs/desk-api.md."""

import ipaddress
from dataclasses import dataclass

from ..fields import boolean, integer


@dataclass(frozen=True)
class Media:
    """`address`: IPv4 address that flats are told; `bind`: local one; `ports`: (lowest, highest), (0, 0) for any free one."""

    address: str = "127.0.0.1"
    bind: str = "127.0.0.1"
    ports: tuple = (0, 0)
    plain_rtp: bool = False


def read_media(raw):
    """Media of the object `raw`. Raises ValueError that begins with the field's name."""
    address = _address(raw.get("address", "127.0.0.1"), "address", False)
    ports = raw.get("ports", [0, 0])
    port = integer(1024, 65535)
    if ports != [0, 0] and not (type(ports) is list and len(ports) == 2 and all(map(port, ports)) and ports[0] <= ports[1]):
        raise ValueError(f"ports: [lowest, highest] of 1024 to 65535 wanted, got {ports!r}")
    plain_rtp = raw.get("plain_rtp", False)
    if not boolean(plain_rtp):
        raise ValueError(f"plain_rtp: true or false wanted, got {plain_rtp!r}")
    return Media(address, _address(raw.get("bind", address), "bind", True), tuple(ports), plain_rtp)


def _address(value, name, may_be_any):
    try:
        address = ipaddress.IPv4Address(value if type(value) is str else "")
    except ValueError:
        raise ValueError(f"{name}: an IPv4 address wanted, got {value!r}") from None
    if address.is_multicast or (address.is_unspecified and not may_be_any):
        raise ValueError(f"{name}: the address of one host wanted, got {value!r}")
    return str(address)
