"""A UDP relay with the faults of a network: stands between two ends of a media session on loopback. Seeded.

`async with UdpRelay(target, seed=1) as relay:` listens on `relay.port`; what comes from anybody there goes to `target`
("host", port) from a socket of the relay's own, what the target answers goes back to who spoke last. Each end sees one peer
with one address, so a `connect()`ed socket takes it. The weather is set by attributes, at any time, for both ways:

| attribute | what happens |
|---|---|
| `loss_pct` | so many of a hundred datagrams vanish |
| `jitter_ms` | each is late by an exponentially distributed time of this mean; they overtake each other as their times fall |
| `delay_ms` | each is late by this, before any jitter |
| `duplicate_pct` | so many of a hundred go through twice |
| `reorder_pct` | so many of a hundred wait until the next one has gone, at most 100 ms |
| `held` | nothing goes through, `release()` sends all of it at once: a hold of the network |
| `swallowing` | nothing goes through and nothing is kept |

`forge(way, count)` sends altered copies of the last datagram that went `way` ("up": to the target, "down": from it);
`flood(way, per_s, seconds, make)` sends `make(i)` so often. Both come from where the peer comes from.
"""

import asyncio
import random
import socket

from tools.vboard.errors import BoardError

WAYS = ("up", "down")
_REORDER_S = 0.1
_FLOOD_STEP_S = 0.005
_BUFFER_BYTES = 1 << 20


class UdpRelay:
    """Counters, by way: `passed`, `lost`, `duplicated`, `reordered`, `forged`. All methods belong to one event loop."""

    def __init__(self, target, port=0, seed=1):
        self.target = target
        self.port = port
        self.loss_pct = self.jitter_ms = self.delay_ms = self.duplicate_pct = self.reorder_pct = 0
        self.held = self.swallowing = False
        self.passed, self.lost = dict.fromkeys(WAYS, 0), dict.fromkeys(WAYS, 0)
        self.duplicated, self.reordered, self.forged = (dict.fromkeys(WAYS, 0) for _ in range(3))
        self.last = dict.fromkeys(WAYS)
        self._chance = random.Random(seed)
        self._waiting = []
        self._late = {"up": None, "down": None}
        self._client = None
        self._front = self._back = None
        self._timers = set()

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        self._front, self._back = self._bound(self.port), self._bound(0)
        self.port = self._front.getsockname()[1]
        loop.add_reader(self._front, self._from_front)
        loop.add_reader(self._back, self._from_back)
        return self

    async def __aexit__(self, *_):
        loop = asyncio.get_running_loop()
        for timer in self._timers:
            timer.cancel()
        for end in (self._front, self._back):
            loop.remove_reader(end)
            end.close()

    @property
    def back_port(self):
        """The port from which the target hears."""
        return self._back.getsockname()[1]

    @staticmethod
    def _bound(port):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        made.bind(("127.0.0.1", port))
        return made

    def _from_front(self):
        self._take(self._front, "up")

    def _from_back(self):
        self._take(self._back, "down")

    def _take(self, end, way):
        while True:
            try:
                data, sender = end.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP message about what we sent: the other end does not listen yet
            if way == "up":
                self._client = sender
            elif sender != self.target:
                continue
            self.last[way] = data
            self._forward(data, way)

    def _forward(self, data, way):
        if self.swallowing or self._hits(self.loss_pct):
            self.lost[way] += 1
            return
        if self.held:
            self._waiting.append((data, way))
            return
        copies = 1
        if self._hits(self.duplicate_pct):
            self.duplicated[way] += 1
            copies = 2
        for _ in range(copies):
            late_ms = self.delay_ms + (self._chance.expovariate(1 / self.jitter_ms) if self.jitter_ms else 0)
            if late_ms:
                self._at(late_ms / 1000, data, way)
            else:
                self._order(data, way)

    def _hits(self, pct):
        return self._chance.random() * 100 < pct

    def _order(self, data, way):
        """Sends `data`, and then what waited for it; or lets it wait itself."""
        if self._late[way] is None and self._hits(self.reorder_pct):
            self.reordered[way] += 1
            self._late[way] = data
            timer = asyncio.get_running_loop().call_later(_REORDER_S, self._overtaken, way, data)
            self._timers.add(timer)
            return
        self._send(data, way)
        self._overtaken(way, self._late[way])

    def _overtaken(self, way, data):
        if data is not None and self._late[way] is data:
            self._late[way] = None
            self._send(data, way)

    def _at(self, seconds, data, way):
        timer = asyncio.get_running_loop().call_later(seconds, self._due, data, way)
        self._timers.add(timer)
        if len(self._timers) > 1000:
            now = asyncio.get_running_loop().time()
            self._timers = {timer for timer in self._timers if timer.when() > now and not timer.cancelled()}

    def _due(self, data, way):
        if self.held:
            self._waiting.append((data, way))
        elif not self.swallowing:
            self._order(data, way)

    def _send(self, data, way):
        try:
            if way == "up":
                self._back.sendto(data, self.target)
            elif self._client is not None:
                self._front.sendto(data, self._client)
            else:
                return
            self.passed[way] += 1
        except OSError:
            self.lost[way] += 1  # the other end is not there, or the kernel's buffer is full

    def release(self):
        """Ends `held`: all that waited leaves at once, in the order it came."""
        self.held = False
        waiting, self._waiting = self._waiting, []
        for data, way in waiting:
            self._send(data, way)

    def forge(self, way, count=1):
        """Sends `count` copies of the last datagram that went `way`, each with one byte altered anywhere or cut short.

        Raises BoardError if none went that way yet.
        """
        if self.last[way] is None:
            raise BoardError(f"no datagram went {way} yet")
        for _ in range(count):
            self._forge_one(self.altered(self.last[way]), way)

    def _forge_one(self, data, way):
        before = self.passed[way]
        self._send(data, way)
        self.forged[way] += self.passed[way] - before
        self.passed[way] = before

    def altered(self, data):
        """`data` with one byte changed, or in one of five cases cut short."""
        made = bytearray(data)
        if self._chance.random() < 0.2:
            return bytes(made[: self._chance.randrange(len(made))])
        made[self._chance.randrange(len(made))] ^= self._chance.randrange(1, 256)
        return bytes(made)

    async def flood(self, way, per_s, seconds, make=None):
        """Sends `per_s` datagrams a second for `seconds`; `make(i)` gives each, else altered copies of the last lawful one."""
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), 0
        while loop.time() - began < seconds:
            wanted = int((loop.time() - began) * per_s)
            while sent < wanted:
                data = make(sent) if make else self.altered(self.last[way] or b"\x80\x08" + bytes(180))
                self._forge_one(data, way)
                sent += 1
            await asyncio.sleep(_FLOOD_STEP_S)
        return sent
