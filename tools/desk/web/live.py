"""The page's live line: the requests and events of docs/desk-api.md over a WebSocket, one JSON object in each message.

The browser has entered already, so there is no `hello` and no token in it: the first message is from the desk. What is for tests
only is not offered: nobody on duty injects a fault, and nothing that is said can be recorded from here.
"""

import asyncio
import contextlib
import inspect
import json

from starlette.websockets import WebSocketDisconnect

from tools.ending import end

from ..requests import REQUESTS
from ..switchboard import DeskError

_TEXT_MAX = 4096  # characters; lawful requests are below 2,000
_UNDER_WAY_MAX = 16  # requests of one page that wait for something
_TOO_SLOW, _WRONG_MESSAGE = 4408, 4400  # close codes of our own
_FORBIDDEN = ("inject", "record", "recorded")


class Live:
    def __init__(self, desk, websocket):
        self._desk, self._websocket = desk, websocket
        self._under_way = set()

    async def run(self):
        listener = self._desk.timeline.listen()
        first = {"v": 1, "event": "hello", "desk": self._desk.config.id, "log_end": self._desk.store.log_end()}
        tasks = []
        try:
            await self._say(first)
            tasks = [asyncio.create_task(self._send_events(listener)), asyncio.create_task(self._receive())]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except (WebSocketDisconnect, OSError, RuntimeError):
            pass  # the browser has gone: nothing is owed to it
        finally:
            self._desk.timeline.leave(listener)
            await end([*tasks, *self._under_way])

    async def _send_events(self, listener):
        while (event := await listener.queue.get()) is not None:
            await self._say(event)
        await self._websocket.close(_TOO_SLOW, "this page could not keep up; reload it")

    async def _receive(self):
        while (message := await self._websocket.receive())["type"] == "websocket.receive":
            request = _parsed(message.get("text"))
            if request is None or len(self._under_way) >= _UNDER_WAY_MAX:
                await self._websocket.close(_WRONG_MESSAGE, "a request is one JSON object, and few wait at a time")
                return
            task = asyncio.create_task(self._answer(request))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _answer(self, request):
        with contextlib.suppress(WebSocketDisconnect, OSError, RuntimeError):
            try:
                await self._say({"v": 1, "id": request["id"], "ok": True, **await self._carry_out(request)})
            except DeskError as error:
                refusal = {"code": error.code, "text": str(error)}
                await self._say({"v": 1, "id": request["id"], "ok": False, "error": refusal})

    async def _carry_out(self, request):
        do = request.get("do")
        if type(do) is not str or do not in REQUESTS or do in _FORBIDDEN:
            raise DeskError("unknown", f"do: there is no request {do!r} on the page")
        reply = REQUESTS[do](self._desk, request)
        return await reply if inspect.isawaitable(reply) else reply

    async def _say(self, message):
        await self._websocket.send_text(json.dumps(message, separators=(",", ":")))


def _parsed(text):
    """The request; None for what is none: our own page never sends that."""
    if text is None or len(text) > _TEXT_MAX:
        return None
    try:
        request = json.loads(text)
    except (ValueError, RecursionError):
        return None
    lawful = type(request) is dict and type(request.get("id")) is int and request.get("v") == 1
    return request if lawful else None
