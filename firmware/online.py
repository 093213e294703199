"""Joins link and bearer to the unit, from its settings. Without usable settings the unit goes on alone and says so."""

import asyncio

import network

from firmware.transports.link import Link
from firmware.transports.wifi import Wifi


class Alone:
    """In place of link and bearer when there is nothing to connect with: takes everything, sends nothing."""

    online = False
    gave_up = False
    resting = False
    path = name = None
    names = ()

    def __init__(self, why):
        self.beat = 0
        self.last_error = why

    def send(self, key, topic, payload, urgent):
        pass

    def confirm(self, key):
        pass

    def suspect(self):
        pass

    def health(self):
        return {}

    def rssi_dbm(self):
        return None

    def address(self):
        return "0.0.0.0"

    def speaking(self, on):
        pass

    def pace(self, *wanted):
        return True

    def rest(self, on):
        pass

    async def run(self):
        while True:
            self.beat += 1
            await asyncio.sleep_ms(1000)


def make_link(shell, stored, now, rand):
    """(link, bearer) for `shell`: shell.Shell with its uplink. What is missing is among the problems of `stored` already."""
    settings = stored.settings
    bearer = _make_bearer(shell, stored, now)
    if bearer is None or not settings["brokers"]:
        alone = Alone("settings.json names no usable %s" % ("broker" if bearer else "wifi"))
        return alone, alone
    config = {
        "client_id": settings["unit"] or "unknown",
        "user": "%s.%s" % (settings["scheme"], settings["flat"]),
        "password": settings["mqtt"]["password"] if settings["mqtt"] else "",
        "brokers": settings["brokers"],
        "ca": stored.ca,
        "dns": settings["dns"],
        "subscribe": [shell.uplink.prefix + "down"],
    }
    return Link(config, shell.heard, shell.link_changed, shell.hello, now, rand, bearer), bearer


def _make_bearer(shell, stored, now):
    """Wi-Fi as it is, where the unit has nothing else; None without any bearer."""
    wifi = stored.settings["wifi"]
    names = stored.bearers
    if names == ["wifi"]:
        return Wifi(network.WLAN(network.STA_IF), wifi["ssid"], wifi["password"], now)
    if not names:
        return None
    from firmware.carriers import make_bearers  # here: hardly a unit has that, and it would lie in the heap of all

    return make_bearers(names, shell, stored, now)
