"""A tiny unit for tests of the virtual board: files for a device root, ways to write and to run them."""

import asyncio
import json

from tools.vboard import VirtualBoard

BOARD = {
    "name": "SAMPLE",
    "chip": "esp32",
    "inputs": [
        {"name": "button", "kind": "button", "wiring": "contact", "pin": 14, "active": "low", "pull": "up", "line": None},
        {"name": "bell", "kind": "pendant", "wiring": "contact", "pin": 35, "active": "high", "pull": "none", "line": None},
        {"name": "answer", "kind": "answer", "wiring": "contact", "pin": 27, "active": "low", "pull": "up", "line": None},
        {"name": "privacy", "kind": "privacy", "wiring": "contact", "pin": 13, "active": "low", "pull": "up", "line": None},
        {
            "name": "cord",
            "kind": "cord",
            "wiring": "line",
            "pin": 34,
            "active": "low",
            "pull": "none",
            "line": {"bands_mv": {"short": [0, 300], "pulled": [600, 1000], "normal": [1400, 1900], "open": [2600, 3200]}},
        },
    ],
    "light": {"pin": 23, "active": "high"},
    "sounder": {"kind": "i2s", "id": 0, "bclk": 18, "ws": 19, "din": 21, "enable": {"pin": 22, "active": "high"}},
    "journal": "journal",
}

POWERED = {  # for a board with mains sense and a battery: the pins of ESP32_GENERIC
    "mains": {"pin": 39, "active": "high", "pull": "none"},
    "battery": {"pin": 36, "atten_db": 11, "ratio_ppm": 2000000, "trim_mv": 0, "capacity_mah": 2000, "charger_disable": None},
    "loads_ma": None,
}

# What the children of the tests run. Each prints what it sees; the tests read the console.
HEARTBEAT = """
import asyncio
import machine
button = machine.Pin(14, machine.Pin.IN, machine.Pin.PULL_UP)
light = machine.Pin(23, machine.Pin.OUT, value=0)
pressed = asyncio.ThreadSafeFlag()
def edge(pin):
    pressed.set()
button.irq(edge, machine.Pin.IRQ_FALLING)
async def main():
    print("up", machine.reset_cause())
    while True:
        await pressed.wait()
        light.toggle()
        print("pressed")
asyncio.run(main())
"""


def write(folder, main=HEARTBEAT, boot="", power=None, **files):
    """Makes a device root and returns it; `power`: of the board file; further files by name without `.py`."""
    folder.mkdir(exist_ok=True)
    (folder / "board_configs").mkdir(exist_ok=True)
    (folder / "board_configs" / "SAMPLE.json").write_text(json.dumps({**BOARD, "power": power} if power else BOARD))
    for name, text in {"main": main, "boot": boot, **files}.items():
        (folder / f"{name}.py").write_text(text)
    return folder


SOON_S = 20  # bound for what takes 0.1 s on an idle machine


def run(tmp_path, test, main=HEARTBEAT, boot="", power=None, **options):
    """Runs the coroutine `test(board)` with a virtual board of that unit."""
    async def inside():
        root = write(tmp_path / "root", main, boot, power)
        async with VirtualBoard(root, tmp_path / "state", board="SAMPLE", **options) as board:
            await asyncio.wait_for(test(board), 60)

    asyncio.run(inside())


async def printed(board, text, since=0):
    """What the unit prints after `text` on the first line that begins with it."""
    event = await board.wait_event(lambda e: e["event"] == "console" and e["text"].startswith(text), SOON_S, since=since)
    return event["text"][len(text) :].strip()
