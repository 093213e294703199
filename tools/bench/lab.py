"""What all figures share: the broker, the peers, a directory for files, and the making of probes."""

import asyncio
import dataclasses
import shutil
import socket
import sys
from pathlib import Path

from tools import brokers, pki
from tools.bench import peers
from tools.bench.network import Network
from tools.bench.probe import Probe
from tools.bench.service import Service

DEVICE = Path(__file__).resolve().parent / "device"
_UNIT = ("boot.py", "main.py", "firmware", "lib", "board_configs")


class Lab:
    """An async context manager. `quick`: short runs, the same figures. `say(text)`: progress."""

    def __init__(self, directory, kind, quick, say):
        self.dir = Path(directory)
        self.kind = kind
        self.quick = quick
        self.say = say
        self.source = self.dir / "source"  # the unit's files as they were when the run began
        self.ours = dataclasses.replace(peers.OURS, path=(self.source, self.source / "lib"))
        self.peers = ()
        self.device = DEVICE
        self.micropython = [sys.executable, str(Path(sys.executable).parent / "micropython")]
        self.broker = None
        self.tls_broker = None
        self.pki = None
        self.service = None
        self._count = 0

    async def __aenter__(self):
        self.dir.mkdir(parents=True, exist_ok=True)
        _copy_unit(self.source)
        self.peers = peers.fetch(self.say)
        self.pki = pki.ensure(self.dir / "pki")
        self.broker = await brokers.Broker(self.kind, dir=self.dir / "broker").__aenter__()
        self.tls_broker = await brokers.Broker(self.kind, dir=self.dir / "tls-broker", tls=self.pki).__aenter__()
        self.service = await Service(self.broker.port).__aenter__()
        return self

    async def __aexit__(self, *error):
        if self.service:
            await self.service.__aexit__(*error)
        for broker in (self.broker, self.tls_broker):
            if broker:
                await broker.stop()

    @property
    def left_out(self):
        """What a figure shows for the peers when they are not driven for it: with --quick most are not."""
        return {peer.name: "not run with --quick" for peer in self.peers} if self.quick else {}

    @property
    def everyone(self):
        return (self.ours, *self.peers)

    def spec(self, client, tight=False, port=None, tls=False, **more):
        """What device/probe.py reads. `client`: a peers.Peer, or None for a bare ticker."""
        self._count += 1
        broker = self.tls_broker if tls else self.broker
        secure = {"ca": str(self.pki.ca_der), "server_name": self.pki.server_name} if tls else {}
        return {
            "id": f"b{self._count}",
            "client": client.adapter if client else None,
            "path": [str(path) for path in client.path] if client else [],
            "tight": tight,
            "host": "127.0.0.1",
            "name": "127.0.0.1",
            "port": port or broker.port,
            "broker_port": broker.port,
            "user": None,
            "password": None,
            **secure,
            **more,
        }

    def probe(self, client, **spec):
        return Probe(self, self.spec(client, **spec))

    def network(self, delay_ms=0, tls=False):
        return Network((self.tls_broker if tls else self.broker).port, delay_ms)


def _copy_unit(target):
    """The unit's files into `target`, so that one run measures one state of them."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name in _UNIT:
        source = peers.ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)


class SilentNameServer:
    """A UDP port that takes queries and never answers. `address`: "ip:port"."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]

    def close(self):
        self._socket.close()


async def settle(seconds=0.3):
    """Let what was started come to rest before a measurement."""
    await asyncio.sleep(seconds)
