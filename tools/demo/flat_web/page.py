"""The flat's page: its light, buttons, cords and switches; the browser's microphone and loudspeaker are the flat's.

Nothing here knows what the unit should do: the light is the pin's level, the sound is what the unit plays.
"""

import asyncio
import contextlib
import json
from pathlib import Path

from starlette.websockets import WebSocketDisconnect

from tools.ending import end
from tools.web.carrier import TAKEN_OVER, Carrier
from tools.web.page import Page

_HERE = Path(__file__).parent / "static"
_FRAME_BYTES = 640  # 20 ms of 16-bit samples at 16 kHz
_PRESS_MS = 300
_WRONG_MESSAGE = 4400  # close code of our own
_SHOWN = ("light", "pattern", "tone", "input", "power", "mains", "reset", "microphone")  # events that change what a person sees
_DOES = ("press", "pull", "release")


class FlatPage(Page):
    """`async with FlatPage(board, room, port) as page:` serves until left. `room`: Room of the board."""

    def __init__(self, board, room, label, port=0):
        super().__init__(_HERE, "flat.html", "flat_sign_in.html", port=port)
        self._board, self._room, self._label = board, room, label
        self._inputs = [{"name": one["name"], "kind": one["kind"]} for one in board.facts["inputs"]]
        self._carrier = None

    async def _live(self, websocket):
        if await self._entry.refuses(websocket):
            return
        await websocket.accept()
        tasks = [asyncio.create_task(self._show(websocket)), asyncio.create_task(self._obey(websocket))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(tasks)

    async def _show(self, websocket):
        """The state now, and again after each event that changes it."""
        with contextlib.suppress(WebSocketDisconnect, OSError, RuntimeError):
            async with contextlib.aclosing(self._board.events()) as events:
                await self._say(websocket)
                async for event in events:
                    if event["event"] in _SHOWN:
                        await self._say(websocket)

    async def _say(self, websocket):
        status = self._board.status()
        seen = {name: status.get(name) for name in ("light", "pattern", "tone_hz", "power", "microphone")}
        await websocket.send_text(json.dumps({**seen, "label": self._label, "inputs": self._with_states(status["inputs"])}))

    def _with_states(self, states):
        return [{**one, "state": states[one["name"]]} for one in self._inputs]

    async def _obey(self, websocket):
        with contextlib.suppress(WebSocketDisconnect, OSError, RuntimeError):
            while (message := await websocket.receive())["type"] == "websocket.receive":
                wanted = _parsed(message.get("text"))
                if wanted is None or wanted["input"] not in [one["name"] for one in self._inputs]:
                    await websocket.close(_WRONG_MESSAGE, "press, pull or release of an input is wanted")
                    return
                more = {"ms": _PRESS_MS} if wanted["do"] == "press" else {}
                await getattr(self._board, wanted["do"])(wanted["input"], **more)

    async def _sound(self, websocket):
        if await self._entry.refuses(websocket):
            return
        await websocket.accept()
        carrier = Carrier(websocket, _FRAME_BYTES, self._room.speak)
        if self._carrier:
            self._carrier.end(TAKEN_OVER, "the sound is in another window now")
        self._carrier = carrier
        leave = self._room.listen(carrier.take)
        try:
            await carrier.run({"say": "sound", "codec": "PCM16"})
        finally:
            leave()
            if self._carrier is carrier:
                self._carrier = None


def _parsed(text):
    """{do, input}, or None for what is no order."""
    try:
        wanted = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    lawful = type(wanted) is dict and wanted.get("do") in _DOES and type(wanted.get("input")) is str
    return wanted if lawful else None
