"""The control channel: a virtual board over a local TCP socket, in lines of JSON. Documented in docs/control-channel.md."""

import asyncio
import contextlib
import json

from tools.ending import end
from tools.vboard.errors import BoardError
from tools.vboard.requests import COMMANDS, check

VERSION = 1
LINE_BYTES = 65536  # longer requests are refused and the connection closed: there is no way back to a line's start
_QUEUED_LINES = 1000  # per client; a subscriber that does not read is cut off rather than filling the memory


class ControlChannel:
    """`async with ControlChannel(board, port) as channel:` listens on 127.0.0.1, `channel.port`; any number of clients."""

    def __init__(self, board, port=0):
        self.board = board
        self.port = port
        self._server = None
        self._clients = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=LINE_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await end(list(self._clients))

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._clients.add(task)
        client = _Client(self.board, reader, writer)
        try:
            await client.run()
        except (OSError, asyncio.CancelledError):
            pass  # the client has gone, or the channel closes
        finally:
            self._clients.discard(task)
            writer.close()


class _Client:
    """One connection. Requests run at the same time: a long `press` does not hold up the next line."""

    def __init__(self, board, reader, writer):
        self._board, self._reader, self._writer = board, reader, writer
        self._lines = asyncio.Queue()
        self._tasks = set()
        self._feed = None

    async def run(self):
        sending = asyncio.ensure_future(self._send())
        self._tasks.add(sending)
        try:
            while await self._take_line():
                pass
            await asyncio.gather(*self._running(), return_exceptions=True)
            await self._lines.join()
        finally:
            await end(list(self._tasks))

    def _running(self):
        """Requests under way; neither the sender nor the feed ends by itself."""
        return [task for task in self._tasks if task.get_name() == "request"]

    async def _take_line(self):
        """False when the client has sent its last line."""
        try:
            line = await self._reader.readline()
        except ValueError:
            self._refuse(None, "size", f"a request is at most {LINE_BYTES} bytes")
            return False
        if not line:
            return False
        if line.strip():
            self._start(self._answer(line), "request")
        return True

    def _start(self, coroutine, name):
        task = asyncio.ensure_future(coroutine)
        task.set_name(name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _answer(self, line):
        number = None
        try:
            request = _parse(line)
            number = request.get("id")
            command = check(request)
            self._say({"v": VERSION, "id": number, "ok": True, **(await self._carry_out(command, request) or {})})
        except BoardError as error:
            self._refuse(number, error.code, str(error))
        except TimeoutError as error:
            self._refuse(number, "timeout", str(error))

    async def _carry_out(self, command, request):
        fields = {name: value for name, value in request.items() if name not in ("v", "id", "do")}
        if request["do"] == "subscribe":
            return self._subscribe(**fields)
        if request["do"] == "unsubscribe":
            return self._unsubscribe()
        return await COMMANDS[request["do"]].run(self._board, **fields)

    def _subscribe(self, since=None):
        self._unsubscribe()
        self._feed = self._start(self._pass_on(self._board.newest if since is None else since), "feed")
        return {"n": self._board.newest}

    def _unsubscribe(self):
        if self._feed is not None:
            self._feed.cancel()
            self._feed = None

    async def _pass_on(self, since):
        async with contextlib.aclosing(self._board.events(since=since)) as events:
            async for event in events:
                self._say({"v": VERSION, **event})

    def _refuse(self, number, code, text):
        self._say({"v": VERSION, "id": number, "ok": False, "error": code, "text": text})

    def _say(self, message):
        if self._lines.qsize() > _QUEUED_LINES:
            self._writer.transport.abort()
            return
        self._lines.put_nowait(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    async def _send(self):
        while True:
            line = await self._lines.get()
            try:
                self._writer.write(line)
                await self._writer.drain()
            finally:
                self._lines.task_done()


def _parse(line):
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        raise BoardError("a request is one JSON object on one line", "json") from None
    if not isinstance(request, dict):
        raise BoardError("a request is a JSON object", "json")
    if request.get("v") != VERSION or isinstance(request.get("v"), bool):
        raise BoardError(f'"v": {VERSION} wanted', "version")
    return request
