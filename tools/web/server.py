"""A page's server inside our own asyncio loop: uvicorn without its signal handlers, strict headers, files from memory."""

import asyncio
import contextlib
import mimetypes
import socket

import uvicorn
from starlette.responses import Response
from starlette.routing import Route

from tools.ending import end

_CONNECTIONS_MAX = 96  # of all kinds
_SOCKETS_MAX = 64  # WebSockets: a page holds two; requests for pages still get in beside them
_TRY_LATER = 1013
_MESSAGE_BYTES_MAX = 8192  # of a WebSocket; the longest lawful request is below 2 KB
_END_S = 1  # for open connections to close
_GONE_S = 10.0  # for the server itself, after that
_PING_S = 10  # a browser that has vanished is noticed within twice that
_FORBID_ALL_BUT_OURS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": _FORBID_ALL_BUT_OURS,
    "permissions-policy": "microphone=(self), camera=(), geolocation=(), display-capture=()",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",  # the page is as new as the desk; a link with a ticket stays nowhere
}
mimetypes.add_type("text/javascript", ".js")


class Strict:
    """ASGI: puts HEADERS on every HTTP response, and bounds the number of WebSockets that are open."""

    def __init__(self, app):
        self._app, self._sockets = app, 0

    async def __call__(self, scope, receive, send):
        if scope["type"] == "websocket":
            await self._bounded(scope, receive, send)
            return

        async def with_headers(message):
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self._app(scope, receive, with_headers)

    async def _bounded(self, scope, receive, send):
        if self._sockets >= _SOCKETS_MAX:  # uvicorn's own limit does not count them
            await receive()
            await send({"type": "websocket.close", "code": _TRY_LATER})
            return
        self._sockets += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._sockets -= 1


def file_routes(*directories):
    """A route for each file of `directories`, read once: no path from outside ever reaches the disk. Later ones win."""
    files = {path.name: path for directory in directories for path in sorted(directory.iterdir()) if path.is_file()}
    return [_file_route(name, path.read_bytes()) for name, path in files.items()]


def _file_route(name, content):
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"

    async def give(request):
        return Response(content, media_type=kind)

    return Route(f"/static/{name}", give, methods=["GET"])


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        """Ours are handled where the process begins."""
        yield


class PageServer:
    """`async with PageServer(app, host, port) as server:` serves an ASGI app; `server.port`. Raises OSError if it cannot."""

    def __init__(self, app, host="127.0.0.1", port=0):
        self._app, self.host, self.port = app, host, port
        self._server = self._task = None

    @property
    def origin(self):
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}"

    async def __aenter__(self):
        listening = socket.create_server((self.host, self.port), family=socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            Strict(self._app),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=_MESSAGE_BYTES_MAX,
            ws_per_message_deflate=False,  # 20 ms of sound do not get smaller, only later
            ws_ping_interval=_PING_S,
            ws_ping_timeout=_PING_S,
            limit_concurrency=_CONNECTIONS_MAX,
            timeout_graceful_shutdown=_END_S,
            server_header=False,
            date_header=False,
            proxy_headers=False,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))
        return self

    async def __aexit__(self, *_):
        self._server.should_exit = True
        await asyncio.wait([self._task], timeout=_GONE_S)
        await end([self._task])
