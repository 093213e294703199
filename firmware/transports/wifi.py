"""The Wi-Fi bearer: joins the network, notices when it is gone and climbs a ladder until it is back.

Rules. The interface's own reconnecting is let work first; then it is told to connect again, then switched off and on, and
after the last step `gave_up` says that only a reset is left, which the application decides (the journal makes it safe).
Each step has its time; nothing waits without a bound. Losing Wi-Fi never blocks the loop: it is looked at, not waited for.
"""

import asyncio

from micropython import const

from firmware.core import clock

_LOOK_MS = const(500)  # between two looks; the link itself notices a dead connection by its pings
_RECONNECT_MS = const(10000)  # ESP-IDF's own reconnect takes 1-4 s; DHCP and a busy access point some more
_CYCLES_MAX = const(20)  # rounds of reconnect and off/on, about 7 min: longer than a router takes to restart
_OFF_MS = const(1000)  # interface off: long enough for the access point to notice


class Wifi:
    """`wlan`: a WLAN station interface. `now()`: core.clock ticks. `pm`: power-save mode of the interface, or None to leave it.

    `gave_up`: the ladder was climbed to its end. `drops`, `steps`: how often the network was lost, how many steps were taken.
    `resting`: the radio is off because it was told to be.
    """

    name = "wifi"
    names = ()  # of bearers whose paths may be at fault one by one: with a single one that is the link's fault

    def __init__(self, wlan, ssid, password, now, pm=None):
        self._wlan = wlan
        self._ssid = ssid
        self._password = password
        self._now = now
        self._pm = pm
        self._since_ms = now()
        self._was_up = False
        self._rung = 0
        self._speaking = self._awake = self._saving = False
        self.resting = False
        self.gave_up = False
        self.drops = 0
        self.steps = 0
        self.beat = 0

    def up(self):
        """True while the station is joined and has an address."""
        return self._wlan.isconnected()

    def dns_server(self):
        """The name server that DHCP gave, "a.b.c.d"; None while there is none."""
        server = self._wlan.ifconfig()[3]
        return None if server == "0.0.0.0" else server

    def address(self):
        """Our own IPv4 address, as speech tells it to the far end."""
        return self._wlan.ifconfig()[0]

    def rssi_dbm(self):
        """Signal strength, -127 ... 0 dBm; None while not joined or if the interface will not say."""
        if not self.up():
            return None
        try:
            return self._wlan.status("rssi")
        except (OSError, ValueError):
            return None

    def save_power(self, mode):
        """Sets the power-save mode (WLAN.PM_NONE in a call, PM_POWERSAVE in stand-by) and keeps it over off and on."""
        self._pm = mode
        self._wlan.config(pm=mode)

    def speaking(self, on):
        """Keeps the radio awake while people speak: modem sleep holds packets back until the next beacon, 100 ms and more (FACTS,
        power). A radio that will not say so costs quality, no speech."""
        self._speaking = on
        self._tune()

    def pace(self, awake, saving):
        """What the supply asks for: `awake` for an open call, else `saving`: sleep as long as the access point allows."""
        if awake != self._awake or saving != self._saving:
            self._awake, self._saving = awake, saving
            self._tune()

    def _tune(self):
        wlan = self._wlan
        mode = wlan.PM_NONE if self._speaking or self._awake else wlan.PM_POWERSAVE if self._saving else wlan.PM_PERFORMANCE
        if self.resting:
            self._pm = mode
            return
        try:
            self.save_power(mode)
        except (OSError, ValueError) as problem:
            print("wifi: power save:", problem)

    def rest(self, on):
        """Switches the radio off until told otherwise, and on again: it joins by itself then."""
        if on == self.resting:
            return
        self.resting = on
        self._rung = 0
        self.gave_up = False
        self._was_up = False
        self._since_ms = self._now()
        if not on:
            self._switch_on()
            return
        try:
            self._disconnect()
            self._wlan.active(False)
        except OSError as problem:  # the ladder switches it off and on again
            print("wifi: rest:", problem)

    async def run(self):
        """The bearer's task; ends only when cancelled."""
        if not self.resting:
            self._switch_on()
        while True:
            self.beat += 1
            if not (self._was_up and self.up()):  # while all is well there is nothing to do; awaiting it would leave garbage
                await self._look()
            await asyncio.sleep_ms(_LOOK_MS)

    async def _look(self):
        now_ms = self._now()
        if self.resting:
            return
        if self.up():
            self._was_up = True
            self._rung = 0
            self.gave_up = False
            self._since_ms = now_ms
            return
        if self._was_up:
            self._was_up = False
            self.drops += 1
            self._since_ms = now_ms
        if clock.diff(now_ms, self._since_ms) >= _RECONNECT_MS:
            await self._climb()
            self._since_ms = self._now()

    async def _climb(self):
        """The next rung: connect again, off and on, connect again ... as each helps against other faults."""
        self._rung += 1
        self.steps += 1
        self.gave_up = self._rung >= _CYCLES_MAX * 2
        if self._rung % 2:
            self._disconnect()
            self._connect()
            return
        self._disconnect()
        self._wlan.active(False)
        await asyncio.sleep_ms(_OFF_MS)
        if not self.resting:
            self._switch_on()

    def _switch_on(self):
        try:
            self._wlan.active(True)
            if self._pm is not None:
                self._wlan.config(pm=self._pm)
        except (OSError, RuntimeError) as problem:  # such as no memory for its driver: the next rung comes anyway
            print("wifi:", problem)
        self._connect()

    def _connect(self):
        try:
            self._wlan.connect(self._ssid, self._password)
        except OSError:
            pass  # "wifi internal error" while it is still busy with the last attempt: the next rung comes anyway

    def _disconnect(self):
        try:
            self._wlan.disconnect()
        except OSError:
            pass  # not connected
