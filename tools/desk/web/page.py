"""The desk page's server: static files, the live WebSocket (requests and events), the sound WebSocket."""

import asyncio
import contextlib
from pathlib import Path

from starlette.routing import Route

from tools.ending import end
from tools.web.carrier import TAKEN_OVER, Carrier
from tools.web.page import Page

from ..switchboard import DeskError
from .live import Live
from .papers import Papers

_HERE = Path(__file__).parent / "static"
_FRAME_BYTES = 160  # 20 ms of G.711
_NO_SESSION = 4404  # close code of our own
_ALONE_S = 20.0  # a page that is loaded again has its sound back within a few seconds


class DeskPage(Page):
    """`async with DeskPage(desk, token, endpoint, host, port) as page:` serves until left.

    `endpoint(sid)`: the TalkEndpoint of a speech session, or None. Nobody shall speak to an empty chair: a session whose page is
    gone for `alone_s` is ended, and a call that was answered there rings again.
    """

    def __init__(self, desk, token, endpoint, host="127.0.0.1", port=0, remote=False, alone_s=_ALONE_S):
        super().__init__(_HERE, "index.html", "sign_in.html", token, host, port, remote)
        self._desk, self._endpoint = desk, endpoint
        self._carriers = {}  # sid -> who has the session's sound now
        self._alone_s, self._waits = alone_s, set()

    def _more_routes(self, entry):
        papers = Papers(lambda: self._desk)
        return [
            Route("/record.pdf", entry.guarded(papers.record), methods=["GET"]),
            Route("/tests.csv", entry.guarded(papers.table), methods=["GET"]),
        ]

    async def __aexit__(self, *error):
        await end(list(self._waits))
        await super().__aexit__(*error)

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
                wait = asyncio.create_task(self._wait_alone(sid))
                self._waits.add(wait)
                wait.add_done_callback(self._waits.discard)

    async def _wait_alone(self, sid):
        await asyncio.sleep(self._alone_s)
        talk = self._desk.talks.sessions.get(sid)
        if sid in self._carriers or talk is None or talk.is_over:
            return
        with contextlib.suppress(DeskError):  # it ended by itself meanwhile
            self._desk.act(lambda: self._leave(talk))

    def _leave(self, talk):
        call = self._desk.book.get(talk.body["number"]) if talk.body["number"] else None
        told = {"number": call.n if call else None, "party": call.routing.party if call else "everyone"}
        note = f"the page of {talk.body['who']}, who speaks with {talk.record.unit.label}, is gone"
        self._desk.timeline.emit("alert", talk.record.address, talk.body["call"], note=note, **told)
        if call is not None and call.state == "answered":
            self._desk.switchboard.release(call)  # it rings the next, and its speech ends with that
        else:
            self._desk.talks.command(talk, "clear_down")
