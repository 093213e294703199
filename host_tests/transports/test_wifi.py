"""The Wi-Fi ladder: connect again, off and on, and in the end the word that only a reset is left (P8)."""

import asyncio

import host_tests.transports.loop  # noqa: F401 - gives CPython's asyncio what the code under test needs
from firmware.transports import wifi


class FakeWlan:
    """A station interface whose access point is there or not; `said` lists what it was told."""

    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2

    def __init__(self):
        self.there = False
        self.busy = self.starved = False
        self.on = False
        self.said = []
        self.pm = None

    def isconnected(self):
        return self.on and self.there

    def active(self, on):
        if on and self.starved:
            raise RuntimeError("Wifi Unknown Error 0x0101")
        self.on = on
        self.said.append("on" if on else "off")

    def connect(self, ssid, password):
        self.said.append("connect")
        if self.busy:
            raise OSError("Wifi Internal Error")

    def disconnect(self):
        self.said.append("disconnect")
        if not self.on:
            raise OSError("not active")

    def config(self, pm):
        if self.busy:
            raise OSError("Wifi Internal Error")
        self.pm = pm

    def ifconfig(self):
        return ("192.0.2.5", "255.255.255.0", "192.0.2.1", "192.0.2.1" if self.isconnected() else "0.0.0.0")

    def status(self, what):
        if not self.isconnected():
            raise OSError("Wifi Not Connected")
        return -61


class Bench:
    def __init__(self, **more):
        self.now_ms = 2**30 - 5000  # crosses the wrap
        self.wlan = FakeWlan()
        self.wifi = wifi.Wifi(self.wlan, "house", "password", lambda: self.now_ms & (2**30 - 1), **more)

    async def look(self, seconds):
        for _ in range(seconds):
            self.now_ms += 1000
            await self.wifi._look()


def _with_short_off(script):
    """Runs `script(bench)`; the interface's second of being off is not waited for."""
    bench = Bench()
    slept = asyncio.sleep_ms

    async def short(ms):
        await slept(0)

    async def run():
        bench.wifi._switch_on()
        await script(bench)

    asyncio.sleep_ms = short
    try:
        asyncio.run(run())
    finally:
        asyncio.sleep_ms = slept
    return bench


def test_network_that_is_there_is_left_alone():
    async def script(bench):
        bench.wlan.there = True
        await bench.look(100)

    bench = _with_short_off(script)
    assert bench.wlan.said == ["on", "connect"]
    assert bench.wifi.up()
    assert bench.wifi.dns_server() == "192.0.2.1"
    assert bench.wifi.rssi_dbm() == -61
    assert bench.wifi.address() == "192.0.2.5"


def test_ladder_is_climbed_step_by_step_after_10_s_each():
    async def script(bench):
        await bench.look(9)
        assert bench.wlan.said == ["on", "connect"]
        await bench.look(2)
        assert bench.wlan.said[2:] == ["disconnect", "connect"]
        await bench.look(10)
        assert bench.wlan.said[4:] == ["disconnect", "off", "on", "connect"]

    bench = _with_short_off(script)
    assert bench.wifi.steps == 2
    assert not bench.wifi.gave_up


def test_after_about_seven_minutes_only_a_reset_is_left_and_the_network_coming_back_takes_that_back():
    async def script(bench):
        await bench.look(380)
        assert not bench.wifi.gave_up
        await bench.look(60)
        assert bench.wifi.gave_up
        bench.wlan.there = True
        await bench.look(1)
        assert not bench.wifi.gave_up

    _with_short_off(script)


def test_each_loss_is_counted_once_and_starts_the_ladder_from_its_foot():
    async def script(bench):
        for losses in (1, 2, 3):
            bench.wlan.there = True
            await bench.look(2)
            bench.wlan.there = False
            await bench.look(5)
            assert bench.wifi.drops == losses
        assert bench.wifi.steps == 0

    _with_short_off(script)


def test_interface_that_refuses_to_connect_or_disconnect_ends_nothing():
    async def script(bench):
        bench.wlan.busy = True
        await bench.look(60)

    assert _with_short_off(script).wifi.steps == 6


def test_without_network_there_is_no_server_and_no_signal():
    bench = Bench()
    assert bench.wifi.dns_server() is None
    assert bench.wifi.rssi_dbm() is None


def test_power_save_is_kept_over_off_and_on():
    async def script(bench):
        bench.wifi.save_power(2)
        bench.wlan.pm = None
        await bench.look(25)
        assert bench.wlan.pm == 2

    _with_short_off(script)


def test_the_radio_stays_awake_while_people_speak_and_a_radio_that_refuses_costs_no_speech():
    bench = Bench()
    bench.wifi.speaking(True)
    assert bench.wlan.pm == 0
    bench.wifi.speaking(False)
    assert bench.wlan.pm == 1
    bench.wlan.busy = True
    bench.wifi.speaking(True)
    assert bench.wlan.pm == 1


def test_the_supply_and_speech_together_say_how_the_radio_sleeps():
    bench = Bench()
    for awake, saving, speaking, pm in (
        (False, True, False, 2), (True, True, False, 0), (True, False, False, 0), (False, False, False, 1),
        (False, True, True, 0), (True, False, True, 0), (False, False, True, 0), (False, True, False, 2),
    ):
        bench.wifi.pace(awake, saving)
        bench.wifi.speaking(speaking)
        assert bench.wlan.pm == pm, (awake, saving, speaking)


def test_a_radio_is_told_a_change_only():
    bench = Bench()
    bench.wifi.pace(False, False)
    assert bench.wlan.pm is None, "as the chip has it"
    bench.wifi.pace(False, True)
    bench.wlan.pm = None
    bench.wifi.pace(False, True)
    assert bench.wlan.pm is None


def test_a_radio_that_rests_is_off_and_is_not_climbed_for():
    async def script(bench):
        bench.wlan.there = True
        await bench.look(2)
        bench.wifi.rest(True)
        assert bench.wlan.said[2:] == ["disconnect", "off"] and bench.wifi.resting and not bench.wifi.up()
        bench.wifi.pace(False, True)
        bench.wifi.rest(True)
        await bench.look(1000)
        assert bench.wlan.said[4:] == [] and not bench.wifi.gave_up and bench.wifi.drops == 0
        bench.wifi.pace(True, False)
        bench.wifi.rest(False)
        assert bench.wlan.said[4:] == ["on", "connect"] and bench.wifi.up() and bench.wlan.pm == 0
        bench.wifi.rest(False)
        await bench.look(5)
        assert bench.wlan.said[6:] == [] and bench.wifi.drops == 0

    _with_short_off(script)


def test_a_radio_that_is_told_to_rest_in_the_ladder_stays_off():
    async def script(bench):
        await bench.look(10)
        slept = asyncio.sleep_ms

        async def told(ms):
            bench.wifi.rest(True)
            await slept(0)

        asyncio.sleep_ms = told
        await bench.wifi._climb()
        asyncio.sleep_ms = slept
        assert bench.wlan.said[-1] == "off" and not bench.wlan.on

    _with_short_off(script)


def test_a_driver_that_gets_no_memory_ends_nothing_and_is_tried_again():
    async def script(bench):
        bench.wifi.rest(True)
        bench.wlan.starved = True
        bench.wifi.rest(False)
        await bench.look(30)
        assert not bench.wifi.up() and bench.wifi.steps > 1
        bench.wlan.starved = False
        bench.wlan.there = True
        await bench.look(30)
        assert bench.wifi.up()

    _with_short_off(script)
