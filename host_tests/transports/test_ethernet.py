"""The Ethernet bearer over `network.LAN` as the ESP32 has it: cables that are pulled, a PHY without power, starts that block."""

import machine
import network

from firmware.transports.ethernet import Ethernet
from host_tests.transports.beds import new_world, now, passing

POWER = 12


class Bench:
    def __init__(self, mode="ok", switched=True):
        new_world()
        machine.world.ethernet(mode)
        power = machine.Pin(POWER, machine.Pin.OUT, value=1)
        self.lan = network.LAN(mdc=machine.Pin(23), mdio=machine.Pin(18), power=power, phy_type=network.PHY_LAN8720, phy_addr=0,
                               ref_clk=machine.Pin(17), ref_clk_mode=machine.Pin.OUT)
        self.supplies = []
        self.ethernet = Ethernet(self.lan, network.ETH_CONNECTED, self._supply if switched else None, now)

    def _supply(self, on):
        self.supplies.append(on)
        machine.Pin(POWER, machine.Pin.OUT, value=int(on))

    def run(self, seconds):
        passing(self.ethernet, seconds)
        return self.ethernet


def test_a_cable_that_is_in_gives_link_and_address_within_some_seconds():
    bench = Bench()
    assert not bench.ethernet.up()
    ethernet = bench.run(4)
    assert ethernet.up() and ethernet.linked and ethernet.address() == bench.lan.ifconfig()[0] != "0.0.0.0"
    assert ethernet.dns_server() == bench.lan.ifconfig()[3] and ethernet.rssi_dbm() is None
    assert ethernet.drops == ethernet.steps == 0 and not ethernet.gave_up and ethernet.beat > 3


def test_a_cable_that_is_pulled_is_seen_and_one_that_is_put_back_too_without_starting_anew():
    bench = Bench()
    bench.run(5)
    machine.world.ethernet("unplugged")
    ethernet = bench.run(4)
    assert not ethernet.up() and not ethernet.linked and ethernet.drops == 1 and ethernet.dns_server() is None
    machine.world.ethernet("ok")
    assert bench.run(6).up() and bench.supplies == [True]


def test_a_link_without_an_address_is_linked_and_not_up():
    ethernet = Bench("no_dhcp").run(10)
    assert ethernet.linked and not ethernet.up()


def test_a_wifi_that_joins_does_not_make_it_look_down_under_an_older_micropython():
    bench = Bench("old_events")
    bench.run(5)
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    wlan.connect("home", "password")
    machine.world.advance(5000)
    assert wlan.isconnected() and not bench.lan.isconnected()
    assert bench.run(1).up()


def test_what_nothing_comes_of_is_started_anew_after_2_4_8_minutes_and_gives_up_after_two_hours():
    bench = Bench("unplugged")
    starts = []
    really = bench.lan.active

    class Lan:
        """Counts the starts: each stands still for 4 s."""

        def __getattr__(self, name):
            return getattr(bench.lan, name)

        def active(self, on):
            if on:
                starts.append(machine.world.now_ms)
            return really(on)

    bench.ethernet._lan = Lan()
    bench.run(3 * 3600)
    gaps = [(starts[i + 1] - starts[i]) // 60000 for i in range(len(starts) - 1)]
    assert gaps[:6] == [2, 4, 8, 16, 32, 60] and bench.ethernet.gave_up
    machine.world.ethernet("ok")
    bench.run(10)
    assert bench.ethernet.up() and not bench.ethernet.gave_up and bench.ethernet.steps == 0


def test_it_is_not_started_anew_while_a_call_is_open_or_people_speak():
    for begin, end in ((lambda one: one.pace(True, False), lambda one: one.pace(False, False)),
                       (lambda one: one.speaking(True), lambda one: one.speaking(False))):
        bench = Bench("unplugged")
        bench.run(5)
        begin(bench.ethernet)
        assert bench.run(1000).steps == 0
        end(bench.ethernet)
        assert bench.run(10).steps == 1


def test_at_rest_interface_and_phy_are_off_and_it_comes_back_by_itself():
    bench = Bench()
    bench.run(5)
    bench.ethernet.rest(True)
    assert not bench.ethernet.up() and not bench.lan.active() and bench.supplies == [True, False]
    bench.ethernet.rest(True)
    assert bench.run(1000).steps == 0 and machine.world.level(POWER) == 0
    bench.ethernet.rest(False)
    assert not bench.lan.active(), "who switches it on does not stand still for it"
    assert bench.run(5).up() and bench.supplies == [True, False, True]


def test_a_board_that_cannot_switch_the_phy_rests_its_interface():
    bench = Bench(switched=False)
    bench.run(5)
    bench.ethernet.rest(True)
    assert not bench.lan.active() and not bench.ethernet.up()
    bench.ethernet.rest(False)
    assert bench.run(5).up()


def test_a_rest_while_the_supply_settles_ends_the_start():
    bench = Bench()

    def supply(on):
        bench._supply(on)
        if on:
            bench.ethernet.resting = True

    bench.ethernet._supply = supply
    bench.run(5)
    assert not bench.lan.active() and bench.supplies == [True, False]


def test_an_interface_that_cannot_be_started_ends_nothing():
    bench = Bench()

    class Broken:
        def __getattr__(self, name):
            return getattr(bench.lan, name)

        def active(self, on):
            raise OSError("ethernet enable failed")

    bench.ethernet._lan = Broken()
    ethernet = bench.run(600)
    assert ethernet.beat > 100 and not ethernet.up() and ethernet.steps > 0
    bench.ethernet._lan = bench.lan
    assert bench.run(1000).up()
