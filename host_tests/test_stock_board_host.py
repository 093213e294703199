"""A board with MicroPython as it is delivered, onto which only our files came: no partition for the journal, modules as `.mpy`
files whose byte code lies in the heap, and no more heap than any other board. It calls all the same (P1, P8)."""

import asyncio

from host_tests import real_unit
from host_tests.real_unit import SOON_S
from host_tests.small_service import SmallService
from tools.brokers import Broker
from tools.vboard import VirtualBoard
from tools.vboard.child_process import BOARD_HEAP

STOCK = {"vfs": 512}
QUICK = {"line_fault_ms": 100, "held_ms": 1000}
_FREE_BYTES = 60_000  # on line at a broker without TLS; 76,000 when written down. A TLS connection takes some 20,000


def run(tmp_path, scene, damage=None, partitions=STOCK, answers=True, **changes):
    """scene(board, service): such a unit at a real broker, with a small service."""

    async def inside():
        async with Broker(dir=tmp_path / "broker") as broker, SmallService([broker.port], answers) as service:
            root = real_unit.make_root(tmp_path, damage, port=broker.port, form="mpy", **changes)
            async with VirtualBoard(root, tmp_path / "state", partitions=partitions, heapsize=BOARD_HEAP) as board:
                await asyncio.wait_for(scene(board, service), 120)

    asyncio.run(inside())


def said(board):
    return [event["text"] for event in board.log if event["event"] == "console"]


async def lit(board, since_ms):
    await board.wait_event(lambda e: e["event"] == "light" and e["level"] == 1, SOON_S, since_ms)


def test_a_call_on_a_stock_board_outlives_a_power_cut_and_gets_its_receipt_p1(tmp_path):
    async def scene(board, service):
        started = await service.event("started")
        assert started["mode"] == "reduced"
        texts = said(board)
        assert "journal: no partition of its own; calls are kept as files" in texts
        assert any(text.startswith("speech: speech is left out") for text in texts)
        assert not any(text.startswith(("storage", "Traceback")) for text in texts), texts
        health = await service.health(lambda message: True)
        assert health["journal"]["where"] == "files" and health["journal"]["used_records"] >= 1
        assert not any(fault.startswith("storage") for fault in health["faults"])
        assert health["heap_free_bytes"] >= _FREE_BYTES, f"{health['heap_free_bytes']} bytes free"

        await board.press("button", 200)
        first = await service.heard("alarm", lambda message: True)
        since, since_ms = len(service.messages), board.now_ms()
        await board.power_cut()
        await board.power_on()
        await lit(board, since_ms)
        again = await service.heard("alarm", lambda message: message["resumed"], since)
        assert again["call"] == first["call"] and again["triggers"] == first["triggers"]
        await service.see_to(service.ports[0], again)
        await service.event("cleared", since)
        await board.wait_for(lambda status: status["light"] == 0, SOON_S)

        since = len(service.messages)
        await board.power_cut()
        await board.power_on()
        started = await service.event("started", since)
        assert started.get("call") is None and not service.all("alarm", since=since), "back from the dead"
        await board.press("cord1", 200)
        newer = await service.heard("alarm", lambda message: True, since)
        assert newer["call"] != first["call"]
        assert newer["call"].rsplit("-", 1)[0] == first["call"].rsplit("-", 1)[0], "one epoch"

    run(tmp_path, scene, answers=False)


def test_a_stock_board_whose_files_cannot_be_written_still_calls_and_says_why_p8(tmp_path):
    async def scene(board, service):
        await service.event("started")
        assert any(text.startswith("storage: journal: no directory for its files") for text in said(board)), said(board)
        health = await service.health(lambda message: "storage" in message["faults"])
        assert health["journal"]["where"] == "none"
        await board.press("button", 200)
        await service.event("cleared")

    run(tmp_path, scene, real_unit.no_files_of_calls)


def test_an_input_that_is_not_fitted_is_neither_sensed_nor_proven_nor_reported_and_the_others_are(tmp_path):
    """As source, in full, so that the test of the unit is there too."""
    rooms = {"button": {"location": "hall"}, "cord1": {"location": "bathroom"}, "cord2": None, "pendant": None, "answer": None}

    async def scene(board, service):
        await service.event("started")
        board.cut_wire("cord2")  # its line was never wired
        await board.pull("pendant")
        await board.press("cord1", 200)
        await service.event("cleared")
        [alarm] = {message["call"]: message for message in service.all("alarm")}.values()
        # A set: a loop that stands still while the cord bounces at its release takes that for one more pull (core/contact.py).
        assert {(one["input"], one["location"]) for one in alarm["inputs"]} == {("cord1", "bathroom")}
        health = await service.health(lambda message: message["proven"].get("cord1") is not None)
        assert set(health["proven"]) == {"button", "cord1"} and health["faults"] == []
        assert not [one for one in service.all("event", "fault") if one["input"] in ("cord2", "pendant")]
        test = await service.event("test", state="running")
        pulls = {step for step in test["left"] if step.startswith(("pull:", "ask:cord"))}
        assert {step.split(":")[1] for step in pulls} == {"button", "cord1", "privacy"}, "what is not fitted is not tested"

    def asks(root):
        (root / "test.req").write_text('{"who": "E", "witness": "W"}')

    async def inside():
        async with Broker(dir=tmp_path / "broker") as broker, SmallService([broker.port]) as service:
            root = real_unit.make_root(tmp_path, asks, port=broker.port, inputs=rooms, timers=QUICK)
            async with VirtualBoard(root, tmp_path / "state") as board:
                await asyncio.wait_for(scene(board, service), 120)

    asyncio.run(inside())
