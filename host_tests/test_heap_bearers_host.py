"""The heap of a unit with Ethernet and Wi-Fi in a board's 320 KB, after everything that is loaded on demand has been there.

Its bearers cost 16 KB and some 180 names more than Wi-Fi alone. MicroPython's table of names must not double, which takes 28 KB
at once: names that were loaded once stay for good.
"""

import asyncio
import re

from host_tests import real_unit
from tools.brokers import free_port
from tools.deploy import deploy, unit_settings
from tools.vboard import VirtualBoard

_FREE_BYTES = 87_500  # without TLS and broker; a call in a test on line with TLS has 30,000 less
_NAMES = 2_530  # the table doubles at 2,540; 2,521 when written down

_MAIN = """
import asyncio
from firmware import app, on_demand

_run = asyncio.run

async def _look(unit):
    asyncio.create_task(unit)
    await asyncio.sleep(3)
    import gc, micropython
    for name in ("test_program", "sender", "proofs", "audio_loop", "service"):
        getattr(on_demand, name)()
        gc.collect()
    micropython.qstr_info()
    gc.collect()
    print("heap-test", gc.mem_free())
    await asyncio.sleep(3600)

asyncio.run = lambda unit: _run(_look(unit))
app.run()
"""


def test_names_and_heap_of_a_unit_with_several_bearers_stay_below_the_doubling(tmp_path):
    brokers = [{"host": "127.0.0.1", "port": free_port(), "server_name": "broker.test", "tls": False}]
    root = tmp_path / "root"
    board_name = "OLIMEX_ESP32_POE_ISO"
    deploy(root, unit_settings("f12", "u1", brokers, "secret", board=board_name), real_unit.KEY, form="rom")
    (root / "main.py").write_text(_MAIN)
    said = []

    async def scene():
        async with VirtualBoard(root, tmp_path / "state", board=board_name) as board:
            said.append(await real_unit.said(board, "qstr pool"))
            said.append(await real_unit.said(board, "heap-test"))

    asyncio.run(scene())
    names = int(re.search(r"n_qstr=(\d+)", said[0]).group(1))
    free = int(said[1].split()[1])
    assert names <= _NAMES, f"{names} names"
    assert free >= _FREE_BYTES, f"{free} bytes free"
