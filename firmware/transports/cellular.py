"""The cellular bearer: a modem on a serial port, PPP over it. Only for boards that have one.

Rules. core.modem says what is written to the modem and when; this carries it out, and hands the port to PPP for the time of a
data call. Nothing here waits: the port is read as far as it has something, PPP negotiates by itself. While another bearer
carries, the modem is kept registered, so that it dials within seconds; on battery it is off then, unless a call is open.

PPP does not notice a modem that falls silent, nor a network behind it that is dead: the link does, by its pings. From the moment
when it is dialled PPP has the route, whoever else is up (`dials` counts these). Needs MicroPython 1.26: before, ending PPP
blocked for seconds. Source: MicroPython ports/esp32/network_ppp.c (read); docs/bearers.md.
"""

import asyncio

from micropython import const

from firmware.core import modem as dialogue

_QUICK_MS = const(100)  # while it talks with the modem
_LOOK_MS = const(500)
_FAILURES_MAX = const(12)  # in a row, about 12 min; the modem was switched off and on four times
_LINE_MAX = const(256)  # bytes; answers have 100 at most
_NO_ADDRESS = "0.0.0.0"


class Cellular:
    """`uart`: machine.UART with the modem on it; `ppp`: network.PPP on that; `key(level)`: presses the modem's power key, None
    if it is not wired; `settings`: apn, pin, user, password; `now()`: ticks of core.clock. The same interface as
    transports.wifi.Wifi.

    `dials`: how often PPP was dialled, and has taken the route; `trouble`: why the modem is not ready, "".
    """

    name = "cellular"

    def __init__(self, uart, ppp, key, settings, now):
        self._uart = uart
        self._ppp = ppp
        self._key = key
        self._user = settings["user"]
        self._password = settings["password"]
        self._now = now
        self._modem = dialogue.Modem(settings["apn"], settings["pin"], key is not None)
        self._goal = dialogue.OFF
        self._saving = self._up = self._rested = False
        self._line = b""
        self.resting = False
        self.drops = self.steps = self.beat = self.dials = 0

    def up(self):
        """True while PPP is connected."""
        return not self.resting and (self._up or self._modem.state == dialogue.JOINING and self._ppp.isconnected())

    def dns_server(self):
        """The name server that the network gave, "a.b.c.d"; None while there is none."""
        server = self._ppp.ifconfig()[3] if self.up() else _NO_ADDRESS  # before, it is that of another bearer
        return None if server == _NO_ADDRESS else server

    def address(self):
        """Our own IPv4 address."""
        return self._ppp.ifconfig()[0] or _NO_ADDRESS

    def rssi_dbm(self):
        """Strength of the signal when the modem last told it, -113 ... -51 dBm; None if it is not known."""
        return self._modem.dbm

    @property
    def gave_up(self):
        return not self.resting and self._modem.failures >= _FAILURES_MAX

    @property
    def trouble(self):
        """Why it is not ready, once it has failed twice; else ""."""
        return self._modem.trouble if self._modem.failures > 1 else ""

    def speaking(self, on):
        pass

    def pace(self, awake, saving):
        self._saving = saving

    def rest(self, on):
        """Ends the data call until told otherwise, or dials; in the next turn of the task."""
        self.resting = on
        if on:
            self._rested = True  # also if it is to dial again before the task has looked: then it dials anew, for the route
            self._up = False

    async def run(self):
        """The bearer's task; ends only when cancelled."""
        while True:
            self.beat += 1
            self._step()
            calm = self._modem.state in (dialogue.OFF, dialogue.READY, dialogue.DATA)
            await asyncio.sleep_ms(_LOOK_MS if calm else _QUICK_MS)

    def _step(self):
        goal = dialogue.DATA
        if self.resting or self._rested:
            goal = dialogue.OFF if self._saving and self.resting else dialogue.READY
        self._rested = False
        if goal != self._goal:
            self._goal = goal
            self._tell(dialogue.GOAL, goal)
        state = self._modem.state
        if state in (dialogue.JOINING, dialogue.DATA):
            self._watch_ppp(state)
        elif state != dialogue.OFF:
            self._read()
        self._tell(dialogue.TICK)
        self._up = not self.resting and self._modem.state == dialogue.DATA

    def _watch_ppp(self, state):
        connected = self._ppp.isconnected()
        if state == dialogue.JOINING:
            if connected:
                self._tell(dialogue.JOINED)
            elif self._ppp.status() < 0:
                self._tell(dialogue.ENDED)
        elif not connected:
            self.drops += 1
            self._tell(dialogue.ENDED)

    def _read(self):
        """Hands every whole line on, without its ends."""
        got = self._uart.read()
        if not got:
            return
        lines = (self._line + got).split(b"\n")
        self._line = lines.pop()[-_LINE_MAX:]
        for line in lines:
            try:
                text = line.strip().decode()
            except (UnicodeError, ValueError):
                continue  # what is left of a data call
            if text:
                self._tell(dialogue.LINE, text)

    def _tell(self, event, *data):
        for action in self._modem.handle(event, self._now(), *data):
            verb = action[0]
            if verb == "WRITE":
                self._write(action[1])
            elif verb == "KEY":
                self._key(action[1])
            elif verb == "JOIN":
                self._join()
            elif verb == "LEAVE":
                self._ppp.disconnect()
            elif action[1]:
                self.steps += 1
                print("cellular:", action[1])

    def _write(self, text):
        if self._ppp.active():  # a modem that was silent did not let it end; else it would read the answers
            self._ppp.active(False)
        self._uart.write(text.encode())

    def _join(self):
        self.dials += 1
        ppp = self._ppp
        try:
            if self._user is None:
                ppp.connect()
            else:  # networks want one or the other, and few say which
                security = ppp.SEC_PAP if self._modem.failures % 2 else ppp.SEC_CHAP
                ppp.connect(security=security, user=self._user, key=self._password or "")
        except OSError as problem:  # the bound of the step ends it
            print("cellular: ppp:", problem)
