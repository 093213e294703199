"""Sound between a browser and one taker in this process: binary WebSocket frames of fixed size, one for each 20 ms, both ways.

Neither side may make the other wait or grow: what comes too fast is dropped, what leaves too slowly loses its oldest frame, and
both are counted. Nothing of it is kept.
"""

import asyncio
import contextlib
import json
from collections import deque

from starlette.websockets import WebSocketDisconnect

from tools.ending import end

_FRAMES_PER_S = 51  # one more than sent: a sound card whose clock is fast never runs into the limit
_BURST = 50  # frames that may come at once: a browser that was busy for a second catches up
_WAITING_MAX = 10  # frames, 200 ms: older speech is worth nothing
_GAP_MAX = 5  # frames, 100 ms: beyond that there is nothing left to fill a gap with
_REPORT_S = 1.0
WRONG_FRAME, TAKEN_OVER, ENDED = 4400, 4409, 4410  # close codes of our own


class Carrier:
    """`frame_bytes`: of every frame; `push(frame)`: takes the browser's; `more_counters()`: for the report to the page.

    `take(frame)` is the other direction, called 50 times a second. `lasts()`: once it is false the carriage ends.
    """

    def __init__(self, websocket, frame_bytes, push, more_counters=dict, lasts=lambda: True, now_s=None):
        self._websocket, self._frame_bytes, self._push = websocket, frame_bytes, push
        self._more_counters, self._lasts = more_counters, lasts
        self._now_s = now_s or asyncio.get_running_loop().time
        self._waiting, self._news = deque(), asyncio.Event()
        self._allowed, self._allowed_at_s = float(_BURST), self._now_s()
        self._close = None  # (code, reason) to leave with
        self.counters = {"from_page": 0, "refused_rate": 0, "refused_size": 0, "to_page": 0, "dropped_to_page": 0}

    def take(self, frame, lost=0):
        """`lost`: frames that are missing before this one; the page gets empty ones for them and fills the gap."""
        for one in [b""] * min(lost, _GAP_MAX) + [bytes(frame)]:
            if len(self._waiting) >= _WAITING_MAX:
                self._waiting.popleft()
                self.counters["dropped_to_page"] += 1
            self._waiting.append(one)
        self._news.set()

    def end(self, code, reason):
        """Leave, telling the page why; the first reason stays."""
        self._close = self._close or (code, reason)
        self._news.set()

    async def run(self, first):
        """Carry until either side ends. `first`: a dict that tells the page what it will get. The socket is accepted already."""
        tasks = [asyncio.create_task(work) for work in (self._receive(), self._send(first), self._report())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(tasks)
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, (WebSocketDisconnect, OSError, RuntimeError)):
                raise result
        with contextlib.suppress(WebSocketDisconnect, OSError, RuntimeError):  # it has gone already
            await self._websocket.close(*(self._close or (1000, "")))

    async def _receive(self):
        while True:
            message = await self._websocket.receive()
            if message["type"] != "websocket.receive":
                return
            frame = message.get("bytes")
            if frame is None or len(frame) != self._frame_bytes:
                self.counters["refused_size"] += 1
                self.end(WRONG_FRAME, f"a frame is binary and has {self._frame_bytes} bytes")
                return
            if self._in_time():
                self.counters["from_page"] += 1
                self._push(frame)
            else:
                self.counters["refused_rate"] += 1

    def _in_time(self):
        now_s = self._now_s()
        self._allowed = min(_BURST, self._allowed + (now_s - self._allowed_at_s) * _FRAMES_PER_S)
        self._allowed_at_s = now_s
        if self._allowed < 1:
            return False
        self._allowed -= 1
        return True

    async def _send(self, first):
        await self._websocket.send_text(json.dumps(first))
        while self._close is None:
            await self._news.wait()
            self._news.clear()
            while self._waiting and self._close is None:
                self.counters["to_page"] += 1
                await self._websocket.send_bytes(self._waiting.popleft())

    async def _report(self):
        while True:
            await asyncio.sleep(_REPORT_S)
            if not self._lasts():
                self.end(ENDED, "the speech has ended")
                return
            await self._websocket.send_text(json.dumps({"say": "counters", **self._more_counters(), **self.counters}))
