"""`python -m tools.walk` in a process of its own, with a real desk, a real broker and the fake unit."""

import asyncio
import contextlib
import json
import signal
import sys

import pytest

from host_tests.fakes.desk import KEY, ROOT, DeskProcess, write_config
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.unit_link import UnitOnBroker
from host_tests.fakes.unit_tests import STEPS
from host_tests.peers import need
from tools.brokers import Broker

WAIT_S = 20  # bound on every wait


class Walk:
    """The command with `--json`: `said` are its lines so far."""

    def __init__(self, process):
        self.process, self.said = process, []

    async def until(self, say, **fields):
        """The next line of that kind with these fields."""
        while True:
            try:
                line = await asyncio.wait_for(self.process.stdout.readline(), WAIT_S)
            except asyncio.TimeoutError:
                raise AssertionError(f"it did not say {say} {fields}: {self.said}") from None
            assert line, f"it ended before it said {say} {fields}: {self.said} {await self.process.stderr.read()}"
            self.said.append(json.loads(line))
            if self.said[-1]["say"] == say and fields.items() <= self.said[-1].items():
                return self.said[-1]

    async def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    async def end(self):
        """(exit code, what it said as an error)"""
        _, error = await asyncio.wait_for(self.process.communicate(), WAIT_S)
        return self.process.returncode, error.decode()


@contextlib.asynccontextmanager
async def started(*words, json_lines=True):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.walk", *words, *(["--json"] if json_lines else []), cwd=ROOT, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Walk(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@contextlib.asynccontextmanager
async def scene(path, faults=(), **config):
    """(desk process, its client, unit)"""
    need("nats")
    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(Broker("nats", dir=path / "broker"))
        desk = await stack.enter_async_context(DeskProcess(write_config(path, [broker.port], **config)))
        unit = await stack.enter_async_context(UnitOnBroker(FakeUnit(KEY, faults=faults), broker.port))
        client = await stack.enter_async_context(desk.client())
        await client.subscribe(since=0)
        await client.wait_for(lambda event: event["event"] == "health", WAIT_S)
        yield desk, client, unit


def play(path, script, **config):
    async def run():
        async with scene(path, **config) as parts:
            await script(*parts)

    asyncio.run(run())


async def through(walk, unit, answers=("y", "y")):
    """Every step of the fake unit's test."""
    answers = list(answers)
    for step in STEPS:
        now = await walk.until("now", step=step)
        assert (now["question"], now["left"][0]) == (step.startswith("ask:"), step)
        if now["question"]:
            await walk.type(answers.pop(0))
        else:
            if step.startswith("pull:"):
                await unit.trigger(cause="test", name=step.removeprefix("pull:"))
            await unit.say(unit.fake.test.done(step, "pass", "142 ms" if step.startswith("pull:") else ""))
        told = await walk.until("result", step=step)
        assert told["detail"] == ("142 ms" if step.startswith("pull:") else "")


def test_a_whole_test_with_what_is_left_latencies_questions_and_the_record(tmp_path):
    async def script(desk, client, unit):
        async with started("--state", str(desk.state), "--who", "E. Ngineer", "--witness", "Ann") as walk:
            await walk.until("unit", unit="demo/f12/u1", status="online")
            await walk.until("wait")
            await through(walk, unit)
            verdict = await walk.until("verdict")
            assert (verdict["verdict"], verdict["record"], verdict["defects"], verdict["untested"]) == ("PASS", 1, [], [])
            assert await walk.end() == (0, "")
        record = (await client.request("test_record", record=1))["record"]
        header = json.loads(record["text"].splitlines()[0])
        assert (header["engineer"], header["witness"]) == ("E. Ngineer", "Ann")

    play(tmp_path, script)


def test_a_defect_a_skip_and_a_stop_are_on_the_record_and_in_the_exit_code(tmp_path):
    async def script(desk, client, unit):
        where = ("--config", str(desk.config), "--unit", "demo/f12/u1", "--who", "E")
        async with started(*where) as walk:
            await walk.until("now")
            await walk.type("y")
            await walk.until("wrong")
            await walk.type("skip the cord is not mounted yet")
            await walk.until("result", step="pull:cord1", result="skip", detail="the cord is not mounted yet")
            await walk.until("now", step="ask:cord1:reach")
            await walk.type("n")
            await walk.until("result", step="ask:cord1:reach", result="fail")
            await walk.type("stop")
            verdict = await walk.until("verdict")
            assert (verdict["verdict"], verdict["defects"]) == ("INCOMPLETE", ["ask:cord1:reach"])
            assert ["pull:cord1", "the cord is not mounted yet"] in verdict["untested"]
            assert (await walk.end())[0] == 5

    play(tmp_path, script)


def test_the_desk_dies_in_the_middle_and_the_test_goes_on_with_it_when_it_is_back(tmp_path):
    async def script(desk, client, unit):
        async with started("--state", str(desk.state), "--who", "E") as walk:
            await walk.until("now", step="pull:cord1")
            await desk.kill()
            await walk.until("lost")
            await walk.type("skip nobody hears this")
            await walk.until("wrong")
            await unit.say(unit.fake.test.done("pull:cord1", "pass", "99 ms"))  # nobody hears that either
            await desk.start()
            await walk.until("back")
            async with desk.client() as again:
                await again.subscribe(since=0)
                await again.wait_for(lambda event: event["event"] == "broker" and event["connected"], WAIT_S)
                await unit.say(unit.fake.test.done("ask:cord1:reach", "pass"))
                await walk.until("now", step="ask:light")
                await walk.type("stop")
                assert (await walk.until("verdict"))["verdict"] == "INCOMPLETE"
            assert (await walk.end())[0] == 5

    play(tmp_path, script)


def test_ctrl_c_asks_and_leaves_and_the_next_one_goes_on_with_the_same_test(tmp_path):
    async def script(desk, client, unit):
        async with started("--state", str(desk.state), "--who", "E") as walk:
            await walk.until("now")
            walk.process.send_signal(signal.SIGINT)
            await walk.until("ask")
            await walk.type("g")
            await walk.until("now")
            walk.process.send_signal(signal.SIGINT)
            await walk.until("ask")
            await walk.type("l")
            await walk.until("left")
            assert (await walk.end())[0] == 130
        assert unit.fake.test.is_on
        async with started("--state", str(desk.state)) as walk:
            await walk.until("joined", test=unit.fake.test.test)
            await walk.until("now", step="pull:cord1")
            walk.process.send_signal(signal.SIGINT)
            await walk.until("ask")
            await walk.type("s")
            assert (await walk.until("verdict"))["verdict"] == "INCOMPLETE"
            assert (await walk.end())[0] == 5

    play(tmp_path, script)


def test_a_real_call_in_the_test_is_shown_and_the_test_waits(tmp_path):
    async def script(desk, client, unit):
        async with started("--state", str(desk.state), "--who", "E") as walk:
            await walk.until("now")
            await unit.trigger(location="bedroom")
            await unit.say(unit.fake.test.pause())
            await walk.until("call", state="open")
            call = await client.wait_for_call(lambda view: view["state"] == "open", WAIT_S)
            await client.answer(call["n"], party="centre", who="Mary")
            await client.wait_for_call(lambda view: view["confirmed"], WAIT_S)
            await client.clear(call["n"], "mistake", "present", "A. Jones")
            await client.wait_for_call(lambda view: view["state"] == "closed", WAIT_S)
            await unit.say(unit.fake.test.resume())
            await walk.until("wait")
            await walk.until("now", step="pull:cord1")

    play(tmp_path, script)


def test_a_reset_of_the_unit_in_the_test_ends_it_with_its_record(tmp_path):
    async def script(desk, client, unit):
        async with started("--state", str(desk.state), "--who", "E") as walk:
            await walk.until("now")
            unit.fake.test.end()  # what it writes at its next start; nothing of it was sent
            await unit.lose_power()
            await unit.start_again()
            await walk.until("reset")
            assert (await walk.until("verdict"))["verdict"] == "INCOMPLETE"
            assert (await walk.end())[0] == 5

    play(tmp_path, script)


def test_what_the_unit_refuses_is_told_with_what_to_do(tmp_path):
    async def script(desk, client, unit):
        async with started("--state", str(desk.state), "--who", "E", json_lines=False) as walk:
            code, error = await walk.end()
            assert (code, "a call is open or somebody speaks" in error) == (1, True), error

    play(tmp_path, script, faults=["test_refused"])


def test_a_silent_or_wrong_unit_is_told_in_one_line(tmp_path):
    async def script(desk, client, unit):
        for words, text in (
            (("--unit", "demo/f99/u1", "--who", "E"), "there is no unit 'demo/f99/u1'. --unit takes one of: demo/f12/u1"),
            ((), "--who NAME"),
        ):
            async with started("--state", str(desk.state), *words, json_lines=False) as walk:
                code, error = await walk.end()
                assert (code, error.count("\n"), text in error) == (1, 1, True), error
        await unit.lose_power()
        await client.wait_for(lambda event: event["event"] == "unit" and event["view"]["status"] == "silent", WAIT_S)
        async with started("--state", str(desk.state), "--who", "E", json_lines=False) as walk:
            code, error = await walk.end()
            assert (code, "is silent: the broker says that it is gone" in error) == (1, True), error

    play(tmp_path, script)


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [((), 2, "where is the desk?"), (("--state", "/nowhere"), 1, "is it running?"), (("--who", "x" * 33), 2, "1 to 32 char"),
     (("--mpremote", "/dev/null"), 2, "--who NAME"), (("--witness", "x" * 65), 2, "at most 64"),
     (("--api", "127.0.0.1:1", "--token-file", "/dev/null", "--who", "E"), 1, "no desk answers")],
)  # fmt: skip
def test_wrong_use_and_a_desk_that_is_not_there_are_told_in_one_line(words, code, text):
    async def run():
        async with started(*words, json_lines=False) as walk:
            got, error = await walk.end()
            assert (got, error.count("\n"), text in error) == (code, 1, True), error

    asyncio.run(run())
