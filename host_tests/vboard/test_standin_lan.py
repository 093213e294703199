"""The `network.LAN` stand-in behaves as the ESP32's, also with its named faults. Runs on both interpreters."""

import machine
import network

world = machine.world
_PINS = {"mdc": 23, "mdio": 18, "phy_addr": 0, "ref_clk": 17, "ref_clk_mode": 3}


def _made(power=12):
    return network.LAN(power=power, phy_type=network.PHY_LAN8720, **_PINS)


def _connected():
    lan = _made()
    lan.active(True)
    world.advance(300)
    assert lan.isconnected()
    return lan


def _raised(kind, call):
    try:
        call()
    except kind as error:
        return str(error)
    assert False, "not refused"


def test_making_it_powers_the_phy_and_takes_its_time():
    lan = _made()
    assert world.now_ms == 100 and world.pin(12).out == 1
    assert lan.status() == network.ETH_INITIALIZED and not lan.active() and not lan.isconnected()
    assert network.LAN() is lan  # whoever asks, whatever for


def test_starting_blocks_until_the_negotiation_is_done_and_an_address_comes_later():
    lan = _made()
    assert lan.active(True) is True and world.now_ms == 100 + 1800
    assert lan.status() == network.ETH_CONNECTED and lan.ifconfig()[0] == "0.0.0.0"
    world.advance(299)
    assert not lan.isconnected()
    world.advance(1)
    assert lan.isconnected() and lan.status() == network.ETH_GOT_IP
    assert lan.ifconfig() == ("127.0.0.50", "255.255.255.0", "127.0.0.50", "10.0.2.3")
    assert lan.ipconfig("addr4") == lan.ifconfig()[:2] and lan.config("mac")[:5] == world.unique_id[:5]
    assert lan.active(True) is True and world.now_ms == 2200  # already on: nothing happens


def test_nothing_of_the_unit_runs_while_it_blocks():
    seen = []
    machine.Pin(14, machine.Pin.IN).irq(lambda pin: seen.append(world.now_ms), machine.Pin.IRQ_RISING)
    lan = _made()
    block = world.advance
    world.advance = lambda ms: (block(ms // 2), world.pin(14).drive(1), block(ms - ms // 2))
    try:
        lan.active(True)
    finally:
        world.advance = block
    assert seen == [1900], "the handler runs when the call has returned"


def test_without_a_cable_starting_blocks_for_four_seconds():
    world.ethernet("unplugged")
    lan = _made()
    lan.active(True)
    assert world.now_ms == 4100 and lan.status() == network.ETH_STARTED
    world.advance(60000)
    assert lan.status() == network.ETH_STARTED and not lan.isconnected()


def test_a_cable_pulled_is_noticed_at_the_next_look_and_put_back_it_works_by_itself():
    lan = _connected()
    world.ethernet("unplugged")
    assert lan.isconnected()
    world.advance(1999)
    assert not lan.isconnected() and lan.status() == network.ETH_DISCONNECTED and lan.ifconfig()[0] == "0.0.0.0"
    world.ethernet("ok")
    world.advance(1800)
    assert lan.status() == network.ETH_DISCONNECTED
    world.advance(2300)
    assert lan.isconnected()
    assert world.bearer_log == [(1, 1), (1, 0), (1, 1)]


def test_without_dhcp_there_is_a_link_and_never_an_address():
    world.ethernet("no_dhcp")
    lan = _made()
    lan.active(True)
    world.advance(600000)
    assert lan.status() == network.ETH_CONNECTED and not lan.isconnected() and lan.ifconfig() == ("0.0.0.0",) * 4


def test_a_dead_path_looks_as_if_all_were_well():
    lan = _connected()
    world.ethernet("dead_path")
    world.advance(600000)
    assert lan.isconnected() and not lan.carries()


def test_a_phy_that_does_not_answer_cannot_be_had_before_a_reset():
    world.ethernet("no_phy")
    assert _raised(OSError, _made) == "esp_eth_driver_install failed" and world.now_ms == 200
    world.ethernet("ok")
    for _ in range(2):
        assert _raised(OSError, _made) == "esp_netif_attach failed"
    world.clear()
    assert _made().active() is False


def test_switched_off_it_loses_its_address_and_keeps_the_phy_s_power():
    lan = _connected()
    lan.active(False)
    assert not lan.active() and not lan.isconnected() and lan.status() == network.ETH_STOPPED
    assert lan.ifconfig()[0] == "0.0.0.0" and world.pin(12).out == 1
    lan.active(True)
    world.advance(300)
    assert lan.isconnected()


def test_a_phy_without_power_seems_linked_and_carries_nothing():
    lan = _connected()
    machine.Pin(12, machine.Pin.OUT, value=0)
    world.advance(5000)
    assert lan.isconnected() and not lan.carries()
    lan.active(False)
    before_ms = world.now_ms
    lan.active(True)
    assert world.now_ms == before_ms + 100 and lan.status() == network.ETH_CONNECTED
    world.advance(60000)
    assert not lan.isconnected()


def test_before_1_29_wifi_s_events_spoil_what_it_says():
    world.ethernet("old_events")
    lan = _connected()
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    wlan.connect("flats", "secret")
    world.advance(301)
    assert wlan.isconnected() and not lan.isconnected() and lan.status() == network.ETH_STARTED
    assert lan.ifconfig()[0] == "127.0.0.50"


def test_wrong_settings_are_refused_as_on_the_board():
    lan8720 = dict(_PINS, phy_type=network.PHY_LAN8720)
    for kind, settings, text in (
        (TypeError, _PINS, "phy_type"),
        (TypeError, dict(lan8720, colour=1), "extra keyword"),
        (ValueError, dict(lan8720, id=1), "identifier"),
        (ValueError, dict(lan8720, phy_addr=32), "phy address"),
        (ValueError, dict(_PINS, phy_type=99), "phy type"),
        (ValueError, {"phy_addr": 0, "phy_type": 1}, "mdc and mdio"),
    ):
        assert text in _raised(kind, lambda settings=settings: network.LAN(**settings)), settings
    lan = _connected()
    assert "unknown config" in _raised(ValueError, lambda: lan.config("colour"))
