"""Makes the bearers of a unit that has more than Wi-Fi, once; app.py lets go of this module then. No policy.

A bearer that cannot be made costs itself and is reported; the others are made all the same (P8).
"""

import sys

import machine
import network

from firmware.transports.bearers import Bearers
from firmware.transports.ethernet import Ethernet
from firmware.transports.wifi import Wifi

_UART_BYTES = 4096  # at 115,200 baud 0.35 s; what comes while the loop stands still longer is lost and sent again


def make_bearers(names, shell, stored, now):
    """transports.bearers.Bearers of those that could be made, or None. `names`: those that board and settings have facts for, in
    order; the others as in online.make_link."""
    parts = []
    for name in names:
        try:
            parts.append(_MAKERS[name](stored.board, stored.settings, now))
        except (KeyError, ValueError, TypeError, OSError, AttributeError) as problem:
            stored.problems.append("%s cannot be used: %r" % (name, problem))
    return Bearers(parts, shell, now) if parts else None


def _wifi(board, settings, now):
    return Wifi(network.WLAN(network.STA_IF), settings["wifi"]["ssid"], settings["wifi"]["password"], now)


def _ethernet(board, settings, now):
    """Made once only: MicroPython has one, and a second try after one that failed would not find its PHY either."""
    facts = board["ethernet"]
    mode = machine.Pin.OUT if facts["ref_clk_mode"] == "out" else machine.Pin.IN
    power = None if facts["power"] is None else machine.Pin(facts["power"], machine.Pin.OUT, value=1)
    lan = None
    try:
        lan = network.LAN(mdc=machine.Pin(facts["mdc"]), mdio=machine.Pin(facts["mdio"]), power=power,
                          phy_type=getattr(network, "PHY_" + facts["phy"]), phy_addr=facts["phy_addr"],
                          ref_clk=machine.Pin(facts["ref_clk"]), ref_clk_mode=mode)
    finally:
        if lan is None and power is not None:
            power.value(0)  # nobody else would
    return Ethernet(lan, network.ETH_CONNECTED, None if power is None else power.value, now)


def _cellular(board, settings, now):
    if sys.implementation.version[:2] < (1, 26):
        raise ValueError("MicroPython 1.26 or later wanted")  # before, PPP blocked for seconds when it ended
    from firmware.transports.cellular import Cellular

    facts = board["cellular"]
    uart = machine.UART(facts["uart"], baudrate=facts["baud"], tx=machine.Pin(facts["tx"]), rx=machine.Pin(facts["rx"]),
                        rxbuf=_UART_BYTES, txbuf=_UART_BYTES)
    _level(facts["dtr"], 0)  # high would let it sleep
    _level(facts["flight"], 1)  # low would switch its radio off
    return Cellular(uart, network.PPP(uart), _level(facts["pwrkey"], 0), settings["cellular"], now)


def _level(pin, value):
    """`value(level)` of an output, or None if the board does not have that pin."""
    return None if pin is None else machine.Pin(pin, machine.Pin.OUT, value=value).value


_MAKERS = {"ethernet": _ethernet, "wifi": _wifi, "cellular": _cellular}
