"""The desk page's server: static files, the live WebSocket (requests and events), the sound WebSocket."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from tools.web.carrier import TAKEN_OVER, Carrier
from tools.web.door import Door
from tools.web.entry import Entry
from tools.web.server import PageServer, file_routes

from .live import Live

_HERE = Path(__file__).parent / "static"
_SHARED = Path(__file__).resolve().parent.parent.parent / "web" / "static"
_FRAME_BYTES = 160  # 20 ms of G.711
_NO_SESSION = 4404  # close code of our own


class DeskPage:
    """`async with DeskPage(desk, token, endpoint, host, port) as page:` serves until left.

    `endpoint(sid)`: the TalkEndpoint of a speech session, or None.
    """

    def __init__(self, desk, token, endpoint, host="127.0.0.1", port=0, remote=False):
        self._desk, self._endpoint = desk, endpoint
        self._door = Door(token)
        sign_in = (_HERE / "sign_in.html").read_text()
        entry = self._entry = Entry(self._door, lambda: self._server.port, sign_in, remote)
        routes = [
            Route("/", entry.page((_HERE / "index.html").read_text()), methods=["GET"]),
            *entry.routes,
            *file_routes(_SHARED, _HERE),
            WebSocketRoute("/live", self._live),
            WebSocketRoute("/sound", self._sound),
        ]
        self._server = PageServer(Starlette(routes=routes), host, port)
        self._carriers = {}  # sid -> who has the session's sound now

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

    async def _live(self, websocket):
        if not await self._entry.refuses(websocket):
            await websocket.accept()
            await Live(self._desk, websocket).run()

    async def _sound(self, websocket):
        """The newest browser has the sound: an operator who changes the desk does not have to find the old one."""
        if await self._entry.refuses(websocket):
            return
        await websocket.accept()
        sid = websocket.query_params.get("sid", "")
        endpoint = self._endpoint(sid)
        codec = endpoint.codec if endpoint is not None and endpoint.active else None
        if codec is None:
            await websocket.close(_NO_SESSION, "this speech is over")
            return
        carrier = Carrier(
            websocket,
            _FRAME_BYTES,
            endpoint.push,
            more_counters=lambda: endpoint.counters,
            lasts=lambda: endpoint.active and endpoint.codec == codec,  # a re-offer may change it
        )
        before = self._carriers.get(sid)
        if before:
            endpoint.detach(before.take)
            before.end(TAKEN_OVER, "the sound is on another screen now")
        self._carriers[sid] = carrier
        endpoint.attach(carrier.take)
        try:
            await carrier.run({"say": "sound", "codec": codec, "sid": sid})
        finally:
            endpoint.detach(carrier.take)
            if self._carriers.get(sid) is carrier:
                del self._carriers[sid]
