"""Starts a measured program (device/probe.py under real MicroPython), commands it and takes its events."""

import asyncio
import json
import time

from tools import child

_READY_S = 15.0
_UP_S = 6.0
_HEAP = "320k"


class ProbeError(Exception):
    """The measured program did not do what it was told; the text ends with its log."""


class Probe:
    """An async context manager. `spec`: see device/probe.py. `lab`: where the interpreter, the device files and the log are."""

    def __init__(self, lab, spec):
        self.spec = spec
        self.events = []
        self._lab = lab
        self._news = asyncio.Event()
        self._writer = None
        self._server = None
        self._process = None
        self._log = lab.dir / f"{spec['id']}.log"

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.spec["control_port"] = self._server.sockets[0].getsockname()[1]
        path = self._lab.dir / f"{self.spec['id']}.json"
        path.write_text(json.dumps(self.spec))
        command = [*self._lab.micropython, "-X", f"heapsize={_HEAP}", str(self._lab.device / "probe.py"), str(path)]
        self._process = await child.start(command, self._log)
        await self.wait(lambda e: e["event"] == "ready", _READY_S)
        return self

    async def __aexit__(self, *_):
        if self._writer:
            self._writer.close()
        await child.stop(self._process)
        self._server.close()

    async def _take(self, reader, writer):
        self._writer = writer
        while line := await reader.readline():
            self.events.append(json.loads(line))
            self._news.set()

    def send(self, do, **fields):
        self._writer.write((json.dumps({"do": do, **fields}) + "\n").encode())

    async def wait(self, wanted, timeout_s, since=0):
        """The first event from number `since` on that `wanted(event)` takes; None when there is none in time."""
        deadline_s = time.monotonic() + timeout_s
        at = since
        while True:
            while at < len(self.events):
                if wanted(self.events[at]):
                    return self.events[at]
                at += 1
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return None
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), left_s)
            except asyncio.TimeoutError:
                pass

    async def ask(self, do, timeout_s, answer=None, **fields):
        """Send a command and wait for its event. None when it does not come: the program is blocked."""
        since = len(self.events)
        self.send(do, **fields)
        return await self.wait(lambda e: e["event"] == (answer or do), timeout_s, since)

    async def pairs(self, do, timeout_s, event, **fields):
        """Send a command whose results come in pieces. Returns (its last event or None, all pairs in order)."""
        since = len(self.events)
        last = await self.ask(do, timeout_s, **fields)
        return last, [tuple(pair) for e in self.events[since:] if e["event"] == event for pair in e["pairs"]]

    async def is_up(self, timeout_s=_UP_S):
        """Wait until the client has its connection; False when it gets none in time."""
        return await self.wait(lambda e: e["event"] == "link" and e["up"], timeout_s) is not None

    async def up(self):
        """The same, but without it there is nothing to measure: raises ProbeError."""
        if not await self.is_up():
            raise ProbeError(f"{self.spec['id']}: no connection within {_UP_S:.0f} s; {self.log_tail()}")

    def died(self):
        """Why the client ended, or None."""
        return next((e["why"] for e in self.events if e["event"] == "died"), None)

    def log_tail(self):
        text = self._log.read_text(errors="replace").strip() if self._log.exists() else ""
        return "its log ends: " + " | ".join(text.splitlines()[-4:])
