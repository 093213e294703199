"""`network.WLAN` as the ESP32 has it: joining takes time, a lost access point is retried for ever, errors are status numbers.

The radio's conditions come from `world` (`wifi_mode`, `wifi_join_ms`, `wifi_rssi_dbm`); the state is worked out when asked,
so nothing runs in the background. `LAN` and `PPP` are in modules of their own, loaded for the first of them.
Mode `dead_path`: joined, with an address, and nothing gets through. Source: MicroPython ports/esp32/network_wlan.c (behaviour).
"""

from world import world

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_BEACON_TIMEOUT = 200
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_ASSOC_FAIL = 203
STAT_CONNECT_FAIL = 203
STAT_HANDSHAKE_TIMEOUT = 204

_FAILURES = {"no_ap": STAT_NO_AP_FOUND, "auth_fail": STAT_WRONG_PASSWORD}
_NO_ADDRESS = "0.0.0.0"


class WLAN:
    """Station interface. Two objects share one radio, as on the board."""

    IF_STA = 0
    IF_AP = 1
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2
    _radio = None

    def __init__(self, interface=0):
        if interface != STA_IF:
            raise ValueError("invalid WLAN interface identifier")
        if WLAN._radio is None or WLAN._radio.world_key != _world_key():
            WLAN._radio = _Radio()

    def active(self, on=None):
        if on is None:
            return world.wifi_active
        WLAN._radio.activate(bool(on))
        return world.wifi_active

    def connect(self, ssid=None, key=None, *, bssid=None):
        WLAN._radio.connect(ssid)

    def disconnect(self):
        WLAN._radio.disconnect()

    def isconnected(self):
        return WLAN._radio.connected()

    def status(self, what=None):
        if what is None:
            return WLAN._radio.status()
        if what != "rssi":
            raise ValueError("unknown status param")
        if not WLAN._radio.connected():
            raise OSError("Wifi Not Connected")
        return world.wifi_rssi_dbm

    def ifconfig(self, settings=None):
        """(address, mask, gateway, DNS server); zeros without a connection."""
        if settings is not None:
            return None
        if not WLAN._radio.connected():
            return (_NO_ADDRESS,) * 4
        return world.wifi_ip, "255.255.255.0", world.wifi_ip, world.wifi_dns

    def ipconfig(self, name=None, **settings):
        if name is None:
            return None
        address, mask, gateway, _ = self.ifconfig()
        answers = {"addr4": (address, mask), "gw4": gateway, "dhcp4": True, "has_dhcp4": address != _NO_ADDRESS}
        if name not in answers:
            raise ValueError("unexpected key")
        return answers[name]

    def config(self, name=None, **settings):
        known = WLAN._radio.settings
        for key in settings:
            if key not in known:
                raise ValueError("unknown config param")
            if key == "pm":
                self._save_power(settings[key])
            known[key] = settings[key]
        if name is None:
            return None
        if name == "mac":
            return world.unique_id
        if name not in known:
            raise ValueError("unknown config param")
        return known[name]

    def _save_power(self, mode):
        """PM_NONE, PM_PERFORMANCE (modem sleep, awake for each beacon) or PM_POWERSAVE (for some of them). Each start begins with
        PM_PERFORMANCE; switching the interface off and on keeps it."""
        if mode not in (0, 1, 2):
            raise OSError(-258, "ESP_ERR_INVALID_ARG")
        world.wifi_pm = mode
        world.tell_power()

    def scan(self):
        if not world.wifi_active:
            raise OSError("STA must be active")
        if world.wifi_mode == "no_ap":
            return []
        return [(WLAN._radio.settings["ssid"].encode(), world.unique_id, 6, world.wifi_rssi_dbm, 3, False)]  # 3: WPA2


def ipconfig(name=None, **settings):
    """Module-wide settings; only `dns` is kept by the board."""
    if name == "dns":
        return world.wifi_dns
    if name is not None:
        raise ValueError("unexpected key")
    if "dns" in settings:
        world.wifi_dns = settings["dns"]
    return None


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    if name == "PPP":
        import network_ppp as more
    else:
        import network_lan as more
    return getattr(more, name)


def _world_key():
    """Changes when a test makes a new world, so that no connection of the old one lives on."""
    return getattr(world, "generation", 0)


class _Radio:
    """The one station: what was asked for, when the running attempt began, and why the last one failed."""

    def __init__(self):
        self.world_key = _world_key()
        self.settings = {"pm": WLAN.PM_PERFORMANCE, "txpower": 20, "reconnects": 0, "ssid": "", "channel": 6}
        self._wanted = False
        self._connected = False
        self._reason = 0
        self._since_ms = 0
        self._lost = world.wifi_lost

    def activate(self, on):
        if world.wifi_active and not on:
            self._wanted = self._connected = False
            self._reason = 0
        world.wifi_active = on

    def connect(self, ssid):
        if not world.wifi_active:
            raise OSError("Wifi Not Started")
        if self.status() == STAT_CONNECTING:
            raise OSError("Wifi Internal Error")  # the IDF: "sta is connecting, return error"
        if ssid is not None:
            self.settings["ssid"] = ssid
        self._wanted = True
        self._connected = False
        self._reason = 0
        self._lost = world.wifi_lost
        self._since_ms = world.now_ms

    def disconnect(self):
        self._wanted = self._connected = False
        self._reason = 0

    def connected(self):
        self._work_out()
        return self._connected

    def status(self):
        self._work_out()
        if self._connected:
            return STAT_GOT_IP
        if self._reason in (STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD):
            return self._reason
        return STAT_CONNECTING if self._wanted else STAT_IDLE

    def _work_out(self):
        if self._lost != world.wifi_lost:
            self._lost = world.wifi_lost
            if self._connected:
                self._connected = False
                self._reason = STAT_BEACON_TIMEOUT
        if self._connected or not self._wanted:
            return
        begun_ms = max(self._since_ms, world.wifi_changed_ms)
        if world.now_ms - begun_ms < world.wifi_join_ms or world.wifi_mode == "no_ip":
            return
        self._reason = _FAILURES.get(world.wifi_mode, 0)
        self._connected = not self._reason
        self._since_ms = world.now_ms
