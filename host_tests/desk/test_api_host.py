"""The API, spoken line by line as docs/desk-api.md says; a desk without a broker is enough."""

import asyncio
import contextlib
import json
import re
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tests.fakes.desk import KEY, ROOT, write_config
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.wire import WireLink
from tools.desk.api import ApiServer, make_token
from tools.desk.client import DeskClient, DeskError
from tools.desk.config import load
from tools.desk.desk import Desk
from tools.desk.requests import REQUESTS

TOKEN = "right"
WAIT_S = 10


@contextlib.asynccontextmanager
async def served(tmp_path, **config):
    """Desk, port and a unit whose call is stored."""
    desk = Desk(load(write_config(tmp_path, [1], **config)), WireLink)
    server = ApiServer(desk, TOKEN)
    _, port = await server.start("127.0.0.1", 0)
    unit = FakeUnit(KEY)
    for topic, payload in unit.trigger(0):
        desk.links[0].on_message(desk.links[0], topic, payload)
    await desk.step()
    try:
        yield desk, port
    finally:
        await server.stop()
        desk.store.close()


class Lines:
    """A client with no code of the desk in it."""

    def __init__(self, port):
        self._port = port

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *error):
        self.writer.close()

    async def raw(self, data):
        self.writer.write(data + b"\n")
        return json.loads(await asyncio.wait_for(self.reader.readline(), WAIT_S) or b"null")

    async def ask(self, do, **fields):
        return await self.raw(json.dumps({"v": 1, "id": 5, "do": do, **fields}).encode())

    async def at_end(self):
        return await asyncio.wait_for(self.reader.read(), WAIT_S) == b""


def run(tmp_path, script, **config):
    async def inner():
        async with served(tmp_path, **config) as (desk, port), Lines(port) as lines:
            await lines.ask("hello", token=TOKEN)
            await script(desk, lines)

    asyncio.run(inner())


def code(reply):
    assert reply["ok"] is False
    assert reply["error"]["text"]
    return reply["error"]["code"]


def test_nothing_is_answered_before_the_right_token(tmp_path):
    async def inner():
        async with served(tmp_path) as (_, port):
            hellos = [{"do": "hello", "token": token} for token in ("wrong", "\ud800", 7, None)]
            for first in [{"do": "calls"}, {"do": "hello"}, *hellos]:
                async with Lines(port) as lines:
                    assert code(await lines.ask(**first)) == "token"
                    assert await lines.at_end()
            async with Lines(port) as lines:
                assert (await lines.ask("hello", token=TOKEN))["ok"] is True

    asyncio.run(inner())


def test_the_token_file_is_for_its_owner_only(tmp_path):
    file = tmp_path / "desk.token"
    token = make_token(file)
    assert re.fullmatch("[0-9a-f]{64}", token)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    assert make_token(file) == token
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_lines_that_are_no_requests_get_an_error_and_the_connection_goes_on(tmp_path):
    async def script(desk, lines):
        for data, wanted in (
            (b"hello", "json"), (b"[]", "json"), (b'{"v":1}', "json"), (b'{"id":true,"v":1}', "json"), (b"\xff", "json"),
            (b'{"id":1,"v":2,"do":"ping"}', "version"), (b'{"id":1,"v":true,"do":"ping"}', "version"),
            (b'{"id":1,"v":1,"do":"dance"}', "unknown"), (b'{"id":1,"v":1,"do":[]}', "unknown"), (b"[" * 5000, "json"),
        ):  # fmt: skip
            assert code(await lines.raw(data)) == wanted, data
        assert (await lines.ask("ping"))["ok"] is True

    run(tmp_path, script)


def test_a_line_that_is_too_long_ends_the_connection(tmp_path):
    async def script(desk, lines):
        assert code(await lines.raw(b"x" * 70_000)) == "size"

    run(tmp_path, script)


def test_each_wrong_request_has_its_code(tmp_path):
    async def script(desk, lines):
        clear = {"outcome": "mistake", "basis": "present", "who": "A"}
        for do, fields, wanted in (
            ("call", {"call": 99}, "no_such_call"), ("call", {"call": "u1-00000000-1"}, "no_such_call"),
            ("call", {}, "field"), ("call", {"call": True}, "field"), ("call", {"call": 2**80}, "field"),
            ("answer", {"call": 1, "party": "cat"}, "field"), ("answer", {"call": 1, "who": "x" * 33}, "field"),
            ("release", {"call": 1}, "not_answered"), ("clear", {"call": 1, **clear}, "not_answered"),
            ("clear", {"call": 1}, "field"), ("clear", {"call": 1, **clear, "outcome": "x"}, "field"),
            ("clear", {"call": 1, **clear, "triggers": 0}, "field"), ("duty", {"on": 1}, "field"),
            ("duty", {"scheme": "moon"}, "no_such_scheme"), ("query", {"unit": "a/b/c"}, "no_such_unit"),
            ("query", {}, "field"), ("calls", {"limit": 0}, "field"), ("log", {"since": -1}, "field"),
            ("events", {"since": "x"}, "field"), ("inject", {"mode": "fire", "value": 1}, "field"),
            ("inject", {"mode": "drop_up", "value": -2}, "field"), ("inject", {"mode": "drop_up"}, "field"),
        ):  # fmt: skip
            assert code(await lines.ask(do, **fields)) == wanted, (do, fields)

    run(tmp_path, script)


def test_a_call_is_answered_cleared_and_then_neither_again(tmp_path):
    async def script(desk, lines):
        answered = await lines.ask("answer", call=1)
        assert answered["call"]["held_by"]["party"] == "centre"
        reply = await lines.ask("clear", call=answered["call"]["call"], outcome="test", basis="present", who="A")
        assert reply["call"]["state"] == "clearing"
        assert code(await lines.ask("answer", call=1)) == "clearing"
        assert code(await lines.ask("clear", call=1, outcome="test", basis="present", who="A")) == "clearing"

    run(tmp_path, script)


def test_fault_injection_is_forbidden_unless_the_configuration_allows_it(tmp_path):
    async def script(desk, lines):
        assert code(await lines.ask("inject", mode="withhold_receipts", value=-1)) == "forbidden"
        assert (await lines.ask("status"))["fault_injection"] is False

    run(tmp_path, script, fault_injection=False)


def test_a_subscriber_gets_old_events_then_new_ones_each_once(tmp_path):
    async def inner():
        async with served(tmp_path) as (desk, port), Lines(port) as lines:
            await lines.ask("hello", token=TOKEN)
            lines.writer.write(b'{"v":1,"id":1,"do":"events","since":0}\n{"v":1,"id":2,"do":"duty","on":true}\n')
            numbers, replies = [], []
            while len(replies) < 2 or len(numbers) < desk.store.log_end():
                item = json.loads(await asyncio.wait_for(lines.reader.readline(), WAIT_S))
                (numbers if "event" in item else replies).append(item.get("n", item.get("id")))
            assert numbers == list(range(1, desk.store.log_end() + 1))
            assert replies == [1, 2]

    asyncio.run(inner())


def test_a_subscriber_that_does_not_read_is_cut_off_and_nobody_waits_for_it(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.desk.timeline._QUEUE_MAX", 1000)

    async def inner():
        async with served(tmp_path) as (desk, port), Lines(port) as lines:
            await lines.ask("hello", token=TOKEN)
            await lines.ask("events")
            for i in range(2000):
                desk.timeline.emit_later("desk", text="x" * 20_000 + str(i))
            desk.timeline.flush()
            rest = await asyncio.wait_for(lines.reader.read(), WAIT_S)
            assert b"too_slow" in rest

    asyncio.run(inner())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=200).filter(lambda line: b"\n" not in line), max_size=10))
def test_any_lines_break_nothing(tmp_path_factory, junk):
    async def script(desk, lines):
        for line in junk:
            if line:
                assert (await lines.raw(line))["ok"] is False
        assert (await lines.ask("ping"))["ok"] is True

    run(tmp_path_factory.mktemp("desk"), script)


def test_the_client_says_clearly_what_is_wrong(tmp_path):
    async def inner():
        async with served(tmp_path) as (_, port):
            for wrong_port, words in ((1, "no desk answers"), (port, "token")):
                with pytest.raises(DeskError, match=words):
                    await DeskClient("127.0.0.1", wrong_port, "x").__aenter__()
            async with DeskClient("127.0.0.1", port, TOKEN) as client:
                assert (await client.calls())[0]["n"] == 1

    asyncio.run(inner())


def test_the_page_names_every_request_event_and_error_code():
    page = (ROOT / "docs" / "desk-api.md").read_text()
    source = "".join(path.read_text() for path in (ROOT / "tools" / "desk").rglob("*.py"))
    events = set(re.findall(r'emit(?:_later)?\(\s*"(\w+)"', source))
    codes = set(re.findall(r'DeskError\(\s*"(\w+)"', source)) | set(re.findall(r'self\._error\([^,]+, "(\w+)"', source))
    assert len(events) >= 18
    for word in (events | codes | set(REQUESTS)) - {"closed_connection"}:  # that one is the Python client's own
        assert f"`{word}`" in page, word
