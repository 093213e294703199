"""How much of the heap is the virtual board's, not the unit's: its stand-ins are C code in flash on a real board."""

import re
import secrets
import subprocess

from tools.bench.probe import ProbeError
from tools.vboard import VirtualBoard
from tools.vboard.child_process import BOARD_HEAP

_MARK = "bench-stand-ins"
_WAIT_S = 20.0

# Uses every stand-in as the unit does, and nothing else.
_MAIN = """
import gc
import asyncio
import esp32, machine, network

buffer = bytearray(256)
pins = [machine.Pin(n, machine.Pin.IN, machine.Pin.PULL_UP) for n in (25, 26, 27)]
for pin in pins:
    pin.irq(print, 3)
machine.ADC(machine.Pin(34), atten=3).read_uv()
machine.Pin(23, machine.Pin.OUT, value=0)
wires = {"sck": machine.Pin(18), "ws": machine.Pin(19), "sd": machine.Pin(21)}
i2s = machine.I2S(0, mode=2, bits=16, format=0, rate=16000, ibuf=2048, **wires)
i2s.irq(len)
i2s.write(buffer)
partition = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="journal")[0]
partition.readblocks(0, buffer, 0)
partition.writeblocks(0, buffer, 0)
partition.ioctl(6, 1)
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("demo", "demo-password")
wlan.isconnected(), wlan.ifconfig(), machine.RTC().datetime(), machine.WDT(timeout=20000)
gc.collect()
print("%s", gc.mem_alloc() - len(buffer))
"""
_BARE = "import asyncio, gc; gc.collect(); print(gc.mem_alloc())"


async def share_bytes(lab):
    """Bytes of heap that the stand-ins take once all of them are in use, above a bare interpreter with asyncio."""
    root = lab.dir / "stand-ins"
    root.mkdir(parents=True, exist_ok=True)
    (root / "main.py").write_text(_MAIN % _MARK)
    async with VirtualBoard(root, lab.dir / f"stand-ins-{secrets.token_hex(4)}", heapsize=BOARD_HEAP) as board:
        event = await board.wait_event(lambda e: e["event"] == "console" and _MARK in e["text"], _WAIT_S, since_ms=0)
    used = int(re.search(_MARK + r" (\d+)", event["text"]).group(1))
    bare = subprocess.run([*lab.micropython, "-X", "heapsize=320k", "-c", _BARE], capture_output=True, text=True, check=False)
    if bare.returncode:
        raise ProbeError(f"a bare interpreter does not run: {bare.stderr}")
    return used - int(bare.stdout)
