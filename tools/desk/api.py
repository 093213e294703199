"""The desk's API server: line-delimited JSON over TCP, one token for all. Documented in docs/desk-api.md."""

import asyncio
import contextlib
import hmac
import json
import os
import secrets

from tools.ending import end

from .requests import REQUESTS
from .switchboard import DeskError
from .timeline import as_event

_LINE_BYTES_MAX = 65_536  # requests are below 1 KB
_HELLO_S = 10  # bound for the first line
_PAGE = 500  # old events read at a time for a subscriber that names `since`


def make_token(path):
    """The token in the file `path` (made if missing, 0600). Who can read the file can clear calls."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    except FileExistsError:
        os.chmod(path, 0o600)
    return path.read_text().strip()


class ApiServer:
    def __init__(self, desk, token):
        self._desk, self._token = desk, token
        self._server, self._tasks = None, set()

    async def start(self, host, port):
        """(host, port) that it listens on. Raises OSError if it cannot."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=_LINE_BYTES_MAX)
        return self._server.sockets[0].getsockname()[:2]

    async def stop(self):
        self._server.close()
        await end(list(self._tasks))

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await _Connection(self._desk, self._token, reader, writer).run()
        except (OSError, asyncio.CancelledError):
            pass  # the peer went, or the desk stops: nothing is owed to either
        finally:
            self._tasks.discard(task)
            writer.close()


class _Connection:
    def __init__(self, desk, token, reader, writer):
        self._desk, self._token, self._reader, self._writer = desk, token, reader, writer
        self._listener = self._feed = None

    async def run(self):
        try:
            if await asyncio.wait_for(self._hello(), _HELLO_S):
                while (line := await self._line()) is not None:
                    self._handle(line)
                    await self._writer.drain()
        except asyncio.TimeoutError:
            self._error(None, "token", f"no hello within {_HELLO_S} s")
        finally:
            await self._stop_events()
            with contextlib.suppress(OSError):
                await self._writer.drain()

    async def _line(self):
        """The next line as bytes, or None at the end."""
        try:
            return await self._reader.readline() or None
        except ValueError:
            self._error(None, "size", f"a line may have {_LINE_BYTES_MAX} bytes")
            return None

    async def _hello(self):
        line = await self._line()
        if line is None:
            return False
        request = self._parsed(line)
        if request is None:
            return False
        token = request.get("token")
        if request.get("do") != "hello" or type(token) is not str or not _same(token, self._token):
            self._error(request["id"], "token", "the first request must be `hello` with the token from the desk's token file")
            return False
        self._reply(request["id"], {"desk": self._desk.config.id, "log_end": self._desk.store.log_end()})
        return True

    def _parsed(self, line):
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            self._error(None, "json", "not a line of JSON")
            return None
        if type(request) is not dict or type(request.get("id")) is not int:
            self._error(None, "json", "an object with an integer `id` is wanted")
            return None
        if type(request.get("v")) is not int or request["v"] != 1:
            self._error(request["id"], "version", "v: this desk speaks version 1")
            return None
        return request

    def _handle(self, line):
        request = self._parsed(line)
        if request is None:
            return
        do = request.get("do")
        try:
            if do == "events":
                self._reply(request["id"], self._events(request))
                self._start_feed(request)
            elif type(do) is str and do in REQUESTS:
                self._reply(request["id"], REQUESTS[do](self._desk, request))
            else:
                raise DeskError("unknown", f"do: there is no request {do!r}; there are events, {', '.join(REQUESTS)}")
        except DeskError as error:
            self._error(request["id"], error.code, str(error))

    def _events(self, request):
        since = request.get("since")
        if since is not None and (type(since) is not int or not 0 <= since < 2**62):
            raise DeskError("field", "since: the number of an event, or null for new ones only")
        if self._feed is not None:
            raise DeskError("field", "events: this connection is subscribed already")
        return {"since": self._desk.store.log_end() if since is None else since}

    def _start_feed(self, request):
        self._listener = self._desk.timeline.listen()
        since = request.get("since")
        done = self._desk.store.log_end() if since is None else since
        self._feed = asyncio.create_task(self._send_events(self._listener, done))

    async def _send_events(self, listener, done):
        while rows := self._desk.store.log_since(done, _PAGE):
            for row in rows:
                self._write(as_event(row))
            done = rows[-1][0]
            await self._writer.drain()
        while (item := await listener.queue.get()) is not None:
            if item["n"] > done:
                self._write(item)
                await self._writer.drain()
        self._error(None, "too_slow", "events were lost on this connection; subscribe again with `since`")
        self._writer.close()

    async def _stop_events(self):
        if self._feed is not None:
            self._desk.timeline.leave(self._listener)
            await end([self._feed])

    def _reply(self, request_id, body):
        self._write({"v": 1, "id": request_id, "ok": True, **body})

    def _error(self, request_id, code, words):
        self._write({"v": 1, "id": request_id, "ok": False, "error": {"code": code, "text": words}})

    def _write(self, item):
        self._writer.write(json.dumps(item, separators=(",", ":")).encode() + b"\n")


def _same(a, b):
    return hmac.compare_digest(a.encode("utf-8", "surrogatepass"), b.encode())
