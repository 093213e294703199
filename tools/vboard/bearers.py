"""What a board's bearers are connected to: the socket in the wall, the access point, the mobile network, and what that does.

The unit's address tells over which bearer a connection goes (standins/routes.py), so a relay can cut one and leave the
others. What the unit itself notices (no link, no carrier) its stand-ins work out from what they are told here. A board with
Wi-Fi alone is as it always was: its access point takes all relays with it.
"""

from tools.vboard.child import wire
from tools.vboard.errors import BoardError

NAMES = ("wifi", "ethernet", "cellular")
HOSTS = ("127.0.0.1", "127.0.0.50", "127.0.0.20")  # of routes.HOSTS in the stand-ins; a test compares
ETHERNET_MODES = ("ok", "unplugged", "no_dhcp", "dead_path", "no_phy", "old_events")  # of network_lan.MODES
MODEM_MODES = ("ok", "silent", "no_sim", "sim_pin", "wrong_pin", "no_network", "dial_refused", "ppp_refused", "carrier_lost",
               "dead_path")  # of modem.MODES  # fmt: skip
_DEAD = {
    "wifi": ("no_ap", "auth_fail", "no_ip", "dead_path"),
    "ethernet": ("unplugged", "dead_path", "no_phy"),
    "cellular": ("silent", "no_sim", "no_network", "carrier_lost", "dead_path"),  # the others are of the next call
}
_PULSE_MS = 100  # on PWRKEY, high: a transistor pulls the modem's pin low
_OFF_PULSE_MS = 2500


class Bearers:
    """`board`: a VirtualBoard, for its `facts`, `chip`, `relays`, `emit`. `names`: of its bearers, as its file has them.

    `modem_power`: 0 off, 1 on, 2 on and in data mode; it outlives a reset of the chip.
    """

    def __init__(self, board):
        self._board = board
        facts = board.facts
        self.names = tuple(facts.get("bearers") or ("wifi",))
        self._ethernet, self._cellular = facts.get("ethernet") or {}, facts.get("cellular") or {}
        self._modes = {"wifi": "ok", "ethernet": "ok", "cellular": "ok"}
        self._join_ms = self._boot_ms = 300
        self._phy_driven = 0
        self._flight = False
        self.modem_power = 0
        self._modem_on_ms = 0
        self._key_ms = None

    @property
    def phy(self):
        """Has the Ethernet PHY power?"""
        if not self._ethernet:
            return False
        return self._board.chip.powered and (self._ethernet["power"] is None or self._phy_driven == 1)

    def carrying(self):
        """Name of the bearer over which the unit's newest living connection to a broker goes, None without one."""
        hosts = [relay.carrying for relay in self._board.relays if relay.carrying in HOSTS]
        return NAMES[HOSTS.index(hosts[-1])] if hosts else None

    def watch(self):
        """The relays are there: from now on it is told when another bearer carries."""
        told = [None]

        def look():
            name = self.carrying()
            if name != told[0]:
                told[0] = name
                self._board.emit("bearer", bearer=name)

        for relay in self._board.relays:
            relay.on_carrying = look

    # What the world does.

    def set_ethernet(self, mode, join_ms=None):
        """Raises BoardError for what the board does not have, or does not know."""
        self._need("ethernet", mode, ETHERNET_MODES)
        self._modes["ethernet"] = mode
        self._join_ms = self._join_ms if join_ms is None else int(join_ms)
        self._board.chip.tell(wire.ETHERNET, ETHERNET_MODES.index(mode), self._join_ms)
        self.weather()
        self._board.emit("ethernet", mode=mode)

    def set_modem(self, mode, boot_ms=None):
        self._need("cellular", mode, MODEM_MODES)
        self._modes["cellular"] = mode
        self._boot_ms = self._boot_ms if boot_ms is None else int(boot_ms)
        self._tell_modem()
        self.weather()
        self._board.emit("modem", mode=mode)

    def set_wifi(self, mode):
        """The radio has been told; here is what it does to traffic."""
        self._modes["wifi"] = mode
        self.weather()

    def has_others(self):
        return self.names != ("wifi",)

    def heal(self):
        if "ethernet" in self.names:
            self.set_ethernet("ok")
        if "cellular" in self.names:
            self.set_modem("ok")

    def _need(self, name, mode, modes):
        if name not in self.names:
            raise BoardError(f"{name}: this board file has no such bearer (`bearers`)")
        if mode not in modes:
            raise BoardError(f"{name} mode {mode!r}: one of {', '.join(modes)} wanted")

    def weather(self):
        """Which addresses get through, as things stand now."""
        for name, host in zip(NAMES, HOSTS, strict=True):
            dead = self._modes[name] in _DEAD[name]
            if name == "wifi" and not self.has_others():
                dead = self._modes[name] == "dead_path"
            elif name == "ethernet":
                dead = dead or (bool(self._ethernet) and not self.phy)
            elif name == "cellular":
                dead = dead or self._flight
            for relay in self._board.relays:
                if not dead:
                    relay.revive(host)
                elif not relay.is_dead(host):
                    relay.kill(host)

    # What the chip does.

    def settings(self):
        """What the child has to know before it starts."""
        pins = {name: self._cellular[name] for name in ("tx", "rx", "baud")} if "cellular" in self.names else None
        return {"bearers": self.has_others(), "cellular": pins}

    def settle(self):
        """The child is new: it is told everything."""
        chip = self._board.chip
        self._phy_driven = 0
        if "ethernet" in self.names:
            chip.tell(wire.ETHERNET, ETHERNET_MODES.index(self._modes["ethernet"]), self._join_ms)
        if "cellular" in self.names:
            if not self._cellular.get("pwrkey") and not self.modem_power:
                self._switch_modem(1)
            self._tell_modem()
            self._tell_modem_power()
        self.weather()

    def power_lost(self):
        """Everything on the board is without power."""
        self._switch_modem(0)
        self._key_ms = None
        self._phy_driven = 0

    def took(self, index, has_address):
        """The unit's Ethernet or PPP has got its address, or lost it."""
        if not has_address:
            self._abandon(NAMES[index])

    def radio(self, on):
        if not on and self.has_others():
            self._abandon("wifi")

    def _abandon(self, name):
        for relay in self._board.relays:
            relay.abandon(HOSTS[NAMES.index(name)])

    def modem_said(self, state):
        """It takes commands (0), is in data mode (1), has switched itself off (2)."""
        self._switch_modem(0 if state == 2 else 1 + state)

    def output(self, pin, level):
        """A pin that the unit drives, -1 when it lets go: the PHY's power, the modem's key and its flight mode."""
        if pin == self._ethernet.get("power"):
            self._phy_driven = level
            self.weather()
            self._board.emit("phy", on=self.phy)
        elif pin == self._cellular.get("pwrkey"):
            self._press_key(level)
        elif pin == self._cellular.get("flight"):
            self._flight = level == 0
            self._tell_modem()
            self.weather()

    def _press_key(self, level):
        now_ms = self._board.now_ms() if self._board.chip.frame_ms is None else self._board.chip.frame_ms
        if level == 1:
            self._key_ms = now_ms
            return
        if self._key_ms is None:
            return
        held_ms, self._key_ms = now_ms - self._key_ms, None
        if self.modem_power and held_ms >= _OFF_PULSE_MS:
            self._switch_modem(0)
        elif not self.modem_power and held_ms >= _PULSE_MS:
            self._switch_modem(1)
        else:
            return
        self._tell_modem_power()

    def _switch_modem(self, power):
        if bool(power) != bool(self.modem_power):
            self._modem_on_ms = self._board.now_ms()
            self._board.emit("modem_power", on=bool(power))
        self.modem_power = power
        if self._cellular.get("status") is not None:
            self._board.chip.tell(wire.LEVEL, self._cellular["status"], 1 if power else 0)

    def _tell_modem(self):
        mode = "no_network" if self._flight and self._modes["cellular"] == "ok" else self._modes["cellular"]
        self._board.chip.tell(wire.MODEM, MODEM_MODES.index(mode), self._boot_ms)

    def _tell_modem_power(self):
        age_ms = self._board.now_ms() - self._modem_on_ms
        self._board.chip.tell(wire.MODEM_POWER, self.modem_power, age_ms)
        if self._cellular.get("status") is not None:
            self._board.chip.tell(wire.LEVEL, self._cellular["status"], 1 if self.modem_power else 0)

    # Looking.

    def extra_ma(self, loads):
        """What PHY and modem draw beside chip and radio, by the table of loads; a load that it does not have counts 0."""
        return (loads["ethernet"] if self.phy else 0) + (loads.get("cellular", 0) if self.modem_power else 0)

    def status(self):
        """Its fields of the board's status."""
        return {
            "bearer": self.carrying(),
            "ethernet": self._modes["ethernet"] if "ethernet" in self.names else None,
            "phy": self.phy if self._ethernet else None,
            "modem": self._modes["cellular"] if "cellular" in self.names else None,
            "modem_power": bool(self.modem_power) if "cellular" in self.names else None,
        }
