"""Several bearers on the virtual board: what the unit's own calls do there, and what cutting one does to its connections."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from host_tests.vboard import sample_root
from host_tests.vboard.sample_root import SOON_S, printed
from tools.vboard import BoardError, VirtualBoard, bearers
from tools.vboard.standins import esp32_socket, modem, network_lan, outside, routes

_ETHERNET = {"phy": "LAN8720", "phy_addr": 0, "mdc": 23, "mdio": 18, "power": 12, "ref_clk": 17, "ref_clk_mode": "out"}
_CELLULAR = {"modem": "SIM7600", "uart": 1, "tx": 27, "rx": 26, "pwrkey": 4, "dtr": 32, "ri": 33, "flight": 25, "status": 36,
             "baud": 115200}  # fmt: skip
_FACTS = {"bearers": ["ethernet", "wifi", "cellular"], "ethernet": _ETHERNET, "cellular": _CELLULAR}

# Asks for what the file /do holds, again and again; `link` holds one connection to the relay.
_UNIT = """
import machine, network, socket, time
from machine import Pin, UART
button = Pin(14, Pin.IN, Pin.PULL_UP)
button.irq(lambda pin: print("edge", time.ticks_ms() - began))
began = time.ticks_ms()
link = None
def dial(port):
    global link
    link = socket.socket()
    link.settimeout(2)
    link.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
def echo():
    link.write(b"ping")
    return link.read(4)
def tried(call):
    try:
        return call()
    except OSError as error:
        return "OSError"
print("up")
done = ""
while True:
    try:
        with open("/do") as file:
            text = file.read()
    except OSError:
        text = ""
    if text != done:
        done = text
        exec(text)
    time.sleep_ms(5)
"""


class _Scene:
    """A board with all three bearers, an echo server behind its relay, and a unit that does as it is told."""

    def __init__(self, tmp_path):
        self.root = sample_root.write(tmp_path / "root", _UNIT)
        facts = {**sample_root.BOARD, **_FACTS, "inputs": sample_root.BOARD["inputs"][:1]}
        (self.root / "board_configs" / "SAMPLE.json").write_text(json.dumps(facts))
        self.state = tmp_path / "state"
        self.count = 0

    def play(self, test):
        async def inside():
            server = await asyncio.start_server(_echo, "127.0.0.1", 0)
            relays = [(0, server.sockets[0].getsockname()[1])]
            async with VirtualBoard(self.root, self.state, board="SAMPLE", relays=relays) as board:
                self.board = board
                await printed(board, "up")
                await asyncio.wait_for(test(self), 60)
            server.close()

        asyncio.run(inside())

    async def do(self, program):
        """What the unit prints after "said" in this program."""
        self.count += 1
        program = program.replace("say(", "print('said%d', " % self.count).replace("PORT", str(self.port))
        text = "# %d\n%s\n" % (self.count, program)
        since = self.board.newest
        (self.root / "new").write_text(text)
        (self.root / "new").rename(self.root / "do")
        return await printed(self.board, "said%d" % self.count, since)

    async def ethernet(self):
        await self.do("lan = network.LAN(mdc=23, mdio=18, power=Pin(12), phy_addr=0, phy_type=network.PHY_LAN8720)\n"
                      "lan.active(True)\nwhile not lan.isconnected():\n    time.sleep_ms(10)\nsay(lan.ifconfig()[0])")

    async def wifi(self):
        await self.do("wlan = network.WLAN(0)\nwlan.active(True)\nwlan.connect('a', 'b')\n"
                      "while not wlan.isconnected():\n    time.sleep_ms(10)\nsay(1)")

    @property
    def port(self):
        return self.board.relays[0].port


async def _echo(reader, writer):
    try:
        while data := await reader.read(100):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


@pytest.fixture
def scene(tmp_path):
    return _Scene(tmp_path)


def test_both_sides_name_things_alike():
    assert bearers.ETHERNET_MODES == network_lan.MODES and bearers.MODEM_MODES == modem.MODES
    assert bearers.HOSTS == routes.HOSTS
    assert [bearers.NAMES[one] for one in (routes.WIFI, routes.ETHERNET, routes.CELLULAR)] == list(bearers.NAMES)
    child = (Path(bearers.__file__).parent / "child" / "board_bearers.py").read_text()
    numbers = {name: int(value) for name, value in re.findall(r"^_(\w+) = const\((\d+)\)", child, re.MULTILINE)}
    assert network_lan.MODES[numbers["UNPLUGGED"]] == "unplugged" and modem.MODES[numbers["CARRIER_LOST"]] == "carrier_lost"
    assert re.search(r'array\("q", (\(.*?\))\)', child).group(1) == str(outside.AT_FIRST)


def test_starting_ethernet_stands_still_and_no_handler_runs(scene):
    async def test(scene):
        board = scene.board
        board.wiring.bounce = False
        await scene.do("lan = network.LAN(mdc=23, mdio=18, power=Pin(12), phy_addr=0, phy_type=network.PHY_LAN8720)\nsay(1)")
        assert board.status()["phy"] is True
        since = board.newest
        program = "began = time.ticks_ms()\nprint('starting')\nlan.active(True)\nsay(time.ticks_ms() - began)"
        asked = asyncio.ensure_future(scene.do(program))
        await printed(board, "starting", since)
        await board.pull("button")
        took_ms = int(await asked)
        assert took_ms >= 1800
        assert int(await printed(board, "edge", since)) >= 1790, "the handler waited for the end of the call"

    scene.play(test)


def test_a_connection_dies_with_its_bearer_and_others_go_on(scene):
    async def test(scene):
        board = scene.board
        await scene.ethernet()
        assert await scene.do("dial(PORT)\nsay(echo())") == "b'ping'"
        assert (await board.wait_for(lambda s: s["bearer"] == "ethernet", SOON_S))["ethernet"] == "ok"
        await scene.wifi()
        assert await scene.do("say(echo())") == "b'ping'", "what exists stays where it began"
        assert await scene.do("old = link\ndial(PORT)\nsay(echo())") == "b'ping'"
        await board.wait_for(lambda s: s["bearer"] == "wifi", SOON_S)
        board.ethernet("unplugged")
        assert await scene.do("say(echo())") == "b'ping'"
        assert await scene.do("new, link = link, old\nlink.settimeout(1)\nsay(tried(echo))") in ("OSError", "None")
        board.wifi(False)
        assert await scene.do("link = new\nlink.settimeout(1)\nsay(tried(echo))") in ("OSError", "None")
        await board.wait_for(lambda s: s["bearer"] is None, SOON_S)

    scene.play(test)


def test_without_any_bearer_a_connection_is_refused_and_the_broker_is_told_nothing(scene):
    async def test(scene):
        await scene.ethernet()
        assert await scene.do("dial(PORT)\nsay(echo())") == "b'ping'"
        assert await scene.do("lan.active(False)\nsay(tried(lambda: dial(PORT)))") == "OSError"
        assert scene.board.relays[0].connections == 1
        again = "lan.active(True)\nwhile not lan.isconnected():\n    time.sleep_ms(10)\ndial(PORT)\nsay(echo())"
        assert await scene.do(again) == "b'ping'"

    scene.play(test)


def test_a_dead_path_swallows_and_what_is_dialled_after_it_works(scene):
    async def test(scene):
        await scene.ethernet()
        scene.board.ethernet("dead_path")
        said = await scene.do("dial(PORT)\nlink.settimeout(1)\nsay(tried(echo), lan.isconnected())")
        assert said in ("OSError True", "None True")
        scene.board.ethernet("ok")
        assert await scene.do("dial(PORT)\nsay(echo())") == "b'ping'"

    scene.play(test)


def test_the_phy_s_power_is_its_pin_s_and_draws_its_current(scene):
    async def test(scene):
        board = scene.board
        assert board.status()["phy"] is False
        before_ma = board.status()["load_ma"]
        await scene.ethernet()
        assert board.status()["phy"] is True and board.status()["load_ma"] == before_ma + 126
        await scene.do("lan.active(False)\nPin(12, Pin.OUT, value=0)\nsay(1)")
        await board.wait_for(lambda s: s["phy"] is False and s["load_ma"] == before_ma, SOON_S)

    scene.play(test)


_AWAKE = """key = Pin(4, Pin.OUT, value=1)
time.sleep_ms(150)
key.value(0)
uart = UART(1, 115200, tx=27, rx=26, timeout=100)
def ask(command):
    uart.write(command + b"\\r")
    return uart.read()
for _ in range(50):
    if ask(b"ATE0"):
        break
time.sleep_ms(300)
"""


def test_the_modem_is_switched_by_its_key_dialled_and_carries(scene):
    async def test(scene):
        board = scene.board
        assert board.status()["modem_power"] is False
        assert await scene.do(_AWAKE + "say(ask(b'ATD*99#'), Pin(36).value())") == "b'\\r\\nCONNECT 115200\\r\\n' 1"
        assert board.status()["modem_power"] is True
        assert await scene.do("ppp = network.PPP(uart)\nppp.connect()\nwhile not ppp.isconnected():\n    time.sleep_ms(10)\n"
                              "dial(PORT)\nsay(echo(), ppp.ifconfig()[0])") == "b'ping' 127.0.0.20"
        await board.wait_for(lambda s: s["bearer"] == "cellular", SOON_S)
        board.modem("carrier_lost")
        assert await scene.do("while ppp.isconnected():\n    time.sleep_ms(10)\nsay(ppp.status(), tried(echo))") in (
            "-6 OSError", "-6 None")

    scene.play(test)


def test_the_modem_stays_in_data_mode_over_a_reset_of_the_chip(scene):
    async def test(scene):
        board = scene.board
        await scene.do(_AWAKE + "say(ask(b'ATD*99#'))")
        since = board.newest
        (scene.root / "do").unlink()
        await board.reset()
        await printed(board, "up", since)
        deaf = "uart = UART(1, 115200, tx=27, rx=26, timeout=100)\nuart.write(b'AT\\r')\nfirst = uart.read()\ntime.sleep(1.1)\n"
        escaped = "uart.write(b'+++')\ntime.sleep(1.1)\nsay(first, uart.read())"
        assert await scene.do(deaf + escaped) == "None b'\\r\\nOK\\r\\n'"
        await board.power_cut()
        await board.power_on()
        assert board.status()["modem_power"] is False

    scene.play(test)


def test_speech_goes_with_its_bearer(scene):
    async def test(scene):
        loop = asyncio.get_running_loop()
        heard = asyncio.Queue()

        class Peer(asyncio.DatagramProtocol):
            def datagram_received(self, data, address):
                heard.put_nowait((data, address[0]))

        transport, _ = await loop.create_datagram_endpoint(Peer, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        await scene.ethernet()
        send = "udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nudp.bind(socket.getaddrinfo('0.0.0.0', 0)[0][-1])\n"
        send += f"udp.connect(socket.getaddrinfo('127.0.0.1', {port})[0][-1])\nsay(udp.write(b'one'))"
        assert await scene.do(send) == "3"
        assert await asyncio.wait_for(heard.get(), SOON_S) == (b"one", "127.0.0.50")
        scene.board.ethernet("dead_path")
        assert await scene.do("say(udp.write(b'two'))") == "3"
        scene.board.ethernet("ok")
        assert await scene.do("say(udp.write(b'six'))") == "3"
        assert await asyncio.wait_for(heard.get(), SOON_S) == (b"six", "127.0.0.50"), "what was sent meanwhile is lost"
        assert heard.empty()
        transport.close()

    scene.play(test)


def test_an_address_for_all_becomes_the_bearer_s_and_others_stay():
    assert esp32_socket._from(("0.0.0.0", 5), "127.0.0.50") == ("127.0.0.50", 5)
    assert esp32_socket._from(("10.0.0.1", 5), "127.0.0.50") == ("10.0.0.1", 5)
    assert esp32_socket._from(b"\2\0\0\5\0\0\0\0" + bytes(8), "127.0.0.50") == b"\2\0\0\5\x7f\0\0\x32" + bytes(8)


def test_what_the_board_does_not_have_or_know_is_refused(tmp_path):
    sample_root.write(tmp_path)
    board = VirtualBoard(tmp_path, tmp_path / "state", board="SAMPLE")
    for call in (board.ethernet, board.modem):
        with pytest.raises(BoardError, match="no such bearer"):
            call("ok")
    board.bearers.names = ("ethernet", "cellular")
    for call in (board.ethernet, board.modem):
        with pytest.raises(BoardError, match="wanted"):
            call("thunder")
