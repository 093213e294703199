"""The far end of the bench: subscribes at the broker itself, past any broken network, and notes each alarm's arrival."""

import asyncio
import json
import time

import aiomqtt


class Service:
    """An async context manager. `arrivals`: {client id: [(n, time.monotonic()), ...]} in order, repeats included."""

    def __init__(self, port, user=None, password=None):
        self.arrivals = {}
        self._client = aiomqtt.Client("127.0.0.1", port, identifier="bench-service", username=user, password=password)
        self._task = None
        self._news = asyncio.Event()

    async def __aenter__(self):
        await self._client.__aenter__()
        await self._client.subscribe("ils/v1/bench/+/u1/alarm", qos=1)
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *error):
        self._task.cancel()
        await self._client.__aexit__(*error)

    async def _listen(self):
        async for message in self._client.messages:
            now_s = time.monotonic()
            sender = str(message.topic).split("/")[3]
            self.arrivals.setdefault(sender, []).append((json.loads(message.payload)["n"], now_s))
            self._news.set()

    def numbers(self, sender):
        return [n for n, _ in self.arrivals.get(sender, ())]

    async def wait_all(self, sender, numbers, timeout_s):
        """time.monotonic() when the last of `numbers` had arrived for the first time; None when not in time."""
        wanted = set(numbers)
        deadline_s = time.monotonic() + timeout_s
        while not wanted <= set(self.numbers(sender)):
            left_s = deadline_s - time.monotonic()
            if self._task.done():
                self._task.result()  # raises what it has died of
            if left_s <= 0:
                return None
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), left_s)
            except asyncio.TimeoutError:
                pass
        firsts = {}
        for n, at_s in self.arrivals[sender]:
            firsts.setdefault(n, at_s)
        return max(firsts[n] for n in wanted)
