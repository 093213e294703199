"""A name server that knows one name, with named faults: `silent` (answers nothing), `unknown` (no such name), `lossy` (ignores
the first query of each name), `stranger` (answers with another id)."""

import asyncio
import struct

_FAULTS = (None, "silent", "unknown", "lossy", "stranger")


class FakeNameServer(asyncio.DatagramProtocol):
    """`async with FakeNameServer({"name": "1.2.3.4"}) as server:`; `server.address` is "ip:port"; `asked` lists the names."""

    def __init__(self, names):
        self._names = names
        self._transport = None
        self._fault = None
        self.address = ""
        self.asked = []

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_):
        self._transport.close()

    def fault(self, name):
        if name not in _FAULTS:
            raise ValueError(f"no fault {name!r}")
        self._fault = name

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, peer):
        name = _name(data)
        self.asked.append(name)
        if self._fault == "silent" or (self._fault == "lossy" and self.asked.count(name) == 1):
            return
        address = None if self._fault == "unknown" else self._names.get(name)
        ident = data[:2] if self._fault != "stranger" else bytes((data[0] ^ 1, data[1]))
        head = ident + struct.pack("!HHHHH", 0x8180 if address else 0x8183, 1, 1 if address else 0, 0, 0)
        record = b"" if not address else b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes(map(int, address.split(".")))
        self._transport.sendto(head + data[12:] + record, peer)


def _name(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels)
