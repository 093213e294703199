"""The program under measurement: real MicroPython, one MQTT client behind its adapter, a 10 ms ticker beside it.

    micropython -X heapsize=320k probe.py SPEC.json

The host commands it over a local socket, one JSON object a line, and gets its events back the same way. All times are
`time.ticks_us()`, which on this port is the machine's CLOCK_MONOTONIC, the host's `time.monotonic()`.
"""

import gc
import json
import socket as _socket
import sys
import time
from array import array

_TOPIC = "ils/v1/bench/%s/u1/alarm"
_ALARM_BYTES = 300  # what a unit's alarm with its seal takes, docs/protocol.md
_ACKS_MAX = 512
_PIECE = 25
_GC_BYTES = 20000  # as firmware/app.py sets it; for all clients alike


class CountingSockets:
    """Stands in for the module `socket` and counts the TCP sockets that are made: one for each attempt to connect."""

    def __init__(self):
        self.made = 0

    def __getattr__(self, name):
        return getattr(_socket, name)

    def socket(self, *args):
        if len(args) < 2 or args[1] == _socket.SOCK_STREAM:
            self.made += 1
        return _socket.socket(*args)


def alarm(n):
    """Payload of alarm `n`, of the size of a real one."""
    head = '{"v":1,"type":"alarm","n":%d,"filler":"' % n
    return (head + "." * (_ALARM_BYTES - len(head) - 2) + '"}').encode()


class Log:
    """Pairs of numbers in memory taken at the start, told in small pieces: a growing list would need one large free block."""

    def __init__(self, room):
        self._first = array("q", bytes(8 * room))
        self._second = array("q", bytes(8 * room))
        self._count = 0

    def add(self, first, second):
        if self._count < len(self._first):
            self._first[self._count] = first
            self._second[self._count] = second
            self._count += 1

    def pour(self, tell, event):
        for at in range(0, self._count, _PIECE):
            end = min(at + _PIECE, self._count)
            tell(event=event, pairs=[(self._first[i], self._second[i]) for i in range(at, end)])
        self._count = 0


class Ticker:
    """Wakes every 10 ms and remembers the longest time between two wakes."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.worst_us = 0
        self.ticks = 0
        self._last_us = time.ticks_us()

    async def run(self, sleep_ms):
        while True:
            await sleep_ms(10)
            now_us = time.ticks_us()
            self.worst_us = max(self.worst_us, time.ticks_diff(now_us, self._last_us))
            self._last_us = now_us
            self.ticks += 1


class Probe:
    """What the adapters call: `acked(n)` when the client says that alarm n is delivered, `changed(up)` for the link."""

    def __init__(self, spec, sockets):
        self.spec = spec
        self.sockets = sockets
        self.ticker = Ticker()
        self.topic = _TOPIC % spec["id"]
        self._made_n, self._made = None, None
        self._acks = Log(_ACKS_MAX)
        self._ack_event = None
        self.acked_us = 0
        self._control = None
        self.client = None
        self._up = False

    def payload(self, n):
        """What alarm `n` says; made beforehand when only the client's own time is to count."""
        return self._made if n == self._made_n else alarm(n)

    def tell(self, **event):
        event["at_us"] = time.ticks_us()
        self._control.write(json.dumps(event) + "\n")

    def acked(self, n):
        self.acked_us = time.ticks_us()
        self._acks.add(n, self.acked_us)
        if self._ack_event:
            self._ack_event.set()

    def changed(self, up):
        self._up = bool(up)
        if self._control:
            self.tell(event="link", up=self._up)

    async def run(self):
        import asyncio

        self._ack_event = asyncio.Event()
        raw = _socket.socket()
        raw.connect(_socket.getaddrinfo("127.0.0.1", self.spec["control_port"])[0][-1])
        self._control = raw
        asyncio.create_task(self.ticker.run(asyncio.sleep_ms))
        self.tell(event="ready", id=self.spec["id"])
        if self.spec["client"]:
            self.client = __import__(self.spec["client"]).Client(self)
            asyncio.create_task(self._guard(self.client.run()))
        await self._take_commands(asyncio.StreamReader(raw))

    async def _guard(self, client):
        try:
            await client
        except Exception as error:  # noqa: BLE001 - a client that dies is a result
            sys.print_exception(error)
            self.tell(event="died", why=repr(error))

    async def _take_commands(self, reader):
        while True:
            line = await reader.readline()
            if not line:
                return
            command = json.loads(line)
            await getattr(self, "do_" + command.pop("do"))(**command)

    async def do_reset(self):
        self.ticker.reset()
        self.sockets.made = 0
        self.tell(event="reset")

    async def do_report(self):
        counters = getattr(self.client, "counters", dict)()
        self._acks.pour(self.tell, "acks")
        self.tell(
            event="report",
            worst_us=self.ticker.worst_us,
            ticks=self.ticker.ticks,
            sockets=self.sockets.made,
            counters=counters,
        )

    async def do_raise_alarms(self, first, count):
        at_us = time.ticks_us()
        for n in range(first, first + count):
            self.client.raise_alarm(n)
        self.tell(event="raised", first=first, raised_us=at_us)

    async def do_traffic(self, count, every_ms):
        """`count` alarms, one each `every_ms`, without waiting for them."""
        import asyncio

        for n in range(count):
            self.client.raise_alarm(1_000_000 + n)
            await asyncio.sleep_ms(every_ms)
        self.tell(event="traffic")

    async def do_round_trips(self, count, block, heard):
        """Publish to PUBACK, one at a time, in blocks, each after a block of a raw asyncio socket: the same noise for both.

        `heard`: on a topic that the bench's service subscribes to, so that the broker forwards each.
        """
        import raw_socket

        topic, self.topic = self.topic, self.topic if heard else self.topic + "/unheard"
        raw, raw_us, trips = raw_socket.Raw(self.spec, self.topic), array("q", bytes(8 * count)), Log(count)
        await raw.open()
        for first in range(0, count, block):
            for n in range(first, min(first + block, count)):
                raw_us[n] = await raw.publish(n + 1, alarm(n))
            for n in range(first, min(first + block, count)):
                trips.add(raw_us[n], await self.one_round_trip(2_000_000 + n))
        self.topic = topic
        trips.pour(self.tell, "trips")
        self.tell(event="round_trips")

    async def count(self, publishes):
        """No host, no ticker: connect, publish one at a time, end. For counting instructions."""
        import asyncio

        self._ack_event = asyncio.Event()
        self.client = __import__(self.spec["client"]).Client(self)
        asyncio.create_task(self.client.run())
        while not self._up:
            await asyncio.sleep_ms(10)
        one = getattr(self.client, "publish", self.one_round_trip)  # the raw socket waits by itself
        for n in range(publishes):
            await one(n)

    async def one_round_trip(self, n):
        self._ack_event.clear()
        self._made_n, self._made = n, alarm(n)
        begun_us = time.ticks_us()
        self.client.raise_alarm(n)
        await self._ack_event.wait()
        return time.ticks_diff(self.acked_us, begun_us)


def main():
    gc.threshold(_GC_BYTES)
    with open(sys.argv[1]) as file:
        spec = json.load(file)
    sys.path[:] = spec["path"] + sys.path
    sockets = CountingSockets()
    sys.modules["socket"] = sys.modules["usocket"] = sockets
    probe = Probe(spec, sockets)
    import asyncio

    asyncio.run(probe.count(spec["count"]) if "count" in spec else probe.run())


main()
