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
from tools.vboard import BoardError, VirtualBoard

_SOON_S = 20  # bound for what takes 0.1 s on an idle machine


def _run(tmp_path, test, main=sample_root.HEARTBEAT, boot="", **options):
    async def inside():
        root = sample_root.write(tmp_path / "root", main, boot)
        async with VirtualBoard(root, tmp_path / "state", board="SAMPLE", **options) as board:
            await asyncio.wait_for(test(board), 60)

    asyncio.run(inside())


async def _printed(board, text, since=0):
    event = await board.wait_event(lambda e: e["event"] == "console" and e["text"].startswith(text), _SOON_S, since=since)
    return event["text"][len(text) :].strip()


def test_boot_and_main_share_a_namespace_and_see_a_board_not_a_host(tmp_path):
    async def test(board):
        assert await _printed(board, "shared") == "41"
        path = json.loads((await _printed(board, "path")).replace("'", '"'))
        assert path == ["/.vboard/standins", "", ".frozen", "/lib"]
        assert "main.py" in await _printed(board, "files")
        assert await _printed(board, "cause") == "1"
        status = await board.wait_for(lambda s: s["repl"], _SOON_S)
        assert status["repl"] == "main_ended" and not status["running"] and status["power"]

    main = "import os, sys, machine\nprint('shared', x + 1)\nprint('path', sys.path)\nprint('files', os.listdir('/'))\n"
    _run(tmp_path, test, main + "print('cause', machine.reset_cause())\n", "x = 40\n")


def test_an_exception_in_boot_means_that_main_never_runs(tmp_path):
    async def test(board):
        status = await board.wait_for(lambda s: s["repl"], _SOON_S)
        assert status["repl"] == "boot_failed"
        texts = [e["text"] for e in board.log if e["event"] == "console"]
        assert any("ZeroDivisionError" in text for text in texts) and "main" not in texts

    _run(tmp_path, test, "print('main')\n", "1 / 0\n")


def test_an_exception_in_main_leaves_a_prompt_and_the_power_on(tmp_path):
    async def test(board):
        status = await board.wait_for(lambda s: s["repl"], _SOON_S)
        assert status["repl"] == "main_failed" and status["power"] and status["boots"] == 1
        since = board.newest
        await board.reset()
        await board.wait_event(lambda e: e["event"] == "repl", _SOON_S, since=since)
        assert board.status()["boots"] == 2

    _run(tmp_path, test, "raise OSError(5)\n")


def test_a_press_reaches_the_program_and_the_light_reaches_us(tmp_path):
    async def test(board):
        await _printed(board, "up")
        since = board.newest
        await board.press("button", 60)
        await board.wait_event(lambda e: e["event"] == "light" and e["level"] == 1, _SOON_S, since=since)
        await _printed(board, "pressed", since)

    _run(tmp_path, test)


def test_a_switch_stays_where_it_was_put_and_an_answer_button_comes_back(tmp_path):
    async def test(board):
        await _printed(board, "levels 1 1")
        await board.pull("privacy")
        await _printed(board, "levels 1 0")
        await board.press("answer", 60)
        await _printed(board, "levels 0 0")
        assert board.status()["inputs"]["privacy"] == "pulled" and board.status()["inputs"]["answer"] == "normal"
        since = board.newest
        await board.release("privacy")
        await _printed(board, "levels 1 1", since)

    main = """
import machine, time
answer, privacy = [machine.Pin(n, machine.Pin.IN, machine.Pin.PULL_UP) for n in (27, 13)]
told = None
while True:
    now = (answer(), privacy())
    if now != told:
        told = now
        print("levels %d %d" % now)
    time.sleep_ms(1)
"""
    _run(tmp_path, test, main)


def test_contacts_bounce_unless_told_otherwise(tmp_path):
    async def test(board):
        await _printed(board, "up")  # or the first start's word would be taken for the second's
        for bounces in (True, False):
            board.fault("bounce", on=bounces)
            await board.release("button")
            since = board.newest
            await board.reset()
            await _printed(board, "up", since)
            await board.pull("button")
            edges = int(await _printed(board, "edges", since))
            assert (edges >= 3) if bounces else (edges == 1), edges

    main = """
import machine, time
edges = []
pin = machine.Pin(14, machine.Pin.IN, machine.Pin.PULL_UP)
pin.irq(edges.append, machine.Pin.IRQ_FALLING | machine.Pin.IRQ_RISING)
print("up")
while not edges or pin.value():
    time.sleep_ms(1)
time.sleep_ms(100)
print("edges", len(edges))
"""
    _run(tmp_path, test, main)


_BUSY = "end = time.ticks_add(time.ticks_ms(), 500)\nwhile time.ticks_diff(end, time.ticks_ms()) > 0:\n    pass"


@pytest.mark.parametrize("blocked", [_BUSY, "time.sleep(0.5)"])
def test_a_press_of_50_ms_while_the_loop_is_blocked_is_not_missed(tmp_path, blocked):
    async def test(board):
        await _printed(board, "blocked from now")
        since = board.newest
        await board.press("button", 50)
        pressed_ms = board.now_ms()
        assert await _printed(board, "edges", since) != "0"
        blocked = await board.wait_event(lambda e: e.get("text", "").startswith("edges"), _SOON_S, since=since)
        assert blocked["t_ms"] > pressed_ms, "the loop was not blocked for long enough to prove anything"

    main = f"""
import machine, time
edges = []
machine.Pin(14, machine.Pin.IN, machine.Pin.PULL_UP).irq(edges.append, machine.Pin.IRQ_FALLING)
print("blocked from now")
{blocked}
print("edges", len(edges))
"""
    _run(tmp_path, test, main)


def test_interrupts_past_eight_are_lost_and_counted(tmp_path):
    async def test(board):
        await _printed(board, "blocked")
        for level in [0, 1] * 8:
            board.fault("stuck", pin=14, level=level)
        assert await _printed(board, "edges") == "8"
        assert (await board.wait_for(lambda s: s["lost_interrupts"], _SOON_S))["lost_interrupts"] == 8

    main = """
import hashlib, machine, time
edges = []
machine.Pin(14, machine.Pin.IN, machine.Pin.PULL_UP).irq(edges.append, 3)
big = bytes(100000)
end = time.ticks_ms() + 1500
def hold():
    print("blocked")
    h = hashlib.sha256()
    while time.ticks_ms() < end:
        h.update(big)
import micropython
micropython.schedule(lambda _: hold(), 0)  # scheduled functions do not interrupt each other
time.sleep_ms(10)
print("edges", len(edges))
"""
    _run(tmp_path, test, main)


def test_the_loop_wakes_at_once_for_an_interrupt_and_not_otherwise(tmp_path):
    async def test(board):
        await _printed(board, "up")
        await board.pull("bell")
        late_ms = int(await _printed(board, "late"))
        assert late_ms < 400, late_ms  # the task itself waits for an hour; the bound is for a noisy host

    main = """
import asyncio, machine, time
seen = []
machine.Pin(35, machine.Pin.IN).irq(lambda pin: seen.append(time.ticks_ms()), machine.Pin.IRQ_RISING)
async def main():
    print("up")
    while not seen:
        await asyncio.sleep(0.5)
    print("late", time.ticks_diff(time.ticks_ms(), seen[0]) - 500)
asyncio.run(main())
"""
    _run(tmp_path, test, main)


def test_the_watchdog_kills_a_blocked_program_and_the_cause_says_so(tmp_path):
    async def test(board):
        status = await board.wait_for(lambda s: s["resets"]["watchdog"], _SOON_S)
        assert status["reset_cause"] == "watchdog"
        assert await _printed(board, "cause 3") == ""
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
    _run(tmp_path, test, main)


def test_a_fed_watchdog_leaves_the_program_alone(tmp_path):
    async def test(board):
        await _printed(board, "done")
        assert board.status()["boots"] == 1

    main = """
import machine, time
dog = machine.WDT(timeout=500)
for _ in range(15):
    time.sleep_ms(100)
    dog.feed()
print("done")
"""
    _run(tmp_path, test, main)


def test_the_watchdog_runs_on_over_a_soft_reset(tmp_path):
    async def test(board):
        status = await board.wait_for(lambda s: s["resets"]["watchdog"], _SOON_S)
        assert status["resets"]["soft"] == 1

    main = "import machine\nif machine.reset_cause() == 1:\n    machine.WDT(timeout=700)\n    machine.soft_reset()\n"
    _run(tmp_path, test, main)


def test_a_host_that_was_held_up_is_not_taken_for_a_blocked_unit(tmp_path):
    async def test(board):
        await _printed(board, "fed")
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
    _run(tmp_path, test, main)


@pytest.mark.parametrize(("call", "cause"), [("machine.reset()", 2), ("machine.soft_reset()", 5), ("import sys; sys.exit()", 5)])
def test_each_way_to_restart_has_its_cause(tmp_path, call, cause):
    async def test(board):
        assert await _printed(board, "then") == str(cause)

    main = f"import machine\nif machine.reset_cause() == 1:\n    {call}\nprint('then', machine.reset_cause())\n"
    _run(tmp_path, test, main)


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
        assert await _printed(board, "year 2000") == "2000 b''"
        assert await _printed(board, "year 2026") == "2026 b'kept'"
        await board.power_cut()
        since = board.newest
        await board.power_on()
        assert await _printed(board, "year 2000", since) == "2000 b''"

    _run(tmp_path, test, _CLOCKS)


def test_ticks_wrap_as_on_the_board(tmp_path):
    async def test(board):
        before, after, apart = (await _printed(board, "ticks")).split()
        assert int(before) > 2**30 - 3000 and int(after) < 10_000 and 3000 <= int(apart) < 20_000

    main = """
import time
before = time.ticks_ms()
time.sleep_ms(3000)
print("ticks", before, time.ticks_ms(), time.ticks_diff(time.ticks_ms(), before))
"""
    _run(tmp_path, test, main, ticks_start=2**30 - 2500)


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
        await _printed(board, "written")
        assert board.status()["flash_operations"] == 1
        await board.power_cut()
        assert not board.status()["power"] and not board.status()["running"]
        since = board.newest
        await board.power_on()
        assert await _printed(board, "head", since) == "b'durable!'"

    _run(tmp_path, test, _JOURNAL)


@pytest.mark.parametrize(("kind", "left"), [("nothing", b"\xff" * 8), ("all", b"durable!"), ("prefix", None)])
def test_power_can_go_at_a_chosen_flash_operation(tmp_path, kind, left):
    async def test(board):
        await board.power_cut()
        (tmp_path / "state" / "flash_journal.bin").unlink(missing_ok=True)
        board.fault("flash_cut", operations=1, kind=kind)
        board.log.clear()
        await board.power_on()
        await board.wait_for(lambda s: not s["power"], _SOON_S)
        assert not any(e.get("text") == "written" for e in board.log)
        found = (tmp_path / "state" / "flash_journal.bin").read_bytes()[:8]
        if left is None:
            assert any(found[:n] == b"durable!"[:n] and found[n:] == b"\xff" * (8 - n) for n in range(9)), found
        else:
            assert found == left

    _run(tmp_path, test, _JOURNAL)


def test_a_supervised_line_shows_all_its_states_in_millivolts(tmp_path):
    async def test(board):
        steps = (
            ("normal", lambda: None, 1650),
            ("pulled", lambda: board.pull("cord"), 800),
            ("released", lambda: board.release("cord"), 1650),
            ("cut", lambda: board.cut_wire("cord"), 2900),
            ("short", lambda: board.short_wire("cord"), 150),
            ("mended", lambda: board.mend_wire("cord"), 1650),
            ("forced", lambda: board.adc(34, 1234), 1234),
            ("no_value", lambda: board.fault("adc", input="cord", kind="no_value"), -1),
            ("ended", lambda: board.fault("none"), 1650),
        )
        for name, act, mv in steps:
            since = board.newest
            done = act()
            if done is not None:
                await done
            event = await board.wait_event(lambda e, mv=mv: e.get("text") == f"mv {mv}", _SOON_S, since=since)
            assert event, name

    main = """
import machine, time
adc = machine.ADC(34)
while True:
    try:
        print("mv", adc.read_uv() // 1000)
    except OSError:
        print("mv -1")
    time.sleep_ms(20)
"""
    _run(tmp_path, test, main)


def test_a_plain_contact_cannot_tell_a_cut_wire_and_takes_a_short_for_a_press(tmp_path):
    async def test(board):
        await _printed(board, "up")
        board.cut_wire("button")
        await board.press("button", 50)
        await asyncio.sleep(0.2)
        assert not any(e.get("text") == "pressed" for e in board.log)
        board.short_wire("button")
        await _printed(board, "pressed")

    _run(tmp_path, test)


def test_the_tone_is_measured_only_while_the_amplifier_is_on(tmp_path):
    async def test(board):
        heard = [await board.wait_event(lambda e: e["event"] == "tone", _SOON_S, since=0)]
        for hz in (625, 0):
            event = await board.wait_event(
                lambda e, since=heard[-1]["n"]: e["event"] == "tone" and e["n"] > since,
                _SOON_S,
                since=heard[-1]["n"],
            )
            heard.append(event)
            assert abs(event["hz"] - hz) <= 0.03 * hz, heard
        assert abs(heard[0]["hz"] - 500) <= 15
        deaf_ms = next(e["t_ms"] for e in board.log if e.get("text") == "amplifier on")
        assert heard[0]["t_ms"] >= deaf_ms - 20

    main = """
import machine, math, struct, time
amplifier = machine.Pin(22, machine.Pin.OUT, value=0)
i2s = machine.I2S(0, sck=machine.Pin(18), ws=machine.Pin(19), sd=machine.Pin(21), mode=machine.I2S.TX, bits=16,
                  format=machine.I2S.MONO, rate=16000, ibuf=2048)
def block(hz):
    return b"".join(struct.pack("<h", int(9000 * math.sin(2 * math.pi * hz * n / 16000))) for n in range(256))
def play(hz, blocks):
    wave = block(hz)
    for _ in range(blocks):
        i2s.write(wave)
play(500, 10)
print("amplifier on")
amplifier.on()
play(500, 20)
play(625, 20)
play(0, 5)
print("played")
time.sleep(1)
"""
    _run(tmp_path, test, main)


def test_sound_runs_at_the_pace_of_the_samples_and_stops_when_stalled(tmp_path):
    async def test(board):
        took_ms = int(await _printed(board, "blocks 60"))
        assert took_ms >= 700, took_ms  # 60 blocks of 16 ms, less the four that the buffers take at once
        board.fault("sound", stalled=True)
        await _printed(board, "stalled")

    main = """
import machine, time
i2s = machine.I2S(0, sck=machine.Pin(18), ws=machine.Pin(19), sd=machine.Pin(21), mode=machine.I2S.TX, bits=16,
                  format=machine.I2S.MONO, rate=16000, ibuf=2048)
done = [0]
block = bytes(512)
def more(i2s):
    done[0] += 1
    i2s.write(block)
i2s.irq(more)
begun = time.ticks_ms()
i2s.write(block)
while done[0] < 60:
    time.sleep_ms(5)
print("blocks 60", time.ticks_diff(time.ticks_ms(), begun))
while True:
    before = done[0]
    time.sleep_ms(300)
    if done[0] == before:
        print("stalled")
        break
"""
    _run(tmp_path, test, main)


def test_wifi_goes_and_comes_back_and_the_relay_with_it(tmp_path):
    async def test(board):
        await _printed(board, "wifi 1010")
        board.wifi(False)
        await _printed(board, "wifi 201")
        assert board.relays[0].current == "freeze"
        since = board.newest
        board.wifi(True)
        await _printed(board, "wifi 1010", since)
        assert board.relays[0].current == "pass"

    main = """
import network, time
wlan = network.WLAN()
wlan.active(True)
wlan.connect("flats", "key")
last = None
while True:
    if wlan.status() != last:
        last = wlan.status()
        print("wifi", last)
    time.sleep_ms(20)
"""
    _run(tmp_path, test, main, relays=[(0, 1)])


def test_mains_off_is_a_power_cut_on_a_board_without_battery(tmp_path):
    async def test(board):
        await _printed(board, "up")
        await board.mains(False)
        assert not board.status()["power"] and board.status()["light"] == 0
        since = board.newest
        await board.mains(True)
        await _printed(board, "up", since)

    _run(tmp_path, test)


def test_a_dead_interpreter_restarts_as_after_a_panic(tmp_path):
    async def test(board):
        await _printed(board, "again 2")
        assert any(e["event"] == "crash" for e in board.log)

    main = "import machine, os\nif machine.reset_cause() == 2:\n    print('again', 2)\nelse:\n    os.system('kill -9 $PPID')\n"
    _run(tmp_path, test, main)


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

    _run(tmp_path, test, relays=[(0, 1)])


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
        parent.wait(_SOON_S)
        deadline_s = time.monotonic() + _SOON_S
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
