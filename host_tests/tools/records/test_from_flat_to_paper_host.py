"""From the cord in the flat to the paper: a real unit, broker and desk; then what `python -m tools.records` makes of it."""

import asyncio
import contextlib
import csv
import io
import json

import pypdf

from host_tests import real_unit
from host_tests.fakes.desk import DeskProcess, write_config
from host_tests.peers import need
from tools.brokers import Broker
from tools.records.__main__ import main
from tools.vboard import VirtualBoard

WAIT_S = 30  # bound on every wait
UNIT = "demo/f12/u1"


@contextlib.asynccontextmanager
async def house(path):
    """(board, client of the desk, state directory of the desk, root of the unit); the unit is on line."""
    need("nats")
    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(Broker("nats", dir=path / "broker"))
        desk = await stack.enter_async_context(DeskProcess(write_config(path, [broker.port])))
        client = await stack.enter_async_context(desk.client())
        await client.subscribe(since=0)
        root = real_unit.make_root(path / "flat", port=broker.port)
        board = await stack.enter_async_context(VirtualBoard(root, path / "board"))
        await client.wait_for(lambda event: event["event"] == "health", WAIT_S)
        yield board, client, desk.state, root


async def walked(board, client):
    """A test with one pull, one answer and one step left out, then stopped; the number of its record."""
    await client.request("test_start", unit=UNIT, who="Zoë Ängström", witness="A. Tenant")
    await client.wait_for(_progress(lambda view: view["step"] == "pull:button"), WAIT_S)
    await real_unit.said(board, "pull or press button")  # it has settled: pulls are the test's now
    await board.press("cord1", 300)
    await client.wait_for(_progress(lambda view: view["last"] and view["last"][0] == "pull:cord1"), WAIT_S)
    await client.request("test_answer", unit=UNIT, step="ask:cord1:reach", value="no")
    await client.wait_for(_progress(lambda view: view["last"] and view["last"][0] == "ask:cord1:reach"), WAIT_S)
    await client.request("test_skip", unit=UNIT, step="pull:pendant", why="the tenant wears it, and is out")
    await client.wait_for(_progress(lambda view: view["last"] and view["last"][0] == "pull:pendant"), WAIT_S)
    await client.request("test_stop", unit=UNIT)
    return (await client.wait_for(lambda event: event["event"] == "test_record", WAIT_S))["number"]


def _progress(wanted):
    return lambda event: event["event"] == "test" and wanted(event["view"])


def test_a_pull_an_answer_and_a_reason_stand_on_the_paper_and_the_chains_hold(tmp_path, capsys):
    async def scene():
        async with house(tmp_path) as (board, client, state, root):
            number = await walked(board, client)
            entry = (await client.request("test_record", record=number))["record"]
            assert entry["flags"] == [] and entry["verdict"] == "INCOMPLETE"
            calls = (await client.request("calls", closed=True))["calls"]
            assert [(call["test"], call["closed"]["outcome"]) for call in calls] == [(True, "test")]
            return state, root, entry

    state, root, entry = asyncio.run(scene())
    header = json.loads(entry["text"].splitlines()[0])
    assert main(["hashes", str(root / "settings.json")]) == 0
    said = capsys.readouterr().out
    assert header["config_sha256"] in said and header["board_sha256"] in said, "unit and tool reckon the same hashes"
    assert main(["pdf", "--state", str(state), "--out", str(tmp_path / "record.pdf")]) == 0
    pages = pypdf.PdfReader(tmp_path / "record.pdf").pages
    text = " ".join(pages[0].extract_text().split())
    assert len(pages) == 1
    for one in ("INCOMPLETE", "Zoë Ängström", "A. Tenant", "cord1: reaches the floor", "out, the tenant wears it, and is out",
                "ESP32_GENERIC", entry["sha256"], header["config_sha256"]):  # fmt: skip
        assert one in text, one
    assert main(["csv", "--state", str(state), "--out", str(tmp_path / "all.csv")]) == 0
    row, = csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text(encoding="utf-8"), newline=""))
    assert (row["verdict"], row["state"], row["defects"]) == ("INCOMPLETE", "never passed", "cord1: reaches the floor")
    assert main(["verify", "--state", str(state)]) == 0
    assert main(["verify", *[str(path) for path in (root / "tests").iterdir()]]) == 0, "the unit has the same record"
    assert capsys.readouterr().out.count("no break") == 3
