"""A unit in service listens at no port, so WebREPL cannot be there either; nothing that goes onto it could begin one."""

import asyncio
import pathlib
import re

from host_tests import real_unit
from host_tests.small_service import SmallService
from tools import deploy
from tools.brokers import Broker
from tools.vboard import VirtualBoard

_LISTENS = "0A"  # state of a TCP socket in /proc/net
_BEGINS = re.compile(r"import\s+\w*webrepl|\bwebrepl\w*\s*\.\s*start|\.\s*accept\s*\(|start_server\s*\(|\bdupterm\s*\(")


def chip_of(state):
    """The process that is the virtual chip whose files are in `state`."""
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(state / "boot.json").encode() in path.read_bytes().split(b"\0"):
                return path.parent
        except OSError:
            continue  # it has ended meanwhile
    raise AssertionError("the chip does not run")


def tcp_sockets(process):
    """[(local address, state)] of a process."""
    own = set()
    for path in (process / "fd").iterdir():
        try:
            own |= set(re.findall(r"socket:\[(\d+)\]", str(path.readlink())))
        except OSError:
            continue
    found = []
    for name in ("tcp", "tcp6"):
        rows = [line.split() for line in (process / "net" / name).read_text().splitlines()[1:]]
        found += [(row[1], row[3]) for row in rows if row[9] in own]
    return found


def test_a_unit_that_is_on_line_listens_nowhere(tmp_path):
    async def scene():
        async with Broker(dir=tmp_path / "broker") as broker, SmallService([broker.port]) as service:
            root = real_unit.make_root(tmp_path, port=broker.port)
            async with VirtualBoard(root, tmp_path / "state"):
                await service.event("started")
                sockets = tcp_sockets(chip_of((tmp_path / "state").resolve()))
        assert sockets, "its connection to the broker at the least"
        assert [one for one in sockets if one[1] == _LISTENS] == []

    asyncio.run(scene())


def test_a_socket_that_listens_would_be_seen():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        assert any(state == _LISTENS for _, state in tcp_sockets(pathlib.Path("/proc/self")))


def test_nothing_that_goes_onto_a_unit_begins_webrepl_or_a_server_or_a_second_console():
    files = [*(deploy.ROOT / "firmware").rglob("*.py"), *(deploy.ROOT / "lib").rglob("*.py")]
    files += [deploy.ROOT / name for name in deploy.STARTED_BY_NAME]
    assert len(files) > 100
    for path in files:
        code = "\n".join(line.partition("#")[0] for line in path.read_text(encoding="utf-8").splitlines())
        assert _BEGINS.search(code) is None, path
    for text in ("import webrepl\n", "webrepl.start()", "s.accept()", "os.dupterm(uart)", "asyncio.start_server(f, h, p)"):
        assert _BEGINS.search(text)
