"""A device root runs on the virtual board as it would on an ESP32: boot order, resets, watchdog, interrupts, flash, clocks."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from host_tests.vboard import sample_root
from host_tests.vboard.sample_root import SOON_S, printed, run
from tools.vboard import BoardError, VirtualBoard


def test_boot_and_main_share_a_namespace_and_see_a_board_not_a_host(tmp_path):
    async def test(board):
        assert await printed(board, "shared") == "41"
        path = json.loads((await printed(board, "path")).replace("'", '"'))
        assert path == ["/.vboard/standins", "", ".frozen", "/lib"]
        assert "main.py" in await printed(board, "files")
        assert await printed(board, "cause") == "1"
        status = await board.wait_for(lambda s: s["repl"], SOON_S)
        assert status["repl"] == "main_ended" and not status["running"] and status["power"]

    main = "import os, sys, machine\nprint('shared', x + 1)\nprint('path', sys.path)\nprint('files', os.listdir('/'))\n"
    run(tmp_path, test, main + "print('cause', machine.reset_cause())\n", "x = 40\n")


def test_an_exception_in_boot_means_that_main_never_runs(tmp_path):
    async def test(board):
        status = await board.wait_for(lambda s: s["repl"], SOON_S)
        assert status["repl"] == "boot_failed"
        texts = [e["text"] for e in board.log if e["event"] == "console"]
        assert any("ZeroDivisionError" in text for text in texts) and "main" not in texts

    run(tmp_path, test, "print('main')\n", "1 / 0\n")


def test_an_exception_in_main_leaves_a_prompt_and_the_power_on(tmp_path):
    async def test(board):
        status = await board.wait_for(lambda s: s["repl"], SOON_S)
        assert status["repl"] == "main_failed" and status["power"] and status["boots"] == 1
        since = board.newest
        await board.reset()
        await board.wait_event(lambda e: e["event"] == "repl", SOON_S, since=since)
        assert board.status()["boots"] == 2

    run(tmp_path, test, "raise OSError(5)\n")


def test_the_watchdog_kills_a_blocked_program_and_the_cause_says_so(tmp_path):
    async def test(board):
        status = await board.wait_for(lambda s: s["resets"]["watchdog"], SOON_S)
        assert status["reset_cause"] == "watchdog"
        assert await printed(board, "cause 3") == ""
        assert any(e["event"] == "watchdog" and 600 <= e["unfed_ms"] < 5000 for e in board.log)

    main = """
import machine, time
print("cause", machine.reset_cause())
dog = machine.WDT(timeout=600)
for _ in range(8):
    time.sleep_ms(100)
    dog.feed()
while True:
    pass
"""
    run(tmp_path, test, main)


def test_a_fed_watchdog_leaves_the_program_alone(tmp_path):
    async def test(board):
        await printed(board, "done")
        assert board.status()["boots"] == 1

    main = """
import machine, time
dog = machine.WDT(timeout=500)
for _ in range(15):
    time.sleep_ms(100)
    dog.feed()
print("done")
"""
    run(tmp_path, test, main)


def test_the_watchdog_runs_on_over_a_soft_reset(tmp_path):
    async def test(board):
        status = await board.wait_for(lambda s: s["resets"]["watchdog"], SOON_S)
        assert status["resets"]["soft"] == 1

    main = "import machine\nif machine.reset_cause() == 1:\n    machine.WDT(timeout=700)\n    machine.soft_reset()\n"
    run(tmp_path, test, main)


def test_a_host_that_was_held_up_is_not_taken_for_a_blocked_unit(tmp_path):
    async def test(board):
        await printed(board, "fed")
        for _ in range(3):
            time.sleep(1.2)  # this process, with its event loop, stands still for twice the watchdog's time
            await asyncio.sleep(0.1)
        assert board.status()["resets"]["watchdog"] == 0

    main = """
import machine, time
dog = machine.WDT(timeout=600)
print("fed")
while True:
    dog.feed()
    time.sleep_ms(50)
"""
    run(tmp_path, test, main)


@pytest.mark.parametrize(("call", "cause"), [("machine.reset()", 2), ("machine.soft_reset()", 5), ("import sys; sys.exit()", 5)])
def test_each_way_to_restart_has_its_cause(tmp_path, call, cause):
    async def test(board):
        assert await printed(board, "then") == str(cause)

    main = f"import machine\nif machine.reset_cause() == 1:\n    {call}\nprint('then', machine.reset_cause())\n"
    run(tmp_path, test, main)


_CLOCKS = """
import machine, time
rtc = machine.RTC()
print("year", rtc.datetime()[0], time.gmtime()[0], rtc.memory())
if rtc.datetime()[0] == 2000:
    rtc.datetime((2026, 11, 22, 6, 12, 0, 0, 0))
    rtc.memory(b"kept")
    machine.reset()
"""


def test_the_clock_and_rtc_memory_survive_a_reset_and_not_a_power_cut(tmp_path):
    async def test(board):
        assert await printed(board, "year 2000") == "2000 b''"
        assert await printed(board, "year 2026") == "2026 b'kept'"
        await board.power_cut()
        since = board.newest
        await board.power_on()
        assert await printed(board, "year 2000", since) == "2000 b''"

    run(tmp_path, test, _CLOCKS)


def test_ticks_wrap_as_on_the_board(tmp_path):
    async def test(board):
        before, after, apart = (await printed(board, "ticks")).split()
        assert int(before) > 2**30 - 3000 and int(after) < 10_000 and 3000 <= int(apart) < 20_000

    main = """
import time
before = time.ticks_ms()
time.sleep_ms(3000)
print("ticks", before, time.ticks_ms(), time.ticks_diff(time.ticks_ms(), before))
"""
    run(tmp_path, test, main, ticks_start=2**30 - 2500)


_JOURNAL = """
import esp32
part = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="journal")[0]
head = bytearray(8)
part.readblocks(0, head, 0)
print("head", bytes(head))
if head[0] == 255:
    part.writeblocks(0, b"durable!", 0)
    print("written")
import time
while True:
    time.sleep(1)
"""


def test_flash_outlives_a_power_cut_and_every_operation_is_seen(tmp_path):
    async def test(board):
        await printed(board, "written")
        await board.wait_for(lambda s: s["flash_operations"] == 1, SOON_S)  # the console may be ahead
        await board.power_cut()
        assert not board.status()["power"] and not board.status()["running"]
        since = board.newest
        await board.power_on()
        assert await printed(board, "head", since) == "b'durable!'"

    run(tmp_path, test, _JOURNAL)


@pytest.mark.parametrize(("kind", "left"), [("nothing", b"\xff" * 8), ("all", b"durable!"), ("prefix", None)])
def test_power_can_go_at_a_chosen_flash_operation(tmp_path, kind, left):
    async def test(board):
        await board.power_cut()
        (tmp_path / "state" / "flash_journal.bin").unlink(missing_ok=True)
        board.fault("flash_cut", operations=1, kind=kind)
        board.log.clear()
        await board.power_on()
        await board.wait_for(lambda s: not s["power"], SOON_S)
        assert not any(e.get("text") == "written" for e in board.log)
        found = (tmp_path / "state" / "flash_journal.bin").read_bytes()[:8]
        if left is None:
            assert any(found[:n] == b"durable!"[:n] and found[n:] == b"\xff" * (8 - n) for n in range(9)), found
        else:
            assert found == left

    run(tmp_path, test, _JOURNAL)


def test_a_dead_interpreter_restarts_as_after_a_panic(tmp_path):
    async def test(board):
        await printed(board, "again 2")
        assert any(e["event"] == "crash" for e in board.log)

    main = "import machine, os\nif machine.reset_cause() == 2:\n    print('again', 2)\nelse:\n    os.system('kill -9 $PPID')\n"
    run(tmp_path, test, main)


def test_impossible_wishes_are_refused_with_what_would_be_right(tmp_path):
    async def test(board):
        wishes = (
            lambda: board.cut_wire("chimney"),
            lambda: board.link("storm"),
            lambda: board.fault("earthquake"),
            lambda: board.fault("wifi", mode="purple"),
            lambda: board.fault("wifi"),
            lambda: board.fault("adc", input="button", kind="jump"),
            lambda: board.fault("flash_cut", operations=-1),
        )
        for number, wish in enumerate(wishes):
            with pytest.raises(BoardError):
                wish()
                pytest.fail(f"wish {number} was granted")

    run(tmp_path, test, relays=[(0, 1)])


def test_an_unknown_board_or_interpreter_is_refused(tmp_path):
    root = sample_root.write(tmp_path / "root")
    with pytest.raises(BoardError, match="NOBODY"):
        VirtualBoard(root, tmp_path / "state", board="NOBODY")

    async def start():
        async with VirtualBoard(root, tmp_path / "state", board="SAMPLE", interpreter="/bin/false"):
            pass

    with pytest.raises(BoardError, match="come up"):
        asyncio.run(start())


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_no_child_outlives_its_parent(tmp_path, number):
    root = sample_root.write(tmp_path / "root", "print('pid', open('/.state/boot.json') and 0)\nwhile True:\n    pass\n")
    command = [sys.executable, "-m", "tools.vboard", "--root", str(root), "--state", str(tmp_path / "state"), "--board", "SAMPLE"]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert json.loads(parent.stdout.readline())["v"] == 1
        assert parent.stdout.readline().startswith(b"pid")
        children = _children(parent.pid)
        assert len(children) == 1
        os.kill(parent.pid, number)
        parent.wait(SOON_S)
        deadline_s = time.monotonic() + SOON_S
        while any(_alive(pid) for pid in children):
            assert time.monotonic() < deadline_s, "child still runs"
            time.sleep(0.02)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]
