"""A whole unit that starts with what a power cut left of a test: its record reaches the service, what is damaged is a fault."""

import asyncio
import contextlib
import hashlib
import json

from firmware.walk.keeping import CUT, Keeper
from host_tests import real_unit
from host_tests.walk.bell import Automaton
from host_tests.walk.folder import HEADER
from tools.brokers import Broker
from tools.vboard import VirtualBoard

STEPS = [f"ask:cord{number}:reach" for number in range(40)]


def left_behind(root):
    """What was on the unit when its power went: a record that was never sent, a test in its middle, a file of nobody's."""
    directory = root / "tests"
    keeper = Keeper(str(directory))
    assert keeper.begin({**HEADER, "test": "00000001"}, ["tone"]) and keeper.add("tone", "pass")
    assert keeper.finish("PASS", 1795305600, "2027-02-20")
    assert keeper.begin({**HEADER, "test": "00000002"}, STEPS) and keeper.add(STEPS[0], "pass")
    (directory / "nonsense").write_bytes(b"?")


@contextlib.asynccontextmanager
async def flat(tmp_path, broker, damage=None):
    async with Automaton(broker.port, real_unit.KEY) as service:
        root = real_unit.make_root(tmp_path, damage, port=broker.port)
        async with VirtualBoard(root, tmp_path / "state") as board:
            await service.online()
            yield board, service, root


def test_a_cut_test_reaches_the_service_as_incomplete_and_a_foreign_file_is_a_fault(tmp_path):
    async def scene():
        async with Broker("nats", dir=tmp_path / "broker") as broker:
            async with flat(tmp_path, broker, left_behind) as (_, service, root):
                fault = await service.heard(lambda m: m.get("event") == "fault" and m["fault"] == "storage")
                assert (fault["input"], fault["open"]) == ("tests", True)
                await service.heard(lambda m: len(service.records) == 2)
                health = await service.heard(lambda m: m["type"] == "health" and m["due"])
                assert (health["tested"], health["due"]) == ("2026-11-22", "2027-02-20")
                await _until(lambda: len(list((root / "tests").glob("*.ok"))) == 2)
            first, second = (service.records[test] for test in ("00000001", "00000002"))
            lines = [json.loads(line) for line in second.splitlines()]
            assert lines[0]["prev"] == hashlib.sha256(first.encode()).hexdigest()
            assert (lines[-1]["verdict"], lines[-1]["due"]) == ("INCOMPLETE", "2027-02-20")
            assert len(lines[-1]["untested"]) == 39 and lines[-1]["untested"][0][1] == CUT
            assert len([m for m in service.said if m.get("event") == "test_record" and m["test"] == "00000002"]) > 1

    asyncio.run(scene())


async def _until(true, timeout_s=real_unit.SOON_S):
    async def look():
        while not true():
            await asyncio.sleep(0.05)

    await asyncio.wait_for(look(), timeout_s)
