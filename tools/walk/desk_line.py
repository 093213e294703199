"""The way to the desk: one connection that comes back by itself, and the events of one unit put into a queue."""

import asyncio
import contextlib

from tools.desk.client import DeskClient, DeskError
from tools.desk.config import ConfigError
from tools.ending import end

EVENT, LOST, BACK = "event", "lost", "back"
_AGAIN_S = 1.0
_OF_INTEREST = ("test", "test_command", "test_record", "unit", "call", "session")


class DeskLine:
    """`find()`: (host, port, token), asked for each connection, as a desk that starts again has another port. `put((what, data))`
    gets EVENT with an event, LOST with the DeskError, BACK with None. `unit`: whose events; set it before `follow`."""

    def __init__(self, find, put):
        self._find, self._put = find, put
        self._desk = self._task = None
        self.unit = ""

    async def connect(self):
        """Raises DeskError."""
        desk = await DeskClient(*self._find()).__aenter__()
        try:
            await desk.subscribe()
        except BaseException:
            await desk.close()
            raise
        self._desk = desk

    def follow(self):
        """From now on events are put into the queue, and a lost connection is made again for ever."""
        self._task = asyncio.create_task(self._run())

    async def close(self):
        await end([self._task] if self._task else [])
        await self._drop()

    async def request(self, do, **fields):
        """Raises DeskError, `unreachable` while there is no connection."""
        if self._desk is None:
            raise DeskError("unreachable", "the desk is not there at the moment: say it again when it is back")
        return await self._desk.request(do, **fields)

    async def _run(self):
        while True:
            try:
                while True:
                    self._put((EVENT, await self._desk.wait_for(self._is_ours, None)))
            except DeskError as error:
                await self._drop()
                self._put((LOST, error))
            await self._connect_again()
            self._put((BACK, None))

    async def _connect_again(self):
        while self._desk is None:
            await asyncio.sleep(_AGAIN_S)
            with contextlib.suppress(DeskError, ConfigError, OSError):
                await self.connect()

    async def _drop(self):
        if self._desk is not None:
            desk, self._desk = self._desk, None
            with contextlib.suppress(OSError):
                await desk.close()

    def _is_ours(self, event):
        return address(event) == self.unit and event["event"] in _OF_INTEREST


def address(view):
    """`scheme/flat/unit` of an event or a view."""
    return f"{view['scheme']}/{view['flat']}/{view['unit']}"
