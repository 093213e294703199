"""Bearers made from board and settings, in the stand-ins' world: each finds its pins; one that cannot be made costs itself."""

import json

import machine
import network

from firmware import carriers
from host_tests.transports.beds import new_world, now

ETHERNET = {"phy": "LAN8720", "phy_addr": 0, "mdc": 23, "mdio": 18, "power": 12, "ref_clk": 17, "ref_clk_mode": "out"}
CELLULAR = {"modem": "SIM7600", "uart": 1, "tx": 27, "rx": 26, "pwrkey": 4, "dtr": 32, "ri": 33, "flight": 25, "status": 34,
            "baud": 115200}
SETTINGS = {"wifi": {"ssid": "home", "password": "secret-word"},
            "cellular": {"apn": "internet", "pin": None, "user": None, "password": None}}


class Stored:
    def __init__(self, **changes):
        self.board = json.loads(json.dumps(dict({"ethernet": ETHERNET, "cellular": CELLULAR}, **changes)))
        self.settings = SETTINGS
        self.problems = []


def made(*names, **changes):
    new_world()
    stored = Stored(**changes)
    return carriers.make_bearers(names, None, stored, now), stored


def test_all_three_are_made_in_order_and_none_is_switched_on_before_its_task_runs():
    bearers, stored = made("ethernet", "wifi", "cellular")
    assert bearers.names == ["ethernet", "wifi", "cellular"] and stored.problems == []
    assert bearers.name == "ethernet" and not bearers.up() and bearers.address() == "0.0.0.0"
    assert not network.WLAN(network.STA_IF).active() and not network.LAN(phy_addr=0, phy_type=1).active()
    assert machine.world.level(12) == 0, "the PHY waits without power"
    assert [machine.world.level(pin) for pin in (4, 32, 25)] == [0, 0, 1], "key at rest, awake, radio on"


def test_a_modem_without_its_extra_lines_is_made_all_the_same():
    bearers, stored = made("cellular", cellular=dict(CELLULAR, pwrkey=None, dtr=None, ri=None, flight=None, status=None))
    assert bearers.names == ["cellular"] and stored.problems == []


def test_a_phy_that_does_not_answer_or_a_fact_that_is_wrong_costs_that_bearer_and_is_told():
    for changes, words in (({"ethernet": dict(ETHERNET, phy="LAN9999")}, "ethernet cannot be used"),
                           ({"ethernet": dict(ETHERNET, mdc=None)}, "ethernet cannot be used"),
                           ({"ethernet": {}}, "ethernet cannot be used")):
        bearers, stored = made("ethernet", "wifi", **changes)
        assert bearers.names == ["wifi"] and len(stored.problems) == 1 and stored.problems[0].startswith(words)
        assert not machine.world.level(12), "what cannot be used draws nothing"
    new_world()
    machine.world.ethernet("no_phy")
    stored = Stored()
    bearers = carriers.make_bearers(("ethernet", "wifi"), None, stored, now)
    assert bearers.names == ["wifi"] and "esp_eth_driver_install" in stored.problems[0]
    assert not machine.world.level(12)


def test_with_none_that_could_be_made_there_is_none():
    bearers, stored = made("ethernet", ethernet={})
    assert bearers is None and len(stored.problems) == 1


def test_a_board_whose_phy_makes_the_clock_or_is_always_powered():
    bearers, stored = made("ethernet", ethernet=dict(ETHERNET, power=None, ref_clk=0, ref_clk_mode="in"))
    assert bearers.names == ["ethernet"] and stored.problems == []


def test_an_older_micropython_has_no_cellular_and_says_so():
    class Old:
        class implementation:  # noqa: N801 - as in sys
            version = (1, 25, 0)

    kept, carriers.sys = carriers.sys, Old
    try:
        bearers, stored = made("wifi", "cellular")
    finally:
        carriers.sys = kept
    assert bearers.names == ["wifi"] and "1.26" in stored.problems[0]
