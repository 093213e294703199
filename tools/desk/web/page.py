"""The desk page's server: static files, the live WebSocket (requests and events), the sound WebSocket."""

from pathlib import Path

from tools.web.carrier import TAKEN_OVER, Carrier
from tools.web.page import Page

from .live import Live

_HERE = Path(__file__).parent / "static"
_FRAME_BYTES = 160  # 20 ms of G.711
_NO_SESSION = 4404  # close code of our own


class DeskPage(Page):
    """`async with DeskPage(desk, token, endpoint, host, port) as page:` serves until left.

    `endpoint(sid)`: the TalkEndpoint of a speech session, or None.
    """

    def __init__(self, desk, token, endpoint, host="127.0.0.1", port=0, remote=False):
        super().__init__(_HERE, "index.html", "sign_in.html", token, host, port, remote)
        self._desk, self._endpoint = desk, endpoint
        self._carriers = {}  # sid -> who has the session's sound now

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
