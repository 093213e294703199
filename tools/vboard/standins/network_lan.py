"""`network.LAN` as the ESP32 has it, over the chip's own Ethernet controller; both runtimes. There is one, whoever asks.

What it is plugged into comes from `world`: the mode by `ethernet(mode)`, one of MODES. Blocking calls block, and no Python runs
meanwhile, no interrupt handler either (they queue up, 8 deep):

- `LAN(...)`: 100 ms if it has a power pin, which it drives high **and never low again**; a PHY that does not answer takes 100 ms
  more, raises OSError, and nothing but a reset makes another try possible.
- `active(True)`: until auto-negotiation is done, 1.8 s here; **4 s without a cable**.

The link is looked at every 2 s: so long may a cable be out before anything tells. `active(False)` stops the controller; the
PHY keeps its power until somebody drives its pin low. A PHY without power reads as all ones: a link that seems up and carries
nothing.

| mode | what happens |
|---|---|
| `ok` | link, and an address `ethernet_join_ms` later |
| `unplugged` | no link |
| `no_dhcp` | link, and never an address |
| `dead_path` | link and address, and nothing gets through |
| `no_phy` | the PHY does not answer |
| `old_events` | as `ok`, under MicroPython before 1.29: once Wi-Fi gets an address, `status` and `isconnected` are wrong |

Source: MicroPython ports/esp32/network_lan.c (1.29, and issue 19123); ESP-IDF esp_eth.c, esp_eth_phy_802_3.c, lan87xx.
"""

import outside
import routes
from world import world

PHY_LAN8710 = 0
PHY_LAN8720 = 1
PHY_IP101 = 2
PHY_RTL8201 = 3
PHY_DP83848 = 4
PHY_KSZ8041 = 5
PHY_KSZ8081 = 6
PHY_LAN8670 = 7
PHY_GENERIC = 8
ETH_INITIALIZED = 0
ETH_STARTED = 1
ETH_STOPPED = 2
ETH_CONNECTED = 3
ETH_DISCONNECTED = 4
ETH_GOT_IP = 5

MODES = ("ok", "unplugged", "no_dhcp", "dead_path", "no_phy", "old_events")

_POWER_MS = 100
_ASK_MS = 100  # a PHY that does not answer: so long is it asked to wake up; also one step of waiting for the negotiation
_NEGOTIATE_MS = 1800  # IEEE 802.3, 28: the link is broken for 1.2 to 1.5 s first
_NEGOTIATE_LIMIT_MS = 4000
_LINK_LOOK_MS = 2000
_NO_ADDRESS = "0.0.0.0"
_KNOWN = ("mdc", "mdio", "reset", "power", "phy_addr", "phy_type", "spi", "cs", "int", "ref_clk_mode", "ref_clk")


def LAN(number=None, **settings):  # noqa: N802 - the board's name
    """The one interface; once it is there, whatever is asked for. Raises TypeError, ValueError, OSError as the board."""
    kept = routes.of_world()
    if kept.lan is not None and kept.lan.is_made:
        return kept.lan
    if "id" in settings:
        number = settings.pop("id")
    for name in settings:
        if name not in _KNOWN:
            raise TypeError("extra keyword arguments given")
    for name in ("phy_addr", "phy_type"):
        if name not in settings:
            raise TypeError("'%s' argument required" % name)
    if number not in (None, 0):
        raise ValueError("invalid LAN interface identifier")
    if not 0 <= settings["phy_addr"] <= 31:
        raise ValueError("invalid phy address")
    if settings["phy_type"] not in range(9):
        raise ValueError("invalid phy type")
    if kept.lan is None:
        kept.lan = _Lan()
    kept.lan.make(settings)
    return kept.lan


class _Lan:
    def __init__(self):
        self.is_made = False
        self._was_tried = False
        self._power = None
        self._active = self._link = self._address = False
        self._status = ETH_INITIALIZED
        self._at_ms = self._ready_ms = self._linked_ms = self._got_ms = 0
        self._lost = 0
        self._mac = bytes(world.unique_id[:5]) + bytes((world.unique_id[5] + 3 & 255,))  # ESP32: the fourth of the chip

    def make(self, settings):
        power = settings.get("power")
        if power is not None:
            from machine import Pin

            self._power = power if isinstance(power, int) else power.n
            Pin(self._power, Pin.OUT, value=1)
            world.block(_POWER_MS)
        if settings.get("mdc") is None or settings.get("mdio") is None:
            raise ValueError("mdc and mdio must be specified")
        if self._was_tried:  # the first try has left its network interface behind: there is no second of that name
            raise OSError("esp_netif_attach failed" if self._answers() else "esp_eth_driver_install failed")
        self._was_tried = True
        if not self._answers():
            world.block(_ASK_MS)
            raise OSError("esp_eth_driver_install failed")
        self.is_made = True

    def active(self, on=None):
        if on is not None and bool(on) != self._active:
            if on:
                self._start()
            else:
                self._stop()
        return self._active

    def _start(self):
        self._at_ms = world.now_ms
        self._active = True
        self._lost = world.bearers[outside.ETHERNET_LOST]
        self._link = False
        self._status = ETH_STARTED
        if not self._answers():
            world.block(_ASK_MS)
            self._up(world.now_ms)
            return
        plugged = self._plugged()
        world.block(_NEGOTIATE_MS if plugged else _NEGOTIATE_LIMIT_MS)
        self._at_ms = self._ready_ms = world.now_ms
        if plugged and self._lost == world.bearers[outside.ETHERNET_LOST]:
            self._up(self._ready_ms)

    def _stop(self):
        self._active = self._link = False
        self._lose_address()
        self._status = ETH_STOPPED

    def _up(self, at_ms):
        self._link = True
        self._linked_ms = at_ms
        self._status = ETH_CONNECTED

    def _lose_address(self):
        if self._address:
            self._address = False
            world.tell_bearer(routes.ETHERNET, 0)

    def _mode(self):
        return MODES[world.bearers[outside.ETHERNET_MODE]]

    def _plugged(self):
        return self._mode() != "unplugged"

    def _answers(self):
        """Has the PHY power, and does it speak?"""
        return self._mode() != "no_phy" and (self._power is None or world.level(self._power) == 1)

    def _next_look_ms(self, at_ms):
        """When the driver looks at the link for the first time from `at_ms` on."""
        return self._at_ms + -(-(at_ms - self._at_ms) // _LINK_LOOK_MS) * _LINK_LOOK_MS

    def _work_out(self):
        if not self._active:
            return
        now_ms, changed_ms = world.now_ms, world.bearers[outside.ETHERNET_CHANGED]
        lost = world.bearers[outside.ETHERNET_LOST]
        if lost != self._lost:
            if not self._plugged() and now_ms < self._next_look_ms(changed_ms):
                return
            self._lost = lost
            if self._link:
                self._link = False
                self._status = ETH_DISCONNECTED
            self._lose_address()
        if not self._link and self._plugged() and self._answers():
            up_ms = self._next_look_ms(max(self._ready_ms, changed_ms + _NEGOTIATE_MS))
            if now_ms >= up_ms:
                self._up(up_ms)
        if self._link and not self._address and self._answers() and self._mode() != "no_dhcp":
            got_ms = max(self._linked_ms, changed_ms) + world.bearers[outside.ETHERNET_JOIN]
            if now_ms >= got_ms:
                self._address = True
                self._got_ms = got_ms
                self._status = ETH_GOT_IP
                world.tell_bearer(routes.ETHERNET, 1)

    def flags(self):
        """For routes: 1 linked, 2 has an address."""
        self._work_out()
        return (1 if self._link else 0) | (2 if self._address else 0)

    def linked_ms(self):
        """For routes: when the link came up."""
        return self._linked_ms

    def carries(self):
        return self._answers() and self._mode() not in ("unplugged", "dead_path")

    def status(self):
        self._work_out()
        if self._mode() == "old_events" and self._status == ETH_GOT_IP and routes.station_since_ms() > self._got_ms:
            return ETH_STARTED
        return self._status

    def isconnected(self):
        return self._active and self.status() == ETH_GOT_IP

    def ifconfig(self, settings=None):
        """(address, mask, gateway, DNS server); zeros without an address."""
        if settings is not None:
            return None
        self._work_out()
        if not self._address:
            return (_NO_ADDRESS,) * 4
        return routes.HOSTS[routes.ETHERNET], "255.255.255.0", routes.HOSTS[routes.ETHERNET], world.wifi_dns

    def ipconfig(self, name=None, **settings):
        if name is None:
            return None
        address, mask, gateway, _ = self.ifconfig()
        answers = {"addr4": (address, mask), "gw4": gateway, "dhcp4": self._active}
        if name not in answers:
            raise ValueError("unexpected key")
        return answers[name]

    def config(self, name=None, **settings):
        if settings:
            if "mac" in settings:
                if len(settings["mac"]) != 6:
                    raise ValueError("invalid buffer length")
                self._mac = bytes(settings["mac"])
            return None
        if name == "mac":
            return self._mac
        if name == "ifname":
            return "en1"
        raise ValueError("unknown config param")
