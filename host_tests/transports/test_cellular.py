"""The cellular bearer with a modem on the port, as a SIM7600 behaves, and PPP as the ESP32 has it (P8)."""

import machine
import network

from firmware.transports.cellular import Cellular
from host_tests.transports.beds import new_world, now, passing

KEY = 4
SETTINGS = {"apn": "internet", "pin": "1234", "user": None, "password": None}


class Bench:
    def __init__(self, mode="ok", power=False, **settings):
        new_world()
        machine.world.modem(mode)
        machine.world.modem_power(power)
        self.uart = machine.UART(1, baudrate=115200, tx=27, rx=26, rxbuf=4096, txbuf=4096)
        self.ppp = network.PPP(self.uart)
        self.key = machine.Pin(KEY, machine.Pin.OUT, value=0)
        self.pressed = []
        self.cellular = Cellular(self.uart, self.ppp, self._press, dict(SETTINGS, **settings), now)

    def _press(self, level):
        """The stand-in's modem is told by `modem_power`: what the key's pulse means is known here."""
        self.pressed.append((machine.world.now_ms, level))
        self.key.value(level)
        if not level and machine.world.now_ms - self.pressed[-2][0] >= 2500:
            machine.world.modem_power(False)
        elif not level and not machine.world.bearers[8]:
            machine.world.modem_power(True)

    def run(self, seconds):
        passing(self.cellular, seconds)
        return self.cellular

    def until(self, what, limit_s):
        assert passing(self.cellular, limit_s, what), "not within %d s" % limit_s
        return self.cellular


def joined(**more):
    bench = Bench(**more)
    bench.until(bench.cellular.up, 60)
    bench.run(1)
    return bench


def test_from_a_modem_that_is_off_to_an_address():
    cellular = joined().cellular
    assert cellular.address() == cellular._ppp.ifconfig()[0] != "0.0.0.0" and cellular.rssi_dbm() == -73
    assert cellular.dns_server() and cellular.dials == 1 and cellular.trouble == "" and not cellular.gave_up


def test_a_modem_in_data_mode_since_before_the_start_is_brought_back():
    bench = Bench(power=2)
    bench.until(bench.cellular.up, 30)
    assert bench.pressed == [] or bench.cellular.up()


def test_a_sim_with_a_pin_is_unlocked():
    assert joined(mode="sim_pin").cellular.up()


def test_user_and_password_are_given_to_ppp_each_way_in_turn():
    bench = Bench(mode="ppp_refused", user="me", password="word")
    asked = []
    connect = bench.ppp.connect
    bench.ppp.connect = lambda **given: (asked.append(given), connect(**given))
    bench.run(60)
    assert [one["security"] for one in asked[:2]] == [network.PPP.SEC_CHAP, network.PPP.SEC_PAP]
    assert asked[0]["user"] == "me" and asked[0]["key"] == "word"


def test_each_trouble_of_sim_and_network_goes_on_and_ends_when_it_is_mended():
    for mode in ("silent", "no_sim", "wrong_pin", "no_network", "dial_refused", "ppp_refused"):
        bench = Bench(mode=mode, pin=None if mode == "wrong_pin" else "1234")
        cellular = bench.run(300)
        assert not cellular.up() and cellular.trouble and cellular.steps > 1 and cellular.dns_server() is None, mode
        assert cellular.address() == "0.0.0.0"
        machine.world.modem("ok")
        bench.until(cellular.up, 200)
        assert bench.run(1).trouble == "", mode


def test_a_modem_that_never_works_leaves_only_a_reset():
    bench = Bench(mode="silent")
    bench.until(lambda: bench.cellular.gave_up, 1800)
    bench.cellular.rest(True)
    assert not bench.cellular.gave_up


def test_a_carrier_that_is_lost_is_dialled_again():
    bench = joined()
    machine.world.modem("carrier_lost")
    bench.until(lambda: not bench.cellular.up(), 20)
    assert bench.cellular.drops == 1
    machine.world.modem("ok")
    bench.until(bench.cellular.up, 120)
    assert bench.cellular.dials > 1


def test_at_rest_the_modem_is_ready_and_dials_within_seconds():
    bench = Bench()
    bench.cellular.rest(True)
    cellular = bench.run(60)
    assert cellular._modem.state == "READY" and cellular.dials == 0 and not cellular.up()
    cellular.rest(False)
    bench.until(cellular.up, 6)
    cellular.rest(True)
    assert not cellular.up(), "at once, for who asks"
    bench.until(lambda: cellular._modem.state == "READY", 20)
    assert not bench.ppp.isconnected() and not bench.ppp.active()


def test_a_modem_that_falls_silent_does_not_keep_ppp_from_ending_before_it_is_asked_again():
    bench = joined()
    machine.world.modem("silent")
    bench.cellular.rest(True)
    bench.until(lambda: bench.cellular._modem.state == "WAKING", 5)
    assert not bench.ppp.active(), "else it would read what the modem answers"


def test_at_rest_on_battery_it_is_off_but_while_a_call_is_open():
    bench = joined()
    cellular = bench.cellular
    cellular.pace(False, True)
    bench.run(5)
    assert cellular.up(), "who carries goes on"
    cellular.rest(True)
    bench.until(lambda: cellular._modem.state == "OFF", 20)
    assert machine.world.bearers[8] == 0 and machine.world.level(KEY) == 0
    cellular.pace(True, False)
    bench.until(lambda: cellular._modem.state == "READY", 40)
    cellular.pace(False, True)
    bench.until(lambda: cellular._modem.state == "OFF", 20)


def test_what_a_data_call_leaves_in_the_port_is_no_answer():
    bench = Bench()
    really = bench.uart.read
    noise = [b"\xff\xfe~}#\xc0!", b"\x00" * 900, b"\n\xc3\x28\n", None]

    class Port:
        def read(self):
            return noise.pop(0) if noise else really()

        def write(self, data):
            return bench.uart.write(data)

    bench.cellular._uart = Port()
    bench.until(bench.cellular.up, 60)
    assert noise == []


def test_its_task_beats_in_every_state():
    bench = Bench(mode="silent")
    for _ in range(60):
        before = bench.cellular.beat
        assert bench.run(2).beat > before
