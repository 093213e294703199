"""DeskClient: the desk's API for asyncio programs (scenarios, demo, tests, the command line).

    async with DeskClient(host, port, token) as desk:
        await desk.request("answer", call=1, party="coordinator")
        event = await desk.wait_for(lambda event: event["event"] == "cleared", timeout_s=10)
"""

import asyncio
import json
from pathlib import Path

from tools.ending import end

_LINE_BYTES_MAX = 16 * 1024 * 1024  # a reply of 1,000 calls
_EVENTS_KEPT = 10_000  # events that were looked at and are still in `events`
_REPLY_S = 15  # bound on every request


class DeskError(Exception):
    """The desk refused a request or is not there. `code`: as in docs/desk-api.md, or `unreachable`, `closed_connection`."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def read_state(state):
    """(host, port, token) of the desk that runs with the state directory `state`. Raises DeskError with clear words."""
    state = Path(state)
    try:
        api = json.loads((state / "api.json").read_text())
        return api["host"], api["port"], (state / "desk.token").read_text().strip()
    except (OSError, ValueError, KeyError) as error:
        raise DeskError("unreachable", f"no desk has left its address in {state}: is it running? ({error})") from error


class DeskClient:
    """One connection. `events`: every event since the subscription, in order; `wait_for` looks through them once each."""

    def __init__(self, host, port, token):
        self._host, self._port, self._token = host, port, token
        self._reader = self._writer = self._task = None
        self._next_id, self._replies, self._gone = 1, {}, None
        self.events = []
        self._news = asyncio.Condition()
        self._looked_at = self._count = 0

    @classmethod
    def of_state(cls, state):
        """Client of the desk that runs with this state directory."""
        return cls(*read_state(state))

    async def __aenter__(self):
        try:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=_LINE_BYTES_MAX)
        except OSError as error:
            text = f"no desk answers on {self._host}:{self._port}: {error.strerror or error}"
            raise DeskError("unreachable", text) from error
        self._task = asyncio.create_task(self._read())
        try:
            await self.request("hello", token=self._token)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *error):
        await self.close()

    async def close(self):
        await end([self._task])
        self._writer.close()

    async def request(self, do, **fields):
        """The reply as a dict. Raises DeskError if the desk refuses, is gone, or says nothing for 15 s."""
        if self._gone:
            raise self._gone
        request_id, self._next_id = self._next_id, self._next_id + 1
        future = self._replies[request_id] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps({"v": 1, "id": request_id, "do": do, **fields}).encode() + b"\n")
        try:
            reply = await asyncio.wait_for(future, _REPLY_S)
        except asyncio.TimeoutError as error:
            raise DeskError("unreachable", f"the desk has not answered `{do}` for {_REPLY_S} s") from error
        finally:
            self._replies.pop(request_id, None)
        if not reply["ok"]:
            raise DeskError(reply["error"]["code"], reply["error"]["text"])
        return reply

    async def subscribe(self, since=None):
        """Collect events from now on, or from after number `since`."""
        await self.request("events", since=since)

    async def wait_for(self, predicate, timeout_s):
        """The first event, not looked at before, for which `predicate(event)` is true; those before it count as looked at.

        Raises asyncio.TimeoutError, DeskError if the connection ends.
        """
        return await asyncio.wait_for(self._find(predicate), timeout_s)

    async def wait_for_call(self, predicate, timeout_s):
        """The view of a call for which `predicate(view)` is true, now or after some event. Needs `subscribe`."""
        return await asyncio.wait_for(self._find_call(predicate), timeout_s)

    async def wait_for_session(self, sid, state, timeout_s):
        """The view of a speech session once it is in `state` (docs/desk-api.md). Needs `subscribe`.

        Raises DeskError `no_such_session` if it has ended otherwise, asyncio.TimeoutError.
        """
        return await asyncio.wait_for(self._find_session(sid, state), timeout_s)

    async def calls(self, closed=False):
        return (await self.request("calls", closed=closed, limit=1000))["calls"]

    async def units(self):
        return (await self.request("units"))["units"]

    async def answer(self, call, **fields):
        return (await self.request("answer", call=call, **fields))["call"]

    async def release(self, call):
        return (await self.request("release", call=call))["call"]

    async def clear(self, call, outcome, basis, who, triggers=None):
        reply = await self.request("clear", call=call, outcome=outcome, basis=basis, who=who, triggers=triggers)
        return reply["call"]

    async def duty(self, on=None, scheme=None):
        return (await self.request("duty", on=on, scheme=scheme))["duty"]

    async def inject(self, mode, value):
        return (await self.request("inject", mode=mode, value=value))["injected"]

    async def _find(self, predicate):
        async with self._news:
            while True:
                while self._looked_at < len(self.events):
                    self._looked_at += 1
                    if predicate(self.events[self._looked_at - 1]):
                        return self.events[self._looked_at - 1]
                if self._gone:
                    raise self._gone
                await self._news.wait()

    async def _find_call(self, predicate):
        while True:
            seen = self._count
            for call in await self.calls(closed=True):
                if predicate(call):
                    return call
            await self._next_event(seen)

    async def _find_session(self, sid, state):
        while True:
            seen = self._count
            for view in (await self.request("sessions", ended=True))["sessions"]:
                if view["sid"] == sid and view["state"] == state:
                    return view
                if view["sid"] == sid and view["state"] == "ended":
                    raise DeskError("no_such_session", f"the session has ended: {view['reason']}")
            await self._next_event(seen)

    async def _next_event(self, seen):
        async with self._news:
            await self._news.wait_for(lambda: self._count > seen or self._gone)
        if self._gone:
            raise self._gone

    async def _read(self):
        try:
            while line := await self._reader.readline():
                await self._take(json.loads(line))
            self._gone = self._gone or DeskError("closed_connection", "the desk has closed the connection")
        except (OSError, ValueError) as error:
            self._gone = DeskError("closed_connection", f"the connection to the desk broke: {error}")
        for future in self._replies.values():
            if not future.done():
                future.set_exception(self._gone)
        async with self._news:
            self._news.notify_all()

    async def _take(self, item):
        if "event" in item:
            async with self._news:
                if self._looked_at > _EVENTS_KEPT:
                    del self.events[: self._looked_at]
                    self._looked_at = 0
                self.events.append(item)
                self._count += 1
                self._news.notify_all()
        elif item.get("id") in self._replies and not self._replies[item["id"]].done():
            self._replies[item["id"]].set_result(item)
        elif not item.get("ok", True):
            self._gone = DeskError(item["error"]["code"], item["error"]["text"])
