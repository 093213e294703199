"""The `network.PPP` stand-in behaves as the ESP32's: in the background, no echo, with the modem's faults. Both interpreters."""

import machine
import network

world = machine.world


def _dialled(mode="ok"):
    """A UART whose modem is in data mode."""
    world.modem("ok" if mode == "carrier_lost" else mode)
    world.modem_power(True)
    world.advance(600)
    uart = machine.UART(1, 115200, tx=27, rx=26)
    uart.write(b"ATD*99#\r")
    world.advance(100)
    assert b"CONNECT" in uart.read()
    return uart


def _connected(mode="ok"):
    ppp = network.PPP(_dialled(mode))
    ppp.connect()
    world.advance(300)
    assert ppp.isconnected() and ppp.status() == 4
    return ppp


def _raised(kind, call):
    try:
        call()
    except kind as error:
        return str(error)
    assert False, "not refused"


def test_it_connects_in_the_background_and_gives_address_and_peer_in_its_own_order():
    ppp = network.PPP(_dialled())
    assert ppp.status() == 0 and not ppp.active() and ppp.ifconfig() == (None,) * 4
    ppp.connect()
    assert ppp.status() == 3 and ppp.active() and ppp.ifconfig()[0] == "0.0.0.0"
    world.advance(299)
    assert not ppp.isconnected()
    world.advance(1)
    assert ppp.isconnected() and ppp.status() == 4
    assert ppp.ifconfig() == ("127.0.0.20", "10.64.64.64", "255.255.255.255", "10.0.2.3")
    assert ppp.ipconfig("addr4") == ("127.0.0.20", "255.255.255.255") and ppp.ipconfig("gw4") == "10.64.64.64"
    assert world.bearer_log == [(2, 1)]


def test_without_anybody_who_answers_it_gives_up_after_a_minute():
    uart = machine.UART(1, 115200, tx=27, rx=26)  # the modem has no power
    ppp = network.PPP(uart)
    ppp.connect()
    world.advance(59999)
    assert ppp.status() == 3
    world.advance(1)
    assert ppp.status() == -6 and not ppp.isconnected()
    ppp.connect()  # from there another try is lawful
    assert ppp.status() == 3


def test_a_far_end_that_refuses_ends_it_at_once():
    for settings, status in (({}, -6), ({"security": network.PPP.SEC_PAP, "user": "a", "key": "b"}, -7)):
        world.clear()
        uart = _dialled("ppp_refused")
        ppp = network.PPP(uart)
        ppp.connect(**settings)
        world.advance(300)
        assert ppp.status() == status and not ppp.isconnected()
        world.advance(100)
        assert b"NO CARRIER" in uart.read()


def test_a_lost_carrier_is_told():
    ppp = _connected()
    world.modem("carrier_lost")
    assert not ppp.isconnected() and ppp.status() == -6
    assert world.bearer_log == [(2, 1), (2, 0)]


def test_a_silent_modem_and_a_dead_path_are_never_told():
    for mode in ("silent", "dead_path"):
        world.clear()
        ppp = _connected()
        world.modem(mode)
        world.advance(3600000)
        assert ppp.isconnected() and not ppp.carries(), mode


def test_disconnecting_takes_the_modem_s_answer_or_twelve_seconds():
    for mode, wait_ms in (("ok", 50), ("silent", 12000)):
        world.clear()
        ppp = _connected()
        world.modem(mode)
        ppp.disconnect()
        world.advance(wait_ms - 1)
        assert ppp.isconnected(), mode
        world.advance(1)
        assert not ppp.isconnected() and ppp.status() == 0, mode


def test_switched_off_at_once_the_modem_stays_in_data_mode():
    uart = _dialled()
    ppp = network.PPP(uart)
    ppp.connect()
    world.advance(300)
    assert ppp.isconnected() and ppp.active(False) is False and ppp.status() == 0
    uart.write(b"AT\r")
    world.advance(100)
    assert uart.read() is None
    ppp = network.PPP(uart)
    ppp.connect()
    world.advance(300)
    assert ppp.isconnected(), "the modem negotiates anew"


def test_a_clean_end_gives_the_modem_back_to_commands():
    uart = _dialled()
    ppp = network.PPP(uart)
    ppp.connect()
    world.advance(300)
    ppp.disconnect()
    world.advance(50)
    assert not ppp.isconnected()
    uart.write(b"ATE0\r")
    world.advance(100)
    assert b"OK" in uart.read()


def test_what_the_board_refuses_is_refused():
    assert "stream" in _raised(OSError, lambda: network.PPP(5))
    ppp = _connected()
    assert "EALREADY" in _raised(OSError, ppp.connect)
    ppp.active(False)
    assert "not active" in _raised(ValueError, lambda: ppp.ipconfig("addr4"))
    assert "auth" in _raised(ValueError, lambda: ppp.connect(security=9))
    _raised(TypeError, lambda: ppp.connect(security=1))
    assert ppp.poll() == -1 and ppp.config("stream") is not None
