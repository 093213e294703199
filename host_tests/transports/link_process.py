"""Starts a Link in a real MicroPython process (link_child.py) and talks to it: for tests on CPython."""

import asyncio
import contextlib
import json
import time

from firmware.transports import bounds
from host_tests.run_micropython import ROOT, interpreter
from tools.vboard.child_process import CODE_HEAP

_PATH = [ROOT / "tools/vboard/standins", ROOT, ".frozen", ROOT / "lib"]
TIGHT = bounds.TIGHTEST


def config(*ports, tls=None, host="127.0.0.1", **more):
    """A link's config for brokers on `ports` of the loopback; `tls`: the Pki whose CA and name the link is to trust."""
    name = tls.server_name if tls else "broker"
    brokers = [{"host": host, "port": port, "server_name": name, "tls": bool(tls)} for port in ports]
    ca = tls.ca_der.read_bytes().hex() if tls else None
    login = {"client_id": "u1", "user": None, "password": None}
    return {**login, "brokers": brokers, "ca": ca, "dns": None, "subscribe": ["t/down"], **more}


class LinkProcess:
    """`async with LinkProcess(config) as link:`; `events`: all so far, each with `at`, this clock's seconds of arrival."""

    def __init__(self, config, heap=CODE_HEAP):
        self._config = config
        self._heap = heap
        self.events = []
        self._news = asyncio.Event()
        self._writer = None

    async def __aenter__(self):
        connected = asyncio.Event()

        async def accept(reader, writer):
            self._writer = writer
            connected.set()
            await self._listen(reader)

        self._server = await asyncio.start_server(accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        arguments = ["-X", "heapsize=" + self._heap, str(ROOT / "host_tests/transports/link_child.py"), str(port)]
        pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT, "stdin": asyncio.subprocess.DEVNULL}
        path = ":".join(str(item) for item in _PATH)
        self._process = await asyncio.create_subprocess_exec(interpreter(), *arguments, path, **pipes)
        self._output = asyncio.create_task(self._process.stdout.read())
        try:
            await asyncio.wait_for(connected.wait(), 10)
            self.tell(**self._config)
            await self.wait(lambda event: event["event"] == "started", 10)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_):
        if self._writer:
            self._writer.close()
        try:
            await asyncio.wait_for(self._process.wait(), 3)
        except asyncio.TimeoutError:
            self._process.kill()
        self.output = (await self._output).decode(errors="replace")
        self._server.close()

    async def _listen(self, reader):
        with contextlib.suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                self.events.append({**json.loads(line), "at": time.monotonic()})
                self._news.set()

    def kill(self):
        """Ends it in the middle of whatever it does; the broker has its will to publish."""
        self._process.kill()

    def tell(self, **command):
        self._writer.write(json.dumps(command).encode() + b"\n")

    def send(self, key, topic, payload="x", urgent=True, **more):
        self.tell(do="send", key=key, topic=topic, payload=payload, urgent=urgent, **more)

    async def wait(self, wanted, within_s, start=0):
        """The first event from index `start` for which `wanted(event)`; TimeoutError with what happened otherwise."""
        deadline = time.monotonic() + within_s
        at = start
        while True:
            for event in self.events[at:]:
                if wanted(event):
                    return event
            at = len(self.events)
            self._news.clear()
            left_s = deadline - time.monotonic()
            try:
                await asyncio.wait_for(self._news.wait(), left_s)
            except asyncio.TimeoutError:
                raise TimeoutError(f"not within {within_s} s; events: {self.events[-12:]}") from None

    async def online(self, value=True, within_s=10, start=0):
        return await self.wait(lambda e: e["event"] == "online" and e["value"] is value, within_s, start)

    async def acked(self, key, within_s=10, start=0):
        return await self.wait(lambda e: e["event"] == "ack" and e["key"] == key, within_s, start)

    async def ask(self, do, answer=None, within_s=30, **fields):
        """Sends a command and waits for the event that answers it."""
        start = len(self.events)
        self.tell(do=do, **fields)
        return await self.wait(lambda e: e["event"] == (answer or do), within_s, start)
