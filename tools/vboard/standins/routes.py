"""Which interface a socket takes when a unit has several; both runtimes. Loaded with the first `network.LAN` or `network.PPP`.

The rules of lwIP under ESP-IDF, as far as a program can feel them:

- Wi-Fi station and Ethernet are interfaces of ESP-IDF: with each event of one of them (link up, address, link down) the one
  of highest priority that is *up* becomes the default, Wi-Fi (100) before Ethernet (50). Up means joined or linked, **also
  without an address**: a Wi-Fi that is joined and gets none takes the route from an Ethernet that works.
- MicroPython's `PPP` is an interface of lwIP alone, which ESP-IDF knows nothing of (its own PPP would have 20). `connect` makes
  it the default at once, before it is connected and whoever else is up, until the next event of Wi-Fi or Ethernet. When it ends
  while it is the default, there is none, though Wi-Fi may be joined, until that next event.
- A new connection without a usable default: OSError(EHOSTUNREACH). One that exists stays with the interface on which it began,
  as its own address says; when that loses its address it is aborted.

Source: ESP-IDF esp_netif_lwip.c (esp_netif_update_default_netif_lwip, esp_netif_down_api), esp_netif_defaults.h, lwIP ip4.c and
ppp.c (ppp_free); MicroPython ports/esp32/network_ppp.c.
"""

from errno import EHOSTUNREACH

import network
from world import world

WIFI = 0
ETHERNET = 1
CELLULAR = 2
HOSTS = ("127.0.0.1", "127.0.0.50", "127.0.0.20")  # our address on each; the virtual board's relays tell them apart by these

_UP = (1, 4)
_HAS = (2, 8, 16)


class NoRoute:
    """A TCP socket where nothing leads anywhere."""

    def setblocking(self, on):
        return None

    settimeout = setblocking

    def setsockopt(self, *_):
        return None

    def connect(self, address):
        raise OSError(EHOSTUNREACH, "EHOSTUNREACH")

    def close(self):
        return None


class Routes:
    """`lan`, `ppp`: the objects of the one LAN and of the PPP that connected last; None without."""

    def __init__(self):
        self.lan = None
        self.ppp = None
        self._seen = self._joined_ms = self._linked_ms = 0
        self._default = None

    def _look(self):
        """Flags of what is up and of what has an address; takes in what the events have done to the default."""
        flags = _station_flags()
        if self.lan is not None:
            flags |= self.lan.flags() << 2
        changed = flags & 15 != self._seen
        self._seen = flags & 15
        if flags & 1 and _radio()._since_ms != self._joined_ms:  # off and on again while nobody looked
            self._joined_ms = _radio()._since_ms
            changed = True
        if flags & 4 and self.lan.linked_ms() != self._linked_ms:
            self._linked_ms = self.lan.linked_ms()
            changed = True
        if changed and flags & 5:
            self._default = WIFI if flags & 1 else ETHERNET
        return flags | (16 if self.ppp is not None and self.ppp.isconnected() else 0)

    def bearer(self):
        """The interface that a new connection takes, WIFI, ETHERNET or CELLULAR; None: no route to host."""
        flags = self._look()
        default = self._default
        return default if default is not None and flags & _HAS[default] else None

    def carries(self, bearer):
        """Does anything get through on this interface now?"""
        if not self._look() & _HAS[bearer]:
            return False
        if bearer == WIFI:
            return world.wifi_mode not in ("no_ap", "dead_path")
        return (self.lan if bearer == ETHERNET else self.ppp).carries()

    def take(self, ppp):
        """`ppp` connects."""
        self._look()
        self.ppp = ppp
        self._default = CELLULAR

    def drop(self, ppp):
        """`ppp` is removed."""
        if self.ppp is ppp:
            self._look()
            self.ppp = None
            if self._default == CELLULAR:
                self._default = None


def _station_flags():
    """1: the station is joined, also without an address; 2: it has one."""
    radio = _radio()
    if radio is None:
        return 0
    if radio.connected():
        return 3
    since_ms = max(radio._since_ms, world.wifi_changed_ms)
    return 1 if radio._wanted and world.wifi_mode == "no_ip" and world.now_ms - since_ms >= world.wifi_join_ms else 0


def station_since_ms():
    """When Wi-Fi got the address that it has; -1 without."""
    return _radio()._since_ms if _station_flags() & 2 else -1


def _radio():
    radio = network.WLAN._radio
    return None if radio is None or radio.world_key != network._world_key() else radio


def of_world():
    """The one Routes of this world; a test that makes a new world gets a new one."""
    if world.routes is None:
        world.routes = Routes()
    return world.routes
