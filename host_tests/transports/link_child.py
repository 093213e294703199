"""Runs in MicroPython: one Link, driven from outside by JSON lines over a local socket. Started by link_process.py.

The first line is the link's config (`ca` as hexadecimal digits). Then commands: {"do": "send", "key", "topic", "payload",
"urgent"}, {"do": "confirm", "key"}, {"do": "health"}, {"do": "gap"}, {"do": "idle", "ms"}, {"do": "block", "ms"},
{"do": "bearer", "up"}, {"do": "suspect"}, {"do": "pace", "calm"}, {"do": "pid", "value"}. Every event goes back as a line
with the board's `ms`.
"""

import asyncio
import binascii
import gc
import json
import random
import sys
import time

sys.path[:] = sys.argv[2].split(":")

from firmware.transports.link import Link  # noqa: E402 - the path comes first

_TICK_MS = 10


def now():
    return time.ticks_ms() & (2**30 - 1)


class Bearer:
    is_up = True

    def up(self):
        return self.is_up

    def dns_server(self):
        return None


class Child:
    def __init__(self, stream):
        self.stream = stream
        self.bearer = Bearer()
        self.gap_us = 0
        self.link = None

    def tell(self, event, **fields):
        fields["event"] = event
        fields["ms"] = now()
        self.stream.s.write(json.dumps(fields).encode() + b"\n")

    def hello(self, number):
        will = json.dumps({"online": False, "conn": number}).encode()
        return self.state, will, [(self.state, json.dumps({"online": True, "conn": number}).encode(), True)]

    async def ticker(self):
        last_us = time.ticks_us()
        while True:
            await asyncio.sleep_ms(_TICK_MS)
            this_us = time.ticks_us()
            self.gap_us = max(self.gap_us, time.ticks_diff(this_us, last_us))
            last_us = this_us

    async def serve(self):
        config = json.loads(await self.stream.readline())
        if config.get("ca"):
            config["ca"] = binascii.unhexlify(config["ca"])
        self.state = config.pop("state", "test/state")
        library = None
        if config.get("library"):
            library = __import__(config["library"], None, None, ("",))
        self.link = Link(config, self.message, self.change, self.hello, now, random.randrange, self.bearer, library)
        self.link.on_ack(lambda key: self.tell("ack", key=key))
        tasks = [asyncio.create_task(self.link.run()), asyncio.create_task(self.ticker())]
        self.tell("started")
        while True:
            try:
                line = await self.stream.readline()
            except OSError:  # the test has gone without a word
                line = b""
            if not line:
                break
            command = json.loads(line)
            await getattr(self, "do_" + command.pop("do"))(**command)
        for task in tasks:
            task.cancel()
        await asyncio.sleep_ms(0)

    def message(self, topic, payload):
        self.tell("message", topic=topic, payload=payload.decode())

    def change(self, online):
        self.tell("online", value=online, error=self.link.last_error)

    async def do_send(self, key, topic, payload, urgent=True, count=1):
        for i in range(count):
            self.link.send(key % i if "%" in key else key, topic, (payload % i if "%" in payload else payload).encode(), urgent)

    async def do_confirm(self, key):
        self.link.confirm(key)

    async def do_health(self):
        self.tell("health", counters=self.link.health(), error=self.link.last_error, beat=self.link.beat, online=self.link.online)

    async def do_gap(self):
        self.tell("gap", gap_ms=self.gap_us / 1000)
        self.gap_us = 0

    async def do_idle(self, ms):
        """Bytes allocated while nothing happens: the collector is off meanwhile."""
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        await asyncio.sleep_ms(ms)
        used = gc.mem_alloc() - before
        gc.enable()
        self.tell("idle", bytes=used, free=gc.mem_free())

    async def do_block(self, ms):
        time.sleep_ms(ms)

    async def do_bearer(self, up):
        self.bearer.is_up = up

    async def do_suspect(self):
        self.link.suspect()

    async def do_pace(self, calm):
        self.tell("paced", done=self.link.pace(calm))

    async def do_pid(self, value):
        self.link._traffic.outbox._pid = value

    async def do_publish_times(self, topic, payload, count):
        """Microseconds from send to PUBACK, one after the other."""
        link = self.link
        done = asyncio.Event()
        link.on_ack(lambda key: done.set())
        times = []
        for _ in range(count):
            begun = time.ticks_us()
            link.send("t", topic, payload.encode(), True)
            await done.wait()
            times.append(time.ticks_diff(time.ticks_us(), begun))
            done.clear()
        link.on_ack(lambda key: self.tell("ack", key=key))
        self.tell("times", us=times)


async def main():
    reader, _ = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    await Child(reader).serve()


asyncio.run(main())
