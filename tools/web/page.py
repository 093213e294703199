"""What the desk's page and the flat's page have in common: the door, the shared files, two WebSockets, a server around them."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from tools.web.door import Door
from tools.web.entry import Entry
from tools.web.server import PageServer, file_routes

_SHARED = Path(__file__).parent / "static"


class Page:
    """`async with` it: serves until left. `files`: the page's own directory; `front`, `sign_in`: names of files there.

    A subclass has the coroutines `_live(websocket)` and `_sound(websocket)`; each asks `self._entry.refuses(websocket)` first.
    """

    def __init__(self, files, front, sign_in, token=None, host="127.0.0.1", port=0, remote=False):
        self._door = Door(token)
        entry = self._entry = Entry(self._door, lambda: self._server.port, (files / sign_in).read_text(), remote)
        routes = [
            Route("/", entry.page((files / front).read_text()), methods=["GET"]),
            *entry.routes,
            *file_routes(_SHARED, files),
            *self._more_routes(entry),
            WebSocketRoute("/live", self._live),
            WebSocketRoute("/sound", self._sound),
        ]
        self._server = PageServer(Starlette(routes=routes), host, port)

    def _more_routes(self, entry):
        """Routes of the page's own, each guarded by `entry.guarded`."""
        return []

    async def __aenter__(self):
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *error):
        await self._server.__aexit__(*error)

    @property
    def port(self):
        return self._server.port

    def link(self):
        """A new one-time link into the page."""
        return f"{self._server.origin}/enter?ticket={self._door.ticket()}"
