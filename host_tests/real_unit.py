"""The real firmware on a virtual board, without any broker, for tests of what a unit does on its own.

    run(tmp_path, scene, damage=...)    # async def scene(board); damage(root): changes files on the unit before power comes
"""

import asyncio
import json

from tools.brokers import free_port
from tools.deploy import deploy, unit_settings
from tools.vboard import VirtualBoard

SOON_S = 20  # bound for what takes a fraction of a second on an idle machine
KEY = bytes(range(32))


def make_root(tmp_path, damage=None, ca=None, port=None, form="source", **changes):
    """A unit's file system in tmp_path/root; settings name a broker port where nobody listens unless `port` is given. `form`: of
    the modules, of deploy.FORMS."""
    broker = {"host": "127.0.0.1", "port": port or free_port(), "server_name": "broker.test", "tls": ca is not None}
    settings = unit_settings("f12", "u1", [broker], "secret", **changes)
    root = tmp_path / "root"
    deploy(root, settings, KEY, ca, form)
    if damage:
        damage(root)
    return root


def run(tmp_path, scene, damage=None, partitions=None, heapsize=None, **changes):
    """`partitions`: of the flash, {label: sectors}; what the board file wants if not given. `heapsize`: of MicroPython, else what
    fits. `changes`: of the settings."""
    root = make_root(tmp_path, damage, **changes)
    options = {"heapsize": heapsize, **({"partitions": partitions} if partitions else {})}

    async def inside():
        async with VirtualBoard(root, tmp_path / "state", **options) as board:
            await asyncio.wait_for(scene(board), 90)

    asyncio.run(inside())


async def started(board, since_ms=0):
    """Waits until the unit has said that it started; what it said, as a list of lines."""
    await said(board, "started, session", since_ms)
    return [event["text"] for event in board.log if event["event"] == "console" and event["t_ms"] >= since_ms]


async def said(board, words, since_ms=0):
    event = await board.wait_event(lambda e: e["event"] == "console" and words in e["text"], SOON_S, since_ms)
    return event["text"]


async def calls(board, name="button"):
    """Presses and waits for the steady light: the unit has the call on flash and is sending it."""
    since_ms = board.now_ms()
    await board.press(name, 200)
    await board.wait_event(lambda e: e["event"] == "light" and e["level"] == 1, SOON_S, since_ms)


def edit_settings(**changes):
    """A `damage` that changes top fields of settings.json; None removes one."""

    def damage(root):
        path = root / "settings.json"
        settings = {name: value for name, value in {**json.loads(path.read_text()), **changes}.items() if value is not None}
        path.write_text(json.dumps(settings))

    return damage


def no_files_of_calls(root):
    """Spoils what a unit without a partition has for a journal, so that it has none (drivers/file_journal.py)."""
    (root / "calls").write_text("where the directory should be")
    (root / "calls.bad").mkdir()
    (root / "calls.bad" / "old").write_text("")
