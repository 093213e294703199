"""A press that comes and goes while the loop is blocked, on the virtual board: real MicroPython, real interrupts, real asyncio.

Whether the loop stands in a C call (no handler runs) or in Python (handlers run, nobody looks) must not matter. P1, D9.
"""

import asyncio
import shutil

from host_tests.vboard import sample_root
from tools.deploy import ROOT
from tools.vboard import VirtualBoard

_SOON_S = 30  # bound for what takes a second on an idle machine

MAIN = """
import asyncio
import time
from asyncio import core
import machine
from firmware.core.contact import Contact
from firmware.drivers.busy import Busy
from firmware.drivers.contact import ContactPin

def now():
    return time.ticks_ms() & 0x3FFFFFFF

def in_python(ms):
    end = time.ticks_add(time.ticks_ms(), ms)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        pass

def in_c(ms):
    "A number whose power takes one C call of at least `ms`."
    bits, took = 3000, 0
    while took < ms:
        bits = bits * 5 // 4
        began = time.ticks_ms()
        pow(3, (1 << bits) - 1, (1 << bits) - 3)
        took = time.ticks_diff(time.ticks_ms(), began)
    return 1 << bits

async def main():
    busy = core._io_queue.poller = Busy(core._io_queue.poller, now)
    flag = asyncio.ThreadSafeFlag()
    pin = ContactPin(machine.Pin(14, machine.Pin.IN, machine.Pin.PULL_UP), "low", flag.set, now, busy.busy_ms)
    contact = Contact(30)
    number = in_c(800)
    seen = []

    async def look(rounds):
        for _ in range(rounds):
            await asyncio.sleep_ms(10)
            seen.extend(action[0] for action in contact.sample(pin.closed(), pin.take_pulse_ms(), now()))

    for name in ("c", "python"):
        await look(10)
        seen.clear()
        await asyncio.sleep_ms(20)
        print("blocking")
        began = time.ticks_ms()
        if name == "c":
            pow(3, number - 1, number - 3)
        else:
            in_python(800)
        print("blocked", name, time.ticks_diff(time.ticks_ms(), began))
        await look(30)
        print("seen", name, seen)
asyncio.run(main())
"""


def make_root(folder):
    root = sample_root.write(folder, MAIN)
    for name in ("core/clock", "core/contact", "drivers/contact", "drivers/busy"):
        file = root / "firmware" / (name + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "firmware" / (name + ".py"), file)
    return root


async def console(board, start, since_ms=0):
    event = await board.wait_event(lambda e: e["event"] == "console" and e["text"].startswith(start), _SOON_S, since_ms)
    return event["t_ms"], event["text"][len(start):].strip()


def test_a_press_during_a_blocked_loop_is_one_activation(tmp_path):
    async def play():
        async with VirtualBoard(make_root(tmp_path / "root"), tmp_path / "state", board="SAMPLE", heapsize="1m") as board:
            board.fault("bounce", on=False)
            since_ms = 0
            for name in ("c", "python"):
                since_ms, _ = await console(board, "blocking", since_ms)
                await board.press("button", 60)
                released_ms = board.now_ms()
                ended_ms, _ = await console(board, "blocked " + name, since_ms)
                assert released_ms < ended_ms, "the press did not end within the block: the machine is too busy to tell"
                since_ms, seen = await console(board, "seen " + name, since_ms)
                assert seen == "['ACTIVATED', 'RELEASED']", (name, seen)
                since_ms += 1

    asyncio.run(asyncio.wait_for(play(), 90))
