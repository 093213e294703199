"""The `network` stand-in behaves as the ESP32's, also with its named faults. Runs on both interpreters."""

import machine
import network

world = machine.world


def _joined():
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    wlan.connect("flats", "secret")
    world.advance(301)
    return wlan


def test_joining_takes_time_and_then_there_is_an_address():
    wlan = network.WLAN(network.STA_IF)
    assert not wlan.active() and wlan.status() == network.STAT_IDLE
    assert wlan.active(True) is True
    wlan.connect("flats", "secret")
    assert wlan.status() == network.STAT_CONNECTING and not wlan.isconnected()
    assert wlan.ifconfig()[0] == "0.0.0.0"
    world.advance(299)
    assert not wlan.isconnected()
    world.advance(1)
    assert wlan.isconnected() and wlan.status() == network.STAT_GOT_IP
    assert wlan.ifconfig()[3] == network.ipconfig("dns") == "10.0.2.3"
    assert wlan.ipconfig("addr4")[0] == wlan.ifconfig()[0]


def test_connect_is_refused_while_off_and_while_already_joining():
    wlan = network.WLAN(network.STA_IF)
    for prepare in (lambda: None, lambda: (wlan.active(True), wlan.connect("flats", "secret"))):
        prepare()
        try:
            wlan.connect("flats", "secret")
        except OSError:
            continue
        assert False, "not refused"


def test_a_failed_join_says_why_and_is_tried_again_by_itself():
    for mode, status in (("no_ap", 201), ("auth_fail", 202)):
        world.clear()
        world.wifi(mode)
        wlan = _joined()
        assert wlan.status() == status and not wlan.isconnected()
        world.wifi("ok")
        world.advance(301)
        assert wlan.status() == network.STAT_GOT_IP


def test_without_an_address_it_stays_connecting():
    world.wifi("no_ip")
    wlan = _joined()
    world.advance(60000)
    assert wlan.status() == network.STAT_CONNECTING


def test_a_lost_access_point_is_noticed_and_found_again():
    wlan = _joined()
    assert wlan.isconnected()
    world.wifi("no_ap")
    assert not wlan.isconnected() and wlan.status() == network.STAT_CONNECTING
    world.advance(301)
    assert wlan.status() == network.STAT_NO_AP_FOUND
    world.wifi("ok")
    assert not wlan.isconnected()
    world.advance(301)
    assert wlan.isconnected()


def test_a_short_loss_between_two_looks_is_not_missed():
    wlan = _joined()
    assert wlan.isconnected()
    world.wifi("no_ap")
    world.wifi("ok")
    assert not wlan.isconnected()


def test_signal_strength_needs_a_connection():
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    try:
        wlan.status("rssi")
        assert False, "not refused"
    except OSError:
        pass
    assert _joined().status("rssi") == -61


def test_power_save_can_be_set_and_unknown_settings_are_refused():
    wlan = _joined()
    wlan.config(pm=wlan.PM_NONE)
    assert wlan.config("pm") == network.WLAN.PM_NONE
    for call in (lambda: wlan.config(colour=1), lambda: wlan.config("colour")):
        try:
            call()
            assert False, "not refused"
        except ValueError:
            pass


def test_the_world_is_told_the_power_save_mode_and_a_wrong_one_is_refused():
    wlan = _joined()
    for mode in (wlan.PM_NONE, wlan.PM_POWERSAVE, wlan.PM_PERFORMANCE):
        wlan.config(pm=mode)
        assert world.wifi_pm == mode and world.power_log[-1][1:] == (160000000, mode)
    for mode in (3, -1, None):
        try:
            wlan.config(pm=mode)
            assert False, "not refused"
        except OSError:
            pass
    assert world.wifi_pm == wlan.config("pm") == wlan.PM_PERFORMANCE and len(world.power_log) == 3


def test_switching_the_interface_off_ends_the_connection():
    wlan = _joined()
    wlan.active(False)
    assert not wlan.isconnected() and wlan.status() == network.STAT_IDLE
    wlan.active(True)
    wlan.disconnect()
    assert wlan.status() == network.STAT_IDLE


def test_two_objects_share_one_radio():
    _joined()
    assert network.WLAN(network.STA_IF).isconnected()
