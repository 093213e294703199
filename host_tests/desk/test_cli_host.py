"""The two commands from a terminal, in processes of their own."""

import asyncio
import contextlib
import json
import socket
import sys

import pytest

from host_tests.fakes.desk import KEY, ROOT, DeskProcess, write_config
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.unit_link import UnitOnBroker
from host_tests.peers import need
from tools.brokers import Broker
from tools.desk import view

WAIT_S = 20


async def command(module, *words):
    """(exit code, standard output, standard error)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), WAIT_S)
    return process.returncode, out.decode(), err.decode()


async def cli(*words):
    return await command("tools.desk.cli", *words)


def test_help_names_every_command_and_outcome():
    async def run():
        status, out, _ = await cli("--help")
        assert status == 0
        for name in ("list", "answer", "release", "clear", "duty", "units", "query", "watch", "log", "status", "inject"):
            assert f"\n    {name} " in out, name
        _, out, _ = await cli("clear", "--help")
        for word in ("emergency", "help_sent", "mistake", "test", "present", "speech"):
            assert word in out

    asyncio.run(run())


def test_wrong_use_is_said_in_one_line(tmp_path):
    async def run():
        for words, status, text in (
            (["list"], 2, "where is the desk?"),
            (["--api", "here", "list"], 2, "--api takes HOST:PORT"),
            (["--api", "127.0.0.1:1", "--token-file", str(tmp_path / "no"), "list"], 1, "No such file"),
            (["--state", str(tmp_path), "list"], 1, "is it running?"),
            (["--config", str(tmp_path / "no.json"), "list"], 2, "cannot be read"),
        ):
            got, _, err = await cli(*words)
            assert (got, err.count("\n")) == (status, 1), words
            assert text in err

    asyncio.run(run())


def test_the_server_says_what_is_wrong_and_ends(tmp_path):
    async def run():
        with socket.create_server(("127.0.0.1", 0)) as taken:
            config = write_config(tmp_path, [1], api={"port": taken.getsockname()[1]})
            status, _, err = await command("tools.desk", "--config", str(config))
            assert (status, err.count("\n")) == (1, 1)
            assert "cannot listen on 127.0.0.1" in err
        status, _, err = await command("tools.desk", "--config", str(write_config(tmp_path, [1], units=["demo/F 12/u1"])))
        assert (status, err.count("\n")) == (2, 1)
        assert "units[0].flat" in err
        async with DeskProcess(write_config(tmp_path, [1])) as desk:
            status, _, err = await command("tools.desk", "--config", str(desk.config))
            assert (status, "another desk" in err) == (1, True)
        assert not (tmp_path / "state" / "api.json").exists()

    asyncio.run(run())


def test_a_call_from_the_terminal(tmp_path):
    """list, answer, clear with its complaints, duty, units, query, log, status, inject, watch."""
    need("nats")

    async def run():
        async with contextlib.AsyncExitStack() as stack:
            broker = await stack.enter_async_context(Broker("nats", dir=tmp_path / "broker"))
            desk = await stack.enter_async_context(DeskProcess(write_config(tmp_path, [broker.port])))
            client = await stack.enter_async_context(desk.client())
            await client.subscribe(since=0)
            await client.wait_for(lambda event: event["event"] == "broker" and event["connected"], WAIT_S)
            unit = await stack.enter_async_context(UnitOnBroker(FakeUnit(KEY), broker.port))
            await through_a_call(["--config", str(desk.config)], client, unit)

    asyncio.run(run())


async def through_a_call(where, client, unit):
    assert (await cli(*where, "list"))[1] == "no open calls\n"
    await unit.trigger()
    await client.wait_for_call(lambda call: call["state"] == "open", WAIT_S)
    _, out, _ = await cli(*where, "list")
    for word in ("open", "demo/f12", "cord bathroom", "rings centre", "online"):
        assert word in out
    assert (await cli(*where, "clear", "1"))[0] == 2
    assert "--outcome, --basis, --who missing" in (await cli(*where, "clear", "1"))[2]
    assert "--who missing" in (await cli(*where, "clear", "1", "--outcome", "test", "--basis", "present"))[2]
    full = ["clear", "1", "--outcome", "mistake", "--basis", "present", "--who", "A. Jones"]
    status, _, err = await cli(*where, *full)
    assert (status, "answer it first" in err) == (1, True)
    assert "answered by Mary" in (await cli(*where, "answer", "1", "--as", "centre", "--who", "Mary"))[1]
    assert "being cleared" in (await cli(*where, *full))[1]
    await client.wait_for_call(lambda call: call["state"] == "closed", WAIT_S)
    assert "service: mistake, A. Jones" in (await cli(*where, "list", "--closed"))[1]
    assert (await cli(*where, "answer", "9"))[2] == "desk: there is no call 9\n"
    assert "on duty" in (await cli(*where, "duty", "on"))[1]
    assert "demo/f12/u1" in (await cli(*where, "units"))[1]
    assert (await cli(*where, "query", "demo/f12/u1"))[0] == 0
    assert "ALARM call 1" in (await cli(*where, "log", "--call", "1"))[1]
    assert "connected" in (await cli(*where, "status"))[1]
    assert "withhold_receipts: 2" in (await cli(*where, "inject", "withhold_receipts", "2"))[1]
    assert json.loads((await cli(*where, "--json", "list", "--closed"))[1])[0]["state"] == "closed"
    await watched(where)


async def watched(where):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.desk.cli", *where, "watch", "--since", "0", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )  # fmt: skip
    lines = []
    while not any("call 1 is closed" in line for line in lines):
        lines.append((await asyncio.wait_for(process.stdout.readline(), WAIT_S)).decode())
    process.terminate()
    await process.communicate()
    assert any("ALARM call 1" in line for line in lines)


@pytest.mark.parametrize("text", ["\x1b[2Jgone", "a\nb", "\u202egnp"])
def test_what_came_over_the_network_cannot_drive_the_terminal(text):
    assert view.clean(text).isprintable()
    assert view.table(["A"], [[text]]).count("\n") == 1


def test_an_event_of_a_newer_desk_is_still_a_line():
    event = {"v": 1, "event": "picnic", "n": 1, "at": 0.0, "flat": "", "unit": ""}
    assert view.event_line(event).endswith("picnic")
    assert view.event_line({**event, "event": "alarm"}).endswith("alarm")
