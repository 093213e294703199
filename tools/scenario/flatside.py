"""The flat of a stage: a virtual board with the unit's root on it, its light and tone fed to the view."""

import asyncio

from tools.deploy import deploy
from tools.vboard import VirtualBoard

_LOOK_S = 0.05  # between two looks at the pattern: below any pattern's shortest part


class FlatSide:
    """`settings`, `key`, `ca`: as for deploy(); `relay`: (port that the unit dials, the broker's port)."""

    def __init__(self, directory, settings, key, ca, relay, view, timeline, compiled=False):
        self._directory, self._view, self._timeline = directory, view, timeline
        self._make = (settings, key, ca, compiled)
        self._relay = relay
        self._pumps = []
        self._context = None
        self.board = None
        self.deployed = None

    async def start(self):
        """Deploy the root and give the board power."""
        settings, key, ca, compiled = self._make
        self.deployed = deploy(self._directory / "root", settings, key, ca, compiled)
        self._context = VirtualBoard(
            root=self._directory / "root",
            state=self._directory / "state",
            board=settings["board"],
            relays=[self._relay],
            heapsize="320k",
        )
        self.board = await self._context.__aenter__()
        self._view.powered = True
        self._pumps = [asyncio.create_task(self._feed()), asyncio.create_task(self._watch_light())]

    async def stop(self):
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        if self._context:
            await self._context.__aexit__(None, None, None)
        self.board = self._context = None

    def check(self):
        """Raises what a feed has died of."""
        for pump in self._pumps:
            if pump.done() and not pump.cancelled() and pump.exception():
                raise pump.exception()

    async def _feed(self):
        async for event in self.board.events():
            take = getattr(self, "_on_" + event["event"], None)
            if take:
                take(event)

    async def _watch_light(self):
        while True:
            pattern = self.board.light_pattern()
            if pattern != self._view.light:
                self._view.light = pattern
                self._timeline.say("unit", f"light {pattern}")
            await asyncio.sleep(_LOOK_S)

    def _on_light(self, event):
        self._view.light_changes += 1

    def _on_tone(self, event):
        self._view.tone_hz = event.get("hz") or 0

    def _on_reset(self, event):
        self._timeline.say("unit", f"restarts ({event.get('cause', 'unknown')})")

    def _on_power(self, event):
        self._view.powered = bool(event["on"])
        self._timeline.say("unit", "has power" if event["on"] else "has no power at all")

    def _on_mains(self, event):
        self._timeline.say("unit", "mains are on" if event["on"] else "mains have failed, on battery")
