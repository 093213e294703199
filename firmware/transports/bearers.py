"""Several bearers as one: the same interface as transports.wifi.Wifi has, and behind it whichever core.bearers has chosen.

Rules. This looks four times a second at what is there (networks, link, calls), tells core.bearers, and does what that says. A
bearer that shall not be used is switched off, because ESP-IDF chooses the route by itself: the Wi-Fi station before Ethernet,
and PPP before both at the moment when it is dialled. Who loses the route to another that is then switched off has to join or
dial anew to have it back. The link is told when its connection leads nowhere any more. Loaded only by units that have more than
Wi-Fi.
"""

import asyncio

from micropython import const

from firmware.core import bearers as rules
from firmware.core import clock

_LOOK_MS = const(250)
_GIVE_UP_MS = const(900000)  # nobody has had a network for so long: longer than a router takes to restart, and a modem twice


class Bearers:
    """`parts`: bearers in order of preference, each like transports.wifi.Wifi, a cellular one with `dials`; `shell`:
    shell.Shell with all of its parts once `run` begins; `now()`: ticks of core.clock.

    `name`: of the one that carries. `gave_up`: no bearer has had a network for a quarter of an hour: only a reset is left.
    """

    def __init__(self, parts, shell, now):
        self._parts = parts
        self._shell = shell
        self._now = now
        self.names = names = []
        for part in parts:
            names.append(part.name)
            part.rest(True)
        self._rules = rules.Bearers(names)
        self._seen = [False] * len(parts)  # who was up when last looked at
        self._beats = [0] * len(parts)
        self._online = self._called = self._busy = self._saving = False
        self._connects = None  # of the link, while one is dialled to prove a bearer
        self._made = 0  # connections of the link, when last looked at
        self._dials = 0  # of the cellular bearer, when another last had, or may have had, the route
        self._least = 0  # when another last had it for certain
        self._last = 0  # when last looked at
        self._up_ms = now()  # when any was last up
        self._trouble = ""  # of a modem that is not used, as told last
        self._failed = False  # it is at fault because it was used, which only use can mend
        self.name = names[0]
        self.resting = self.gave_up = False
        self.beat = 0

    # --- what the link, the supply and speech ask

    def up(self):
        return self._part().up()

    def dns_server(self):
        return self._part().dns_server()

    def address(self):
        return self._part().address()

    def rssi_dbm(self):
        return self._parts[self._rules.carrier].rssi_dbm()

    def speaking(self, on):
        for part in self._parts:
            part.speaking(on)

    def pace(self, awake, saving):
        """As of Wifi; and what costs too much on battery is left when nobody needs it."""
        for part in self._parts:
            part.pace(awake, saving)
        if not awake and saving != self._saving:
            self._saving = saving
            self._tell(rules.ON_BATTERY if saving else rules.ON_MAINS)

    def rest(self, on):
        """All of them."""
        if on != self.resting:
            self.resting = on
            self._up_ms = self._now()
            self.gave_up = False
            self._tell(rules.RESTED if on else rules.WOKEN)

    @property
    def drops(self):
        count = 0
        for part in self._parts:
            count += part.drops
        return count

    @property
    def steps(self):
        count = 0
        for part in self._parts:
            count += part.steps
        return count

    def _part(self):
        """Who has, or is to have, what is dialled now."""
        carrier, coming = self._rules.carrier, self._rules.coming
        proving = self._rules.state == rules.PROVING
        if coming is not None and self._parts[coming].up() and (proving or not self._parts[carrier].up()):
            return self._parts[coming]
        return self._parts[carrier]

    # --- the task

    async def run(self):
        """The bearers' task, and those of all parts. Ends when cancelled, or with the error of a part; `beat` grows while all of
        them work."""
        self._settle()
        tasks = []
        for part in self._parts:
            tasks.append(asyncio.create_task(part.run()))
        try:
            await asyncio.sleep_ms(0)
            if not self.resting and self._rules.state == rules.RESTING:
                self._tell(rules.WOKEN)
            while True:
                for task in tasks:
                    if task.done():
                        await task
                        raise RuntimeError("the task of a bearer has ended")
                self._look()
                self._watch_beats()
                await asyncio.sleep_ms(_LOOK_MS)
        finally:
            for task in tasks:
                task.cancel()

    def _settle(self):
        """After an error between two actions: who is on, and what of the link is known, is as the rules have it."""
        chosen = self._rules
        for i, part in enumerate(self._parts):
            part.rest(chosen.state == rules.RESTING or i not in (chosen.carrier, chosen.coming))
        self._online = self._shell.link.online
        self._tell(rules.ONLINE if self._online else rules.OFFLINE)

    def _watch_beats(self):
        for i, part in enumerate(self._parts):
            if part.beat == self._beats[i]:
                return
        for i, part in enumerate(self._parts):
            self._beats[i] = part.beat
        self.beat += 1

    def _look(self):
        shell = self._shell
        beside_wifi = self._parts[self._rules.carrier].name == "wifi"
        network = self.resting
        for i, part in enumerate(self._parts):
            up = not part.resting and part.up()
            network = network or up
            if beside_wifi and part.name == "ethernet" and not part.resting:
                up = up or part.linked
            if up != self._seen[i]:
                self._seen[i] = up
                self._tell_of(rules.UP if up else rules.DOWN, i)
        dials = self._dialled()
        if dials != self._last:
            self._last = dials
            self._tell(rules.DIALLED)
        online = shell.link.online  # after the bearers: a link over one that has come just now is none over the carrier
        if online != self._online:
            self._online = online
            self._tell(rules.ONLINE if online else rules.OFFLINE)
        self._made = shell.link.counters["connects"]
        called = shell.calls.waiting()
        if called != self._called:
            self._called = called
            self._tell(rules.CALLED if called else rules.SERVED)
        busy = len(shell.calls.open) > 0 or shell.talk.active
        if busy != self._busy:
            self._busy = busy
            self._tell(rules.BUSY if busy else rules.CALM)
        if self._rules.state == rules.PROVING:
            self._watch_proof()
        self._watch_idle()
        self._tell(rules.TICK)
        now_ms = self._now()
        if network:
            self._up_ms = now_ms
        self.gave_up = clock.diff(now_ms, self._up_ms) >= _GIVE_UP_MS

    def _watch_idle(self):
        """A modem that is not used says in time that it could not be: no SIM, no network."""
        for part in self._parts:
            if part.name == "cellular" and part.resting and part.trouble != self._trouble:
                if part.trouble and not self._trouble:
                    self._shell.reports.fault("path", part.name, True)
                elif not part.trouble and not self._failed:
                    self._shell.reports.fault("path", part.name, False)
                self._trouble = part.trouble

    def _watch_proof(self):
        link = self._shell.link
        if self._connects is None:
            if link.go_over(link.path):
                self._connects = link.counters["connects"]
        elif link.counters["connects"] != self._connects:
            self._tell(rules.JOINED)
        elif not link.going_over:
            self._tell(rules.FAILED)

    # --- what the rules say

    def _tell(self, event):
        self._obey(self._rules.handle(event, self._now()))

    def _tell_of(self, event, index):
        if event == rules.UP and self._parts[index].name != "cellular":
            self._dials = self._dialled()
            self._least = self._last  # a modem that was dialled since may have been before it, or after
        self._obey(self._rules.handle(event, self._now(), index))

    def _obey(self, actions):
        for action in actions:
            verb = action[0]
            if verb == "ON":
                if self.names[action[1]] != "cellular":
                    self._dials = self._dialled()
                self._parts[action[1]].rest(False)
            elif verb == "OFF":
                self._switch_off(action[1])
            elif verb == "GO_OVER":
                self._connects = None
            elif verb == "STAY":
                self._shell.link.stay()
            elif verb == "FAULT":
                name = self._parts[action[1]].name
                if name == "cellular":
                    self._failed = action[2]
                self._shell.reports.fault("path", name, action[2])
            else:
                self._carry(*action[1:])

    def _switch_off(self, index):
        part = self._parts[index]
        part.rest(True)
        self._seen[index] = False
        carrier = self._parts[self._rules.carrier]
        if part is carrier or carrier.resting:
            return
        if carrier.name == "cellular":
            anew = self._dialled() == self._dials
        else:
            anew = part.name == "cellular" and self._dialled() != self._least
        if anew:  # the route went, or may have gone, to the other, and does not come back by itself
            carrier.rest(True)
            carrier.rest(False)

    def _dialled(self):
        for part in self._parts:
            if part.name == "cellular":
                return part.dials
        return 0

    def _carry(self, index, was, why, anew):
        self.name = self._parts[index].name
        print("bearer: %s (%s)" % (self.name, why))
        link = self._shell.link
        if anew:
            if self._online or not link.online or link.counters["connects"] == self._made:  # else it is new, and over this one
                link.renew()
            self._online = False
        self._shell.reports.note("bearer", {"bearer": self.name, "was": None if was is None else self._parts[was].name,
                                            "why": why}, "bearer")
