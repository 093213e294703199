"""The control channel does what docs/control-channel.md says. The client knows only that page: sockets and lines of JSON."""

import asyncio
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile

import pytest

from host_tests.vboard import sample_root
from tools.vboard.control import ControlChannel
from tools.vboard.relay import MODES
from tools.vboard.requests import COMMANDS
from tools.vboard.unit import FAULTS, VirtualBoard

_PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "control-channel.md"
_SOON_S = 20
_OF_A_BATTERY = {"battery", "hours", "flicker"}  # host_tests/vboard/test_supply_host.py plays with these
_OF_OTHER_BEARERS = {"ethernet", "modem"}  # host_tests/vboard/test_bearers_host.py


class _Client:
    """A stranger's client: replies by id, events in a list."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), _SOON_S)
        self._file = self._socket.makefile("rwb")
        self._number = 0
        self.events = []

    def line(self, text):
        self._file.write(text.encode() + b"\n")
        self._file.flush()

    def message(self):
        line = self._file.readline()
        if not line:
            raise EOFError("the channel has closed")
        return json.loads(line)

    def reply(self, number):
        while True:
            message = self.message()
            if "event" in message:
                self.events.append(message)
            elif message["id"] == number:
                return message

    def do(self, command, **fields):
        self._number += 1
        self.line(json.dumps({"v": 1, "id": self._number, "do": command, **fields}))
        return self.reply(self._number)

    def event(self, **wanted):
        for _ in range(1000):
            for event in self.events:
                if all(event.get(name) == value for name, value in wanted.items()):
                    return event
            self.events.append(self.message())
        raise LookupError(wanted)

    def close(self):
        self._file.close()
        self._socket.close()


@pytest.fixture
def channel(tmp_path):
    """Port of a virtual board that runs the sample unit, started from the command line as the page says."""
    root = sample_root.write(tmp_path / "root")
    where = ["--root", str(root), "--state", str(tmp_path / "state"), "--board", "SAMPLE", "--relay", "0:1"]
    process = subprocess.Popen([sys.executable, "-m", "tools.vboard", *where], stdout=subprocess.PIPE)
    try:
        ready = json.loads(process.stdout.readline())
        assert ready["v"] == 1 and len(ready["relays"]) == 1
        yield ready["control"]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(_SOON_S) == 0
        process.stdout.close()


@pytest.fixture
def client(channel):
    one = _Client(channel)
    yield one
    one.close()


def test_a_stranger_presses_and_sees_the_light(client):
    reply = client.do("subscribe", since=0)
    assert reply["ok"] and reply["n"] >= 1
    client.event(event="console", text="up 1")
    client.do("fault", fault="bounce", on=False)  # on a busy machine each bounce may be a change of the light of its own
    assert client.do("press", input="button", ms=60) == {"v": 1, "id": 3, "ok": True}
    light = client.event(event="light", level=1)
    assert light["v"] == 1 and light["t_ms"] > 0
    assert client.do("wait", field="light", value=1)["status"]["power"] is True


def test_status_has_the_fields_of_the_page(client):
    status = client.do("status")["status"]
    section = _PAGE.read_text().split("## Status", 1)[1].split("## Events", 1)[0]
    documented = set()
    for row in re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE):
        documented.update(re.findall(r"`(\w+)`", row))
    assert documented == set(status)
    assert status["inputs"] == dict.fromkeys(("button", "bell", "answer", "privacy", "cord"), "normal")


def test_the_page_lists_exactly_the_commands_there_are():
    section = _PAGE.read_text().split("## Commands", 1)[1].split("| `link` mode", 1)[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) - {"do"} == set(COMMANDS)


def test_the_page_lists_exactly_the_link_modes_and_faults_there_are():
    page = _PAGE.read_text()
    for before, after, wanted in (("| `link` mode", "| `fault` | fields", MODES), ("| `fault` | fields", "## Status", FAULTS)):
        section = page.split(before, 1)[1].split(after, 1)[0]
        assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(wanted)


def test_every_documented_command_is_taken(client, tmp_path):
    recording = tmp_path / "heard.wav"
    steps = (
        ("pull", {"input": "button"}),
        ("release", {"input": "button"}),
        ("wire", {"input": "cord", "state": "cut"}),
        ("wire", {"input": "cord", "state": "ok"}),
        ("set", {"input": "privacy", "on": True}),
        ("set", {"input": "privacy", "on": False}),
        ("speaker", {"what": "record", "file": str(recording)}),
        ("speaker", {"what": "stop"}),
        ("microphone", {"what": "play", "file": str(recording), "loop": True, "gain_db": -6}),
        ("microphone", {"what": "silence"}),
        ("room", {"echo_db": -20, "delay_ms": 40, "noise_db": -50.5}),
        ("room", {}),
        ("adc", {"pin": 34, "mv": 812.5}),
        ("mark", {"text": "here"}),
        ("link", {"mode": "pass", "delay_ms": 30}),
        ("link", {"mode": "freeze", "way": "down"}),
        ("link", {"mode": "forget"}),
        ("link", {"mode": "hold"}),
        ("link", {"mode": "refuse"}),
        ("link", {"mode": "reset"}),
        ("link", {"mode": "hang"}),
        ("wifi", {"up": False}),
        ("wifi", {"up": True}),
        ("fault", {"fault": "adc", "input": "cord", "kind": "jump"}),
        ("fault", {"fault": "stuck", "pin": 14, "level": 1}),
        ("fault", {"fault": "bounce", "on": False}),
        ("fault", {"fault": "sound", "stalled": True}),
        ("fault", {"fault": "speaker", "kind": "dead"}),
        ("fault", {"fault": "microphone", "kind": "stuck", "at": 4711}),
        ("fault", {"fault": "udp", "kind": "no_memory"}),
        ("fault", {"fault": "wifi", "mode": "auth_fail", "join_ms": 50}),
        ("fault", {"fault": "flash_cut", "operations": 3, "kind": "prefix"}),
        ("fault", {"fault": "none"}),
        ("mains", {"on": False}),
        ("mains", {"on": True}),
        ("power", {"on": False}),
        ("power", {"on": True}),
        ("reset", {}),
        ("wait", {"field": "running", "value": True, "timeout_s": 10}),
        ("unsubscribe", {}),
    )
    for command, fields in steps:
        assert client.do(command, **fields)["ok"], (command, fields)
    assert recording.exists()
    elsewhere = {"status", "subscribe", "press"} | _OF_A_BATTERY | _OF_OTHER_BEARERS
    assert {command for command, _ in steps} | elsewhere == set(COMMANDS)


def test_a_board_without_a_battery_says_so(client):
    for command, fields in (
        ("battery", {"charge_pct": 50}),
        ("hours", {"hours": 24, "in_s": 5}),
        ("flicker", {"edges": 4, "over_s": 1}),
        ("fault", {"fault": "cell", "kind": "dead"}),
        ("fault", {"fault": "charger", "kind": "off"}),
        ("fault", {"fault": "adc", "input": "battery", "kind": "nan"}),
    ):
        reply = client.do(command, **fields)
        assert not reply["ok"] and reply["error"] == "value" and "no battery" in reply["text"], reply


def test_a_board_with_wifi_alone_says_so(client):
    for command, fields in (
        ("ethernet", {"mode": "unplugged"}),
        ("modem", {"mode": "silent"}),
        ("fault", {"fault": "ethernet", "mode": "ok"}),
        ("fault", {"fault": "modem", "mode": "ok", "join_ms": 10}),
    ):
        reply = client.do(command, **fields)
        assert not reply["ok"] and reply["error"] == "value" and "no such bearer" in reply["text"], reply


def test_wrong_requests_get_the_documented_error_and_change_nothing(client):
    client.do("wait", field="running", value=True)
    before = client.do("status")["status"]
    wrong = (
        ("json", "this is not JSON"),
        ("json", "[1, 2]"),
        ("json", "[" * 30000),
        ("version", '{"id": 1, "do": "status"}'),
        ("version", '{"v": 2, "id": 1, "do": "status"}'),
        ("version", '{"v": true, "id": 1, "do": "status"}'),
        ("id", '{"v": 1, "do": "status"}'),
        ("id", '{"v": 1, "id": [1], "do": "status"}'),
        ("do", '{"v": 1, "id": 1}'),
        ("do", '{"v": 1, "id": 1, "do": "explode"}'),
        ("do", '{"v": 1, "id": 1, "do": ["press"]}'),
        ("field", '{"v": 1, "id": 1, "do": "press"}'),
        ("field", '{"v": 1, "id": 1, "do": "press", "input": 5}'),
        ("field", '{"v": 1, "id": 1, "do": "press", "input": "button", "ms": 0}'),
        ("field", '{"v": 1, "id": 1, "do": "press", "input": "button", "ms": true}'),
        ("field", '{"v": 1, "id": 1, "do": "press", "input": "button", "ms": 1e99}'),
        ("field", '{"v": 1, "id": 1, "do": "press", "input": "button", "colour": "red"}'),
        ("field", '{"v": 1, "id": 1, "do": "power", "on": 1}'),
        ("field", '{"v": 1, "id": 1, "do": "wire", "input": "cord", "state": "gone"}'),
        ("field", '{"v": 1, "id": 1, "do": "link", "mode": "storm"}'),
        ("field", '{"v": 1, "id": 1, "do": "wait", "field": "light", "value": [1]}'),
        ("input", '{"v": 1, "id": 1, "do": "press", "input": "chimney"}'),
        ("input", '{"v": 1, "id": 1, "do": "set", "input": "chimney", "on": true}'),
        ("file", '{"v": 1, "id": 1, "do": "microphone", "what": "play", "file": "/no/such/file.wav"}'),
        ("file", '{"v": 1, "id": 1, "do": "speaker", "what": "record", "file": "/no/such/file.wav"}'),
        ("value", '{"v": 1, "id": 1, "do": "microphone", "what": "play"}'),
        ("value", '{"v": 1, "id": 1, "do": "speaker", "what": "stop", "file": "x.wav"}'),
        ("field", '{"v": 1, "id": 1, "do": "microphone", "what": "silence", "gain_db": 99}'),
        ("field", '{"v": 1, "id": 1, "do": "room", "delay_ms": 5}'),
        ("value", '{"v": 1, "id": 1, "do": "fault", "fault": "microphone", "kind": "prefix"}'),
        ("value", '{"v": 1, "id": 1, "do": "fault", "fault": "udp", "kind": "noise"}'),
        ("value", '{"v": 1, "id": 1, "do": "fault", "fault": "earthquake"}'),
        ("value", '{"v": 1, "id": 1, "do": "fault", "fault": "adc", "input": "cord"}'),
        ("timeout", '{"v": 1, "id": 1, "do": "wait", "field": "boots", "value": 99, "timeout_s": 0.05}'),
    )
    for error, text in wrong:
        client.line(text)
        reply = client.message()
        assert reply["ok"] is False and reply["error"] == error and reply["text"], (text[:80], reply)
    after = client.do("status")["status"]
    assert {**before, "t_ms": 0} == {**after, "t_ms": 0}


def test_an_oversized_line_is_refused_and_ends_the_connection(channel, client):
    client.line('{"v":1,"id":1,"do":"mark","text":"' + "x" * 70_000 + '"}')
    assert client.message()["error"] == "size"
    with pytest.raises((EOFError, ConnectionError)):
        client.message()
    other = _Client(channel)
    assert other.do("status")["ok"]
    other.close()


def test_requests_run_side_by_side_and_replies_carry_their_id(client):
    client.line('{"v":1,"id":"slow","do":"press","input":"bell","ms":400}')
    client.line('{"v":1,"id":"quick","do":"status"}')
    assert client.message()["id"] == "quick"
    assert client.message()["id"] == "slow"


def test_two_clients_see_the_same_board(channel, client):
    other = _Client(channel)
    client.do("subscribe")
    other.do("mark", text="hello")
    assert client.event(event="mark")["text"] == "hello"
    client.do("unsubscribe")
    other.do("mark", text="unheard")
    client.events.clear()
    client.do("status")
    assert client.events == []
    other.close()


def test_replies_still_come_after_the_client_has_sent_its_last_line(channel):
    with socket.create_connection(("127.0.0.1", channel), _SOON_S) as stream:
        stream.sendall(b'\n{"v":1,"id":1,"do":"press","input":"bell","ms":100}\n')
        stream.shutdown(socket.SHUT_WR)
        with stream.makefile("rb") as file:
            assert json.loads(file.read()) == {"v": 1, "id": 1, "ok": True}


def test_a_client_that_does_not_read_is_cut_off_and_nobody_else_notices():
    async def run(tmp):
        root = sample_root.write(tmp / "root")
        async with VirtualBoard(root, tmp / "state", board="SAMPLE") as board, ControlChannel(board) as channel:
            reader, writer = await asyncio.open_connection("127.0.0.1", channel.port)
            writer.write(b'{"v":1,"id":1,"do":"subscribe"}\n')
            await reader.readline()
            for _ in range(40):
                for _ in range(100):
                    board.emit("mark", text="x" * 5000)
                await asyncio.sleep(0.01)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                while True:
                    await asyncio.wait_for(reader.readuntil(b"\n"), _SOON_S)
            writer.close()
            assert board.status()["power"]

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(pathlib.Path(folder)))


def test_a_taken_control_port_and_a_missing_board_end_the_program_with_a_clear_line(tmp_path, channel):
    root = sample_root.write(tmp_path / "other")
    where = [sys.executable, "-m", "tools.vboard", "--root", str(root), "--state", str(tmp_path / "other_state")]
    for extra, text in ((["--board", "SAMPLE", "--control", str(channel)], str(channel)), (["--board", "NOBODY"], "NOBODY")):
        done = subprocess.run([*where, *extra], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 1 and text in done.stderr and "Traceback" not in done.stderr, done.stderr
