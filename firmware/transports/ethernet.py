"""The Ethernet bearer: a cable, its PHY, an address by DHCP. Only for boards that have one.

Rules. Once started the interface notices a cable by itself, pulled or put back, and asks for an address: there is nothing to do
but to look. What nothing comes of is switched off and on, after two minutes and then twice as long each time, up to an hour,
and never while a call is open or people speak: **to start the interface the loop stands still** until the PHY has negotiated, 1
to 3 s with a cable and 4 s without (ESP-IDF waits for it inside `active(True)`, and no other task of MicroPython runs). It is
started by the bearer's own task, never by who switches it on, so that whatever was to be done at that moment is done first.

On battery the PHY is without power, if the board can switch that. Source: MicroPython ports/esp32/network_lan.c 1.24 to 1.29 and
ESP-IDF's esp_eth (read); docs/bearers.md.
"""

import asyncio

from micropython import const

from firmware.core import clock

_LOOK_MS = const(500)
_SETTLE_MS = const(100)  # supply of the PHY, as network.LAN itself waits
_OFF_MS = const(1000)
_AGAIN_MS = const(120000)
_AGAIN_MAX_MS = const(3600000)
_STEPS_MAX = const(6)  # about two hours: nothing helps
_NO_ADDRESS = "0.0.0.0"


class Ethernet:
    """`lan`: network.LAN, made and not active; `connected`: network.ETH_CONNECTED; `supply(on)`: switches the PHY's power, or
    None if it cannot be switched; `now()`: ticks of core.clock. The same interface as transports.wifi.Wifi.

    `linked`: there is somebody at the other end of the cable, as of the last look; all that can be told while Wi-Fi is on.
    """

    name = "ethernet"

    def __init__(self, lan, connected, supply, now):
        self._lan = lan
        self._connected = connected
        self._supply = supply
        self._now = now
        self._started = self._up = self._awake = self._speaking = self.linked = False
        self._since_ms = now()
        self._again_ms = _AGAIN_MS
        self.resting = self.gave_up = False
        self.drops = self.steps = self.beat = 0

    def up(self):
        """True while there is a link and an address."""
        return self._started and (self._up or self._lan.isconnected())

    def dns_server(self):
        """The name server that DHCP gave, "a.b.c.d"; None while there is none."""
        server = self._lan.ifconfig()[3]
        return None if server == _NO_ADDRESS else server

    def address(self):
        """Our own IPv4 address."""
        return self._lan.ifconfig()[0]

    def rssi_dbm(self):
        """None: a cable has no signal strength."""

    def speaking(self, on):
        self._speaking = on

    def pace(self, awake, saving):
        self._awake = awake

    def rest(self, on):
        """Switches interface and PHY off until told otherwise, at once; on again in the next turn of the task."""
        if on == self.resting:
            return
        self.resting = on
        self._again_ms = _AGAIN_MS
        self._since_ms = self._now()
        self.gave_up = False
        if on:
            self._stop()

    async def run(self):
        """The bearer's task; ends only when cancelled."""
        while True:
            self.beat += 1
            if not self.resting:
                await self._look()
            await asyncio.sleep_ms(_LOOK_MS)

    async def _look(self):
        now_ms = self._now()
        if not self._started:
            await self._start()
            return
        up = self._lan.isconnected() or self._lan.ifconfig()[0] != _NO_ADDRESS  # until 1.28 a Wi-Fi that joins spoils the first
        if up:
            self._since_ms = now_ms
            self._again_ms = _AGAIN_MS
            self.steps = 0
            self.gave_up = False
        elif self._up:
            self.drops += 1
        self._up = up
        self.linked = up or self._lan.status() == self._connected
        if clock.diff(now_ms, self._since_ms) >= self._again_ms and not (self._awake or self._speaking):
            self.steps += 1
            self.gave_up = self.steps >= _STEPS_MAX
            self._again_ms = min(self._again_ms * 2, _AGAIN_MAX_MS)
            self._stop()
            await asyncio.sleep_ms(_OFF_MS)
            if not self.resting:
                await self._start()

    async def _start(self):
        if self._supply is not None:
            self._supply(True)
            await asyncio.sleep_ms(_SETTLE_MS)
            if self.resting:
                self._supply(False)
                return
        try:
            self._lan.active(True)  # stands still
        except OSError as problem:  # the PHY does not answer
            print("ethernet:", problem)
        self._started = True
        self._since_ms = self._now()

    def _stop(self):
        self._started = self._up = self.linked = False
        try:
            self._lan.active(False)
        except OSError as problem:
            print("ethernet:", problem)
        if self._supply is not None:
            self._supply(False)
