"""A scripted MQTT 3.1.1 broker with named faults, for tests of a client. It routes nothing; it answers, records and misbehaves.

| fault | what it does |
|---|---|
| `session_present` | CONNACK says so although the client asked for a clean session |
| `refuse_login` | CONNACK code 5, then hangs up |
| `no_connack`, `no_puback`, `no_pong` | that answer never comes |
| `late_puback` | PUBACK comes `delay_s` late |
| `lose_pubacks` | the next `count` PUBACKs are not sent |
| `together` | PUBACKs are kept back until `count` of them go out in one write |
| `dribble` | every answer goes out byte by byte |

`say(data)` writes raw bytes to the newest client, whatever they mean.
"""

import asyncio
import contextlib
import struct
from dataclasses import dataclass

_FAULTS = {
    "session_present", "refuse_login", "no_connack", "no_puback", "no_pong", "late_puback", "lose_pubacks", "together", "dribble",
}  # fmt: skip
_BYTE_S = 0.002  # between two bytes that dribble


@dataclass(frozen=True)
class Published:
    """One PUBLISH as it came. `connection`: 1 for the first client."""

    connection: int
    topic: str
    payload: bytes
    pid: int
    again: bool
    retain: bool


class FakeBroker:
    """`async with FakeBroker() as broker:` listens on `broker.port`."""

    def __init__(self):
        self.port = 0
        self.connections = 0
        self.keepalives_s = []  # of each CONNECT
        self.pings = []  # connection of each ping
        self.published = []
        self.subscribed = []
        self.confirmed = []  # packet ids of the client's own PUBACKs
        self.broken = []  # what a client sent that MQTT forbids
        self._fault = None
        self._left = 0
        self._delay_s = 0.0
        self._kept = []
        self._writers = []
        self._server = None

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.sleep(0)

    def fault(self, name, count=1, delay_s=0.0):
        """Misbehaves as the table says; None: no more."""
        if name is not None and name not in _FAULTS:
            raise ValueError(f"no fault {name!r}: one of {', '.join(sorted(_FAULTS))}")
        self._fault, self._left, self._delay_s = name, count, delay_s

    def say(self, data):
        self._writers[-1].write(data)

    def publish(self, topic, payload, pid=None):
        """Sends a message to the newest client, with QoS 1 if `pid` is given."""
        body = _text(topic) + (struct.pack("!H", pid) if pid else b"") + payload
        self.say(bytes((0x32 if pid else 0x30,)) + _length(len(body)) + body)

    def hang_up(self):
        self._writers[-1].close()

    async def _serve(self, reader, writer):
        self.connections += 1
        number = self.connections
        self._writers.append(writer)
        try:
            while True:
                first, body = await _packet(reader)
                await self._take(number, writer, first, body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except (ValueError, IndexError, struct.error, UnicodeDecodeError) as error:
            self.broken.append(str(error))
        finally:
            with contextlib.suppress(ConnectionError):
                writer.close()

    async def _take(self, number, writer, first, body):
        if first == 0x10:
            await self._connect(writer, body)
        elif first & 0xF0 == 0x30:
            await self._published(number, writer, first, body)
        elif first == 0x82:
            await self._subscribe(writer, body)
        elif first == 0xC0:
            self.pings.append(number)
            if self._fault != "no_pong":
                await self._answer(writer, b"\xd0\0")
        elif first == 0x40:
            self.confirmed.append(struct.unpack("!H", body)[0])
        elif first != 0xE0:
            raise ValueError(f"packet 0x{first:02x}")

    async def _connect(self, writer, body):
        if body[:7] != b"\0\4MQTT\4":
            raise ValueError("CONNECT is not MQTT 3.1.1")
        self.keepalives_s.append(struct.unpack("!H", body[8:10])[0])
        if self._fault == "no_connack":
            return
        refused = self._fault == "refuse_login"
        await self._answer(writer, bytes((0x20, 2, self._fault == "session_present", 5 if refused else 0)))
        if refused:
            writer.close()

    async def _subscribe(self, writer, body):
        pid, length = struct.unpack("!HH", body[:4])
        if len(body) != 5 + length or body[-1] != 1:
            raise ValueError("SUBSCRIBE of wrong length or QoS")
        self.subscribed.append(body[4 : 4 + length].decode())
        await self._answer(writer, struct.pack("!BBHB", 0x90, 3, pid, 1))

    async def _published(self, number, writer, first, body):
        length = struct.unpack("!H", body[:2])[0]
        pid = struct.unpack("!H", body[2 + length : 4 + length])[0]
        if first & 6 != 2 or not pid:
            raise ValueError("PUBLISH without QoS 1 or with packet id 0")
        topic, payload = body[2 : 2 + length].decode(), body[4 + length :]
        self.published.append(Published(number, topic, payload, pid, bool(first & 8), bool(first & 1)))
        await self._puback(writer, struct.pack("!BBH", 0x40, 2, pid))

    async def _puback(self, writer, packet):
        if self._fault == "no_puback":
            return
        if self._fault == "lose_pubacks" and self._left:
            self._left -= 1
            return
        if self._fault == "late_puback":
            asyncio.get_running_loop().call_later(self._delay_s, writer.write, packet)
            return
        if self._fault == "together":
            self._kept.append(packet)
            if len(self._kept) < self._left:
                return
            packet, self._kept = b"".join(self._kept), []
        await self._answer(writer, packet)

    async def _answer(self, writer, packet):
        if self._fault != "dribble":
            writer.write(packet)
            return
        for i in range(len(packet)):
            writer.write(packet[i : i + 1])
            await writer.drain()
            await asyncio.sleep(_BYTE_S)


async def _packet(reader):
    first = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            return first, await reader.readexactly(length)
        if shift > 21:
            raise ValueError("remaining length of more than 4 bytes")


def _text(text):
    return struct.pack("!H", len(text.encode())) + text.encode()


def _length(size):
    return bytes((size,)) if size < 128 else bytes((size & 127 | 128, size >> 7))
