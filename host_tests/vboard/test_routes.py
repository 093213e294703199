"""Which interface a new connection takes: ESP-IDF's priorities, and PPP that stands beside them. Runs on both interpreters."""

import machine
import network
import routes
from routes import CELLULAR, ETHERNET, WIFI

world = machine.world


def _wifi(on=True):
    wlan = network.WLAN(network.STA_IF)
    wlan.active(on)
    if on:
        wlan.connect("flats", "secret")
        world.advance(301)
    return wlan


def _ethernet():
    lan = network.LAN(mdc=23, mdio=18, phy_addr=0, phy_type=network.PHY_LAN8720)
    lan.active(True)
    world.advance(301)
    return lan


def _ppp():
    world.modem_power(True)
    world.advance(600)
    uart = machine.UART(1, 115200, tx=27, rx=26)
    uart.write(b"ATD*99#\r")
    world.advance(100)
    ppp = network.PPP(uart)
    ppp.connect()
    return ppp


def _taken():
    return routes.of_world().bearer()


def test_wifi_goes_before_ethernet_whichever_came_first():
    lan = _ethernet()
    assert _taken() == ETHERNET
    wlan = _wifi()
    assert _taken() == WIFI and routes.of_world().carries(ETHERNET)
    wlan.active(False)
    assert _taken() == ETHERNET
    lan.active(False)
    assert _taken() is None


def test_a_wifi_without_an_address_takes_the_route_from_an_ethernet_that_works():
    _ethernet()
    world.wifi("no_ip")
    wlan = _wifi()
    assert _taken() is None
    wlan.active(False)
    assert _taken() == ETHERNET


def test_an_access_point_that_is_gone_gives_the_route_back():
    _ethernet()
    _wifi()
    world.wifi("no_ap")
    assert _taken() == ETHERNET


def test_a_dead_path_keeps_the_route():
    _wifi()
    _ethernet()
    assert _taken() == WIFI
    world.wifi("dead_path")
    world.advance(60000)
    assert _taken() == WIFI and not routes.of_world().carries(WIFI)
    assert network.WLAN(network.STA_IF).isconnected()
    world.wifi("ok")
    assert network.WLAN(network.STA_IF).isconnected() and routes.of_world().carries(WIFI)


def test_ppp_takes_the_route_when_it_is_dialled_and_before_it_is_connected():
    _wifi()
    ppp = _ppp()
    assert _taken() is None
    world.advance(300)
    assert ppp.isconnected() and _taken() == CELLULAR


def test_the_next_event_of_wifi_takes_it_back():
    _ppp()
    world.advance(300)
    assert _taken() == CELLULAR
    _wifi()
    assert _taken() == WIFI and routes.of_world().carries(CELLULAR)


def test_one_that_was_off_and_on_again_while_nobody_asked_has_had_its_event_too():
    for begin in (_wifi, _ethernet):
        world.clear()
        again = begin()
        _ppp()
        world.advance(300)
        assert _taken() == CELLULAR
        again.active(False)
        begin()
        assert again.isconnected() and _taken() == (WIFI if begin is _wifi else ETHERNET)


def test_after_ppp_nothing_has_the_route_until_the_next_event():
    wlan = _wifi()
    ppp = _ppp()
    world.advance(300)
    ppp.active(False)
    assert wlan.isconnected() and _taken() is None
    wlan.disconnect()
    wlan.connect("flats", "secret")
    assert _taken() is None
    world.advance(301)
    assert _taken() == WIFI


def test_a_socket_without_a_route_is_refused_when_it_connects():
    sock = routes.NoRoute()
    sock.setblocking(False)
    try:
        sock.connect(("192.0.2.1", 1))
        assert False, "not refused"
    except OSError as error:
        assert error.errno == routes.EHOSTUNREACH
    sock.close()
