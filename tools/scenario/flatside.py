"""The flat of a stage: a virtual board with the unit's root on it, its light and tone fed to the view."""

import asyncio
import time

from tools.deploy import deploy
from tools.ending import end
from tools.vboard import VirtualBoard


class FlatSide:
    """`settings`, `key`, `ca`: as for deploy(); `relay`: (port that the unit dials, the broker's port)."""

    def __init__(self, directory, settings, key, ca, relay, view, timeline, form="source", prepare=None, **options):
        self._directory, self._view, self._timeline = directory, view, timeline
        self._prepare = prepare  # of the board, before it has power
        self._options = options  # of VirtualBoard
        self._make = (settings, key, ca, form)
        self._relay = relay
        self._context = self._pump = None
        self._seen_lit = False
        self.board = None
        self.deployed = None

    @property
    def console(self):
        return self._directory / "console.log"

    async def start(self):
        """Deploy the root and give the board power."""
        settings, key, ca, form = self._make
        self.deployed = deploy(self._directory / "root", settings, key, ca, form)
        self._context = VirtualBoard(
            root=self._directory / "root",
            state=self._directory / "state",
            board=settings["board"],
            relays=[self._relay],
            **self._options,
        )
        if self._prepare:
            self._prepare(self._context)
        self._pump = asyncio.create_task(self._feed(self._context.events(since=0)))
        self.board = await self._context.__aenter__()
        self._view.powered = True

    async def stop(self):
        if self._pump:
            await end([self._pump])
        if self.board:
            await self._context.__aexit__(None, None, None)
        self.board = self._context = self._pump = None

    def check(self):
        """Raises what the feed has died of."""
        if self._pump and self._pump.done() and not self._pump.cancelled():
            self._pump.result()

    async def _feed(self, events):
        async for event in events:
            take = getattr(self, "_on_" + event["event"], None)
            if take:
                take(event)
                late_ms = self._context.now_ms() - event["t_ms"]
                self._view.changed(time.monotonic() - late_ms / 1000)

    def _on_light(self, event):
        self._view.light_changes += 1
        self._view.lit = event["level"] == 1
        if self._view.lit and self._view.light == "off" and not self._seen_lit:
            self._timeline.say("unit", "light on")  # what it will be cannot be told yet
        self._seen_lit = True

    def _on_pattern(self, event):
        self._view.light, self._seen_lit = event["pattern"], False
        self._timeline.say("unit", f"light {event['pattern']}")

    def _on_tone(self, event):
        self._view.tone_hz = event["hz"]

    def _on_microphone(self, event):
        self._view.microphone = event["open"]
        self._timeline.say("unit", "microphone open" if event["open"] else "microphone closed")

    def _on_reset(self, event):
        self._view.starts += 1
        self._view.saves_power = self._view.radio = False
        self._timeline.say("unit", f"starts ({event['cause']})")

    def _on_watchdog(self, event):
        self._timeline.say("unit", "its watchdog bites")

    def _on_repl(self, event):
        self._timeline.say("unit", f"shows a prompt: {event['why']}")

    def _on_console(self, event):
        """What the firmware prints is for the engineer: in a file, not in the timeline."""
        with open(self.console, "a") as file:
            file.write(event["text"] + "\n")

    def _on_power(self, event):
        self._view.powered = bool(event["on"])
        self._timeline.say("unit", "has power" if event["on"] else "has no power at all")

    def _on_radio(self, event):
        if self._view.radio and not event["on"]:
            self._timeline.say("unit", "radio off")
        self._view.radio = event["on"]

    def _on_bearer(self, event):
        self._view.traffic = event["bearer"]
        self._timeline.say("unit", f"traffic goes over {event['bearer'] or 'nothing'}")

    def _on_phy(self, event):
        self._view.phy = event["on"]
        self._timeline.say("unit", f"Ethernet PHY {'on' if event['on'] else 'off'}")

    def _on_modem_power(self, event):
        self._view.modem = event["on"]
        self._timeline.say("unit", f"modem {'on' if event['on'] else 'off'}")

    def _on_mains(self, event):
        self._timeline.say("unit", "mains are on" if event["on"] else "mains have failed")

    def _on_flicker(self, event):
        self._timeline.say("unit", f"mains flicker: {event['edges']} changes in {event['over_s']:g} s")

    def _on_brown_out(self, event):
        self._view.brown_outs += 1
        self._timeline.say("unit", f"browns out: {event['mv']} mV under {event['load_ma']} mA")

    def _on_battery(self, event):
        self._view.charge_pct = event["charge_pct"]
        if event["charge_pct"] % 10 == 0:
            self._timeline.say("unit", f"battery at {event['charge_pct']} %, {event['mv']} mV")

    def _on_power_save(self, event):
        self._view.saves_power = event["mhz"] <= 80 and event["mode"] == "powersave"
