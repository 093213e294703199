"""A TCP relay with the faults of a network: stands between a unit (or any client) and a broker, on loopback.

`async with Relay(0, broker_port) as relay:` listens on `relay.port`; `relay.mode(...)` changes the weather at once:

| mode | what happens |
|---|---|
| `pass` | bytes go through, each way `delay_ms` late (0 ... 60,000); later bytes do not wait for earlier ones' travel |
| `freeze` | bytes are swallowed, the ends are not told; new connections are accepted and stay dead. One that lost bytes never
  recovers, as when a router forgot it. `way="up"` or `"down"` freezes one direction |
| `forget` | connections that exist swallow bytes for good, new ones work: a router has forgotten them, a half-open link
| `hold` | bytes wait, new connections too; all is delivered when the mode changes: a blackout that TCP survives |
| `refuse` | nobody listens; existing connections are reset: the broker's machine is up and the broker down |
| `reset` | existing connections are reset; then as `pass` |
| `hang` | connecting takes for ever (no answer to SYN); existing connections freeze: the machine is gone |

A unit with several bearers has another address on each. `kill(host)` swallows what comes from there and goes there, of
connections that exist for good, as `forget` does; `revive(host)` lets new ones work. `abandon(host)` resets the client's end of
each: its interface has lost its address. The far end learns nothing and is left with a dead connection.
"""

import asyncio
import contextlib
import socket
import struct

from tools import ending
from tools.vboard.errors import BoardError

MODES = ("pass", "freeze", "forget", "hold", "refuse", "reset", "hang")
_CHUNK_BYTES = 65536
_QUEUED_CHUNKS = 64  # per direction; beyond that the sender feels the narrow pipe, as with a full TCP window
_MAX_DELAY_MS = 60_000
_BACKLOG = 128
_FILLERS = 4  # connections that fill a backlog of 0 on Linux, with a margin
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close sends RST


class Relay:
    """Counters: `connections`, `bytes_up`, `bytes_down`, `swallowed_bytes`. All methods belong to one event loop.

    `carrying`: host of the newest living connection that has carried bytes; `on_carrying()` is called when that changes.
    `tap`: None, or called with (connection, "up" or "down", bytes) as they come in, before any delay; also if they are lost then.
    """

    def __init__(self, listen_port, target_port, target_host="127.0.0.1"):
        self.port = listen_port
        self.target = (target_host, target_port)
        self.current = "pass"
        self.delay_s = 0.0
        self.frozen_ways = frozenset()
        self.connections = self.bytes_up = self.bytes_down = self.swallowed_bytes = 0
        self.tap = None
        self.carrying = self.on_carrying = None
        self._dead_hosts = set()
        self._dangling = set()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self._listener = None
        self._accepting = None
        self._links = set()
        self._fillers = []

    async def __aenter__(self):
        self._listen()
        return self

    async def __aexit__(self, *_):
        await self.close()

    def mode(self, name, delay_ms=None, way="both"):
        """Takes effect before it returns. Raises BoardError for an unknown mode, way or a delay out of range."""
        if name not in MODES:
            raise BoardError(f"relay mode {name!r}: one of {', '.join(MODES)} wanted")
        if way not in ("up", "down", "both"):
            raise BoardError(f"relay way {way!r}: up, down or both wanted")
        if delay_ms is not None and not 0 <= delay_ms <= _MAX_DELAY_MS:
            raise BoardError(f"relay delay {delay_ms!r} ms: 0 to {_MAX_DELAY_MS} wanted")
        if delay_ms is not None or name == "pass":
            self.delay_s = (delay_ms or 0) / 1000
        self.current = name
        frozen = name in ("freeze", "hang")
        self.frozen_ways = frozenset(("up", "down") if way == "both" else (way,)) if frozen else frozenset()
        if name in ("refuse", "reset"):
            for link in list(self._links):
                link.reset()
        if name == "forget":
            for link in self._links:
                link.forget()
        if name == "hold":
            self.flowing.clear()
        else:
            self.flowing.set()
        self._set_door("shut" if name == "refuse" else "stuck" if name == "hang" else "open")

    def kill(self, host):
        self._dead_hosts.add(host)
        for link in self._of(host):
            link.forget()
        self.look_who_carries()

    def revive(self, host):
        self._dead_hosts.discard(host)

    def abandon(self, host):
        for link in self._of(host):
            server = link.leave()
            if server is not None:
                task = asyncio.ensure_future(_dangle(link.ended, server))
                self._dangling.add(task)
                task.add_done_callback(self._dangling.discard)
        self.look_who_carries()

    def is_dead(self, host):
        return host in self._dead_hosts

    def _of(self, host):
        return [link for link in self._links if link.host == host]

    def look_who_carries(self):
        living = [link for link in self._links if link.carries]
        newest = max(living, key=lambda link: link.number).host if living else None
        if newest != self.carrying:
            self.carrying = newest
            if self.on_carrying is not None:
                self.on_carrying()

    async def close(self):
        self._set_door("shut")
        links = list(self._links)
        for link in links:
            link.reset()
        await ending.end([*(link.ended for link in links), *self._dangling])

    # The door: the listening socket.

    def _set_door(self, wanted):
        if wanted == "stuck":
            self._listen()
            self._stop_accepting()
            self._listener.listen(0)
            self._fill()
            return
        for filler in self._fillers:
            filler.close()
        if wanted == "shut":
            self._stop_accepting()
            if self._listener is not None:
                self._listener.close()
                self._listener = None
        else:
            self._listen()

    def _listen(self):
        if self._listener is None:
            self._listener = socket.socket()
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.setblocking(False)
            self._listener.bind(("127.0.0.1", self.port))
            self.port = self._listener.getsockname()[1]
        self._listener.listen(_BACKLOG)
        if self._accepting is None:
            self._accepting = asyncio.ensure_future(self._accept(self._listener))

    def _stop_accepting(self):
        if self._accepting is not None:
            self._accepting.cancel()
            self._accepting = None

    def _fill(self):
        """Fills the accept queue with our own connections, so that the kernel ignores further SYNs."""
        self._fillers = [socket.socket() for _ in range(_FILLERS)]
        for filler in self._fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))

    async def _accept(self, listener):
        loop = asyncio.get_running_loop()
        while True:
            client, address = await loop.sock_accept(listener)
            if address[1] in self._filler_ports():
                client.close()
                continue
            self.connections += 1
            link = _Link(self, address[0], self.connections)
            self._links.add(link)
            link.ended = asyncio.ensure_future(link.run(client))
            link.ended.add_done_callback(lambda _, link=link: self._gone(link))

    def _gone(self, link):
        self._links.discard(link)
        self.look_who_carries()

    def _filler_ports(self):
        return {filler.getsockname()[1] for filler in self._fillers if filler.fileno() >= 0}


class _Link:
    """One connection through the relay: two pumps, each a reader and a writer with a queue of (due, bytes) between."""

    def __init__(self, relay, host, number):
        self._relay = relay
        self.host, self.number = host, number
        self._sockets = []
        self._dead = set()  # directions that lost bytes
        self._has_carried = False
        self.ended = None

    @property
    def carries(self):
        """It has brought bytes down from the target, and lost none."""
        return self._has_carried and not self._dead and bool(self._sockets)

    def reset(self):
        """RST to both ends, at once."""
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.close()
        if self.ended is not None:
            self.ended.cancel()

    def forget(self):
        """Both directions swallow bytes from now on, whatever the mode."""
        self._dead.update(("up", "down"))

    def leave(self):
        """RST to the client alone; the target's socket if there was one: it is the caller's now."""
        server = self._sockets.pop() if len(self._sockets) == 2 else None
        self.forget()
        self.reset()
        return server

    async def run(self, client):
        loop = asyncio.get_running_loop()
        self._sockets.append(client)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pumps = []
        try:
            if self._relay.frozen_ways or self._relay.is_dead(self.host):
                self._dead.update(("up", "down"))  # born dead: nobody is there who would know of it later
                await self._swallow(client)
                return
            server = socket.socket()
            server.setblocking(False)
            self._sockets.append(server)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._relay.flowing.wait()
            await loop.sock_connect(server, self._relay.target)
            both = self._pump(client, server, "up"), self._pump(server, client, "down")
            pumps = [asyncio.ensure_future(pump) for pump in both]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_EXCEPTION)
        except OSError:
            pass  # refused or reset by an end: the other end is told below
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for end in self._sockets:
                end.close()

    async def _swallow(self, source):
        loop = asyncio.get_running_loop()
        while True:
            data = await loop.sock_recv(source, _CHUNK_BYTES)
            if not data:
                return
            self._relay.swallowed_bytes += len(data)

    async def _pump(self, source, sink, way):
        queue = asyncio.Queue(_QUEUED_CHUNKS)
        writer = asyncio.ensure_future(self._write(queue, sink, way))
        loop = asyncio.get_running_loop()
        try:
            while True:
                data = await loop.sock_recv(source, _CHUNK_BYTES)
                if self._relay.tap is not None:
                    self._relay.tap(self, way, data)
                if way in self._dead or way in self._relay.frozen_ways:
                    self._lose(way, data)
                    if not data:
                        await asyncio.Event().wait()  # the far end must not learn that this one has closed
                    continue
                await queue.put((loop.time() + self._relay.delay_s, data))
                if not data:
                    await writer
                    return
        finally:
            writer.cancel()

    def _lose(self, way, data):
        self._dead.add(way)
        self._relay.swallowed_bytes += len(data)

    async def _write(self, queue, sink, way):
        loop = asyncio.get_running_loop()
        while True:
            due, data = await queue.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            await self._relay.flowing.wait()
            if way in self._dead or way in self._relay.frozen_ways:
                self._lose(way, data)
                if not data:
                    await asyncio.Event().wait()
            elif data:
                await loop.sock_sendall(sink, data)
                self._count(way, len(data))
                if way == "down" and not self._has_carried:
                    self._has_carried = True
                    self._relay.look_who_carries()
            else:
                sink.shutdown(socket.SHUT_WR)
                return

    def _count(self, way, size):
        if way == "up":
            self._relay.bytes_up += size
        else:
            self._relay.bytes_down += size


async def _dangle(ended, server):
    """Keeps a connection to the target that nobody is behind any more, until the target ends it."""
    loop = asyncio.get_running_loop()
    try:
        await asyncio.wait((ended,))
        while await loop.sock_recv(server, _CHUNK_BYTES):
            pass
    except OSError:
        pass
    finally:
        server.close()
