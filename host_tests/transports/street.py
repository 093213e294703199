"""A whole set of real bearers in the stand-ins' world, with a link that dials by the routes there, in counted time; CPython only.

`Street(names)`: `play(acts, seconds)` runs it; acts are (second, function). The link is the one thing that is simple here: it
dials what `routes` gives, loses what is aborted at once and what is dead after 15 s, and goes over when it is asked to.
"""

import asyncio
import heapq

import machine
import network
import routes

from firmware.transports.bearers import Bearers
from firmware.transports.cellular import Cellular
from firmware.transports.ethernet import Ethernet
from firmware.transports.wifi import Wifi
from host_tests.transports.beds import new_world, now
from host_tests.transports.test_cellular import KEY, SETTINGS
from host_tests.transports.test_ethernet import POWER

_DIAL_MS = 800
_DIAL_LIMIT_MS = 10000
_DEAD_MS = 15000
_TURN_MS = 100
_SECOND_TRY_MS = 2000


class Dial:
    def __init__(self):
        self.over = routes.of_world().bearer()  # None: no route
        self.since_ms = machine.world.now_ms
        self.silent_ms = 0


class Link:
    """As transports.link.Link for bearers."""

    def __init__(self):
        self.online = self.going_over = False
        self.path = 0
        self.counters = {"connects": 0}
        self.bearer = None
        self._conn = self._dial = None
        self._again_ms = 0

    @property
    def over(self):
        return None if self._conn is None else self._conn.over

    def renew(self):
        self._conn = self._dial = None
        self.online = self.going_over = False
        self._again_ms = 0

    def go_over(self, path):
        if self._conn is None or self._dial is not None:
            return False
        self._dial = Dial()
        self.going_over = True
        return True

    def stay(self):
        if self.going_over:
            self._dial = None
            self.going_over = False

    async def run(self):
        while True:
            self.step(machine.world.now_ms)
            await asyncio.sleep_ms(_TURN_MS)

    def step(self, now_ms):
        routes.of_world().bearer()  # the stand-in takes events in when it is asked
        if self._conn is not None:
            self._watch(now_ms)
        if self._dial is not None:
            self._follow(now_ms)
        elif self._conn is None and now_ms >= self._again_ms and self.bearer.up():
            self._dial = Dial()

    def _watch(self, now_ms):
        conn = self._conn
        if not has_address(conn.over):
            conn.silent_ms = _DEAD_MS
        conn.silent_ms = 0 if routes.of_world().carries(conn.over) else conn.silent_ms + _TURN_MS
        if conn.silent_ms >= _DEAD_MS or not has_address(conn.over):
            self._conn = None
            self.online = False

    def _follow(self, now_ms):
        dial = self._dial
        waited_ms = now_ms - dial.since_ms
        lost = dial.over is None or not has_address(dial.over)
        if not lost and waited_ms >= _DIAL_MS and routes.of_world().carries(dial.over):
            self._conn, self._dial = dial, None
            self.online, self.going_over = True, False
            self.counters["connects"] += 1
        elif lost or waited_ms >= _DIAL_LIMIT_MS:
            self._dial = None
            self.going_over = False
            self._again_ms = now_ms + _SECOND_TRY_MS


def has_address(bearer):
    return bool(routes.of_world()._look() & routes._HAS[bearer])


class Calls:
    """One call at a time; it has its receipt once the link is up and carries, a second long. `waits_ms`: of the one that waits,
    in all; `since_ms`: when it was raised."""

    def __init__(self, link):
        self.open = []
        self.link = link
        self.since_ms = None
        self._well_ms = 0

    def waiting(self):
        return self.since_ms is not None

    def press(self):
        if not self.open:
            self.open.append(1)
            self.since_ms = machine.world.now_ms

    def clear(self):
        if self.since_ms is None:
            self.open.clear()

    async def run(self):
        while True:
            well = self.link.online and routes.of_world().carries(self.link.over)
            self._well_ms = self._well_ms + _TURN_MS if well else 0
            if self._well_ms >= 1000:
                self.since_ms = None
            await asyncio.sleep_ms(_TURN_MS)


class Thing:
    pass


class Street:
    def __init__(self, names):
        new_world()
        self.said = []
        self.faults = {}
        self.link = Link()
        self.calls = Calls(self.link)
        shell = Thing()
        shell.link, shell.calls = self.link, self.calls
        shell.talk, shell.reports = Thing(), self
        shell.talk.active = False
        self.shell = shell
        self.parts = {name: getattr(self, "_" + name)() for name in names}
        self.bearers = self.link.bearer = Bearers(list(self.parts.values()), shell, now)
        self.battery = False

    # as reports.Reports
    def fault(self, name, source, is_open):
        self.faults[source] = is_open

    def note(self, name, fields, key):
        self.said.append((machine.world.now_ms, fields["bearer"], fields["why"]))

    def _wifi(self):
        return Wifi(network.WLAN(network.STA_IF), "a", "b", now)

    def _ethernet(self):
        power = machine.Pin(POWER, machine.Pin.OUT, value=1)
        lan = network.LAN(mdc=machine.Pin(23), mdio=machine.Pin(18), power=power, phy_type=network.PHY_LAN8720, phy_addr=0,
                          ref_clk=machine.Pin(17), ref_clk_mode=machine.Pin.OUT)
        return Ethernet(lan, network.ETH_CONNECTED, power.value, now)

    def _cellular(self):
        uart = machine.UART(1, baudrate=115200, tx=27, rx=26, rxbuf=4096, txbuf=4096)
        key = machine.Pin(KEY, machine.Pin.OUT, value=0)
        pressed = []

        def press(level):
            key.value(level)
            if level:
                pressed.append(machine.world.now_ms)
            elif machine.world.now_ms - pressed[-1] >= 2500:
                machine.world.modem_power(False)
            elif not machine.world.bearers[8]:
                machine.world.modem_power(True)

        return Cellular(uart, network.PPP(uart), press, SETTINGS, now)

    def supply(self, battery):
        self.battery = battery

    async def _power(self):
        """As firmware/power.py: full for a call, else calm on battery."""
        told = None
        while True:
            full = len(self.calls.open) > 0
            wanted = full, self.battery and not full
            if wanted != told:
                told = wanted
                self.bearers.pace(*wanted)
            await asyncio.sleep_ms(_TURN_MS)

    def play(self, seconds, watch):
        """Runs for so long, in counted time; `watch(second)` is called once a second, and ends it with True."""
        slept = asyncio.sleep_ms
        due = []
        count = 0
        end_ms = machine.world.now_ms + seconds * 1000

        def sleep(ms):
            nonlocal count
            count += 1
            future = asyncio.get_running_loop().create_future()
            heapq.heappush(due, (machine.world.now_ms + ms, count, future))
            return future

        async def look():
            second = 0
            while not watch(second):
                second += 1
                await asyncio.sleep_ms(1000)

        async def run():
            works = self.bearers.run(), self.link.run(), self.calls.run(), self._power(), look()
            tasks = [asyncio.create_task(one) for one in works]
            try:
                while machine.world.now_ms < end_ms:
                    for _ in range(4):
                        await slept(0)
                    for task in tasks:
                        if task.done():
                            return task.result()
                    at_ms, _, future = heapq.heappop(due)
                    if at_ms > machine.world.now_ms:
                        machine.world.advance(at_ms - machine.world.now_ms)
                    if not future.done():
                        future.set_result(None)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.sleep_ms = sleep
        try:
            asyncio.run(run())
        finally:
            asyncio.sleep_ms = slept
