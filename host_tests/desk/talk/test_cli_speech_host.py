"""Speech and welfare calls from the terminal, against a real API, with the unit in memory."""

import asyncio
import json

import pytest

from host_tests.fakes.desk import KEY
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.wire import joined
from tools.desk import cli
from tools.desk.api import ApiServer, make_token
from tools.desk.client import DeskClient, DeskError

UNIT = "demo/f12/u1"
WAIT_S = 10


class Terminal:
    def __init__(self, wire, port, token_file, capsys):
        self.wire, self._where = wire, ["--api", f"127.0.0.1:{port}", "--token-file", str(token_file)]
        self._capsys = capsys

    async def __call__(self, *words):
        """What is printed; the desk and the unit then come to rest."""
        await cli._run(cli._parser().parse_args([*self._where, *words]))
        await self.wire.settle()
        return self._capsys.readouterr().out


def play(tmp_path, capsys, script):
    async def run():
        unit = FakeUnit(KEY)
        with joined(tmp_path, unit, timers={"media_silent_s": 3600}) as wire:
            token = make_token(tmp_path / "token")
            server = ApiServer(wire.desk, token)
            _, port = await server.start("127.0.0.1", 0)
            unit.will()
            wire.up(unit.connected(wire.now_ms))
            await wire.settle()
            async with DeskClient("127.0.0.1", port, token) as client:
                await client.subscribe()
                await script(Terminal(wire, port, tmp_path / "token", capsys), wire, unit, client)
            await server.stop()

    asyncio.run(run())


def test_a_call_is_answered_and_spoken_with_from_the_terminal(tmp_path, capsys):
    async def script(terminal, wire, unit, client):
        wire.up(unit.trigger(wire.now_ms))
        await wire.settle()
        said = await terminal("answer", "1", "--who", "Mary", "--talk")
        sid = said.rpartition("speech ")[2].strip()
        assert (await client.wait_for_session(sid, "connected", WAIT_S))["who"] == "Mary"
        for word in (sid, "connected", "demo/f12", "Mary", "auto"):
            assert word in await terminal("sessions")
        assert "is on its way" in await terminal("control", "-", "listen")
        assert unit.speech.controls == ["listen"]
        assert "Bob" in await terminal("talk", "1", "--who", "Bob")
        assert "ending" in await terminal("hang-up", "-")
        assert await terminal("sessions") == "nobody speaks\n"
        assert "taken_over" in await terminal("sessions", "--ended")
        with pytest.raises(DeskError, match="there are 0"):
            await terminal("hang-up", "-")
        with pytest.raises(DeskError, match="has ended: taken_over"):
            await client.wait_for_session(sid, "connected", WAIT_S)
        assert "intercom_auto" not in await terminal("microphone-log")
        assert "alarm" in await terminal("microphone-log", "--unit", UNIT)
        lines = await terminal("log")
        for words in ("MICROPHONE open True", f"speech {sid} (alarm, Mary) is connected", "speech started"):
            assert words in lines

    play(tmp_path, capsys, script)


def test_a_welfare_call_is_made_and_recorded_from_the_terminal(tmp_path, capsys):
    async def script(terminal, wire, unit, client):
        session = json.loads(await terminal("--json", "welfare", UNIT, "--who", "Mary"))
        await wire.run(4)
        assert "How are you today?" in await terminal("questions")
        words = ["--answer", "well=yes", "--answer", "help=no", "--answer", "mood=4", "--answer", "note=all is well"]
        outcome = ["outcome", session["sid"], "well", "--who", "Mary"]
        assert "recorded as 1: well" in await terminal(*outcome, *words)
        for wrong in (["--answer", "well"], ["--answer", "cat=yes"], ["--answer", "well=perhaps"], []):
            with pytest.raises(DeskError):
                await terminal(*outcome, *wrong)
        for word in ("all is well", UNIT, "Mary"):
            assert word in await terminal("welfare-log")
        assert await terminal("no-answer-log") == "nothing yet\n"
        assert await terminal("ok-log", "--since", "3") == "nothing yet\n"

    play(tmp_path, capsys, script)
