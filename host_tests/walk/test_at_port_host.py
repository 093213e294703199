"""A test is begun at the serial port of a unit in service: its console is closed, and the claim code opens it for the request."""

import asyncio
import json
import subprocess
import sys

from host_tests import real_unit
from host_tests.service.flashed_unit import flashed_unit
from host_tests.walk import bell
from tools import deploy
from tools.brokers import Broker

_S = 90


def quick(files):
    """A test that is left alone ends soon."""
    settings = json.loads(files["settings.json"])
    files["settings.json"] = json.dumps({**settings, "timers": {**bell.QUICK, "test_idle_ms": 5000}}).encode()


def walking(unit):
    """The tool at work at the unit's port."""
    command = [sys.executable, "-m", "tools.walk", "--mpremote", unit.port, "--who", "E. Ngineer", "--code-file", "-", "--json"]
    process = subprocess.Popen(command, cwd=deploy.ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(unit.code + "\n")
    process.stdin.close()
    return process


def test_a_running_unit_is_opened_by_its_claim_code_asked_for_a_test_and_runs_again(tmp_path):
    async def scene():
        async with Broker("nats", dir=tmp_path / "broker") as broker, bell.Automaton(broker.port, real_unit.KEY) as service:
            await asyncio.to_thread(live, broker.port, service, asyncio.get_running_loop())

    def live(port, service, loop):
        def wait(coroutine):
            return asyncio.run_coroutine_threadsafe(coroutine, loop).result(_S)

        with flashed_unit(tmp_path, quick, port=port) as unit, walking(unit) as process:
            try:
                assert wait(service.heard(lambda m: m.get("event") == "service", timeout_s=_S))["state"] == "opened"
                wait(service.progress(lambda m: m["step"] == "pull:button", timeout_s=_S))
                since = len(service.said)
                unit.board.run(lambda one: one.press("cord1", 300))
                assert wait(service.alarm(lambda m: True, since))["test"]
                ended = wait(service.progress(lambda m: m["state"] == "ended", since, _S))
                said = [json.loads(line) for line in process.stdout]
                assert process.wait(_S) == 5, said  # INCOMPLETE: it was left alone
            finally:
                process.kill()
            assert unit.console.state() == "running" and unit.is_shut()
        told = [line["say"] for line in said]
        assert told.index("begin") < told.index("verdict") == len(told) - 1 and said[-1]["verdict"] == ended["verdict"]
        lines = [line["line"] for line in said if line["say"] == "console"]
        assert any("started, session" in line for line in lines) and any("begins;" in line for line in lines)
        assert unit.code not in str(said)
        wait(service.heard(lambda m: m.get("event") == "test_record" and m["test"] == ended["test"]))
        head = json.loads(service.records[ended["test"]].split("\n")[0])
        assert (head["by"], head["engineer"]) == ("console", "E. Ngineer")

    asyncio.run(scene())
