"""A real MQTT broker as a context manager: NATS (from a wheel, the default) or mosquitto (a Debian package).

    async with Broker("nats", dir=path, tls=pki.ensure(...), users=[flat_user(...), desk_user(...)]) as broker:
        broker.port
        await broker.stop(); await broker.start()    # the same port again
        broker.freeze(); broker.thaw()               # hangs with its sockets open, goes on

`users` is the access list; none means that anybody may do anything. Each failure is a BrokerError in plain words.
"""

import asyncio
import os
import shutil
import socket
import sys
from pathlib import Path

from tools import broker_config, child
from tools.broker_config import User, desk_user, flat_user

__all__ = ["Broker", "BrokerError", "User", "desk_user", "flat_user", "free_port", "program", "KINDS"]

_START_S = 10.0  # NATS takes 0.1 s on an idle machine; a busy one-core runner has been seen to take some seconds
_CONNECT_S = 2.0  # on the loopback it is there at once, or a listener's queue is full
_LOOK_S = 0.02  # between two looks whether it listens
_TRIES = 5  # a free port may be taken by another between our look and the broker's start

_ADVICE = {
    "nats": "run `make setup`: it comes with the Python packages",
    "mosquitto": "install it (Debian, Ubuntu: `sudo apt-get install mosquitto`) or use the default broker, BROKER=nats",
}
KINDS = tuple(_ADVICE)


class BrokerError(Exception):
    """The broker could not be started, or ended by itself; the text says what to do."""


def free_port():
    """A TCP port on the loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(kind):
    """The broker's executable; raises BrokerError with what to install."""
    if kind not in KINDS:
        raise BrokerError(f"unknown broker {kind!r}: choose {' or '.join(KINDS)}")
    if kind == "nats":
        beside = Path(sys.executable).parent / "nats-server"
        found = str(beside) if beside.exists() else shutil.which("nats-server")
    else:
        found = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not found:
        raise BrokerError(f"the broker {kind} is not installed: {_ADVICE[kind]}")
    return found


class Broker:
    """One broker process on the loopback. `port` 0: a free one, kept over stop() and start()."""

    def __init__(self, kind="nats", dir=None, tls=None, users=(), port=0):  # noqa: A002 - reads best at the call
        if dir is None:
            raise BrokerError("a broker needs `dir`, a directory for its configuration, store and log")
        self.kind = kind
        self.dir = Path(dir).resolve()
        self.tls = tls
        self.users = tuple(users)
        self.port = port
        self._given_port = port
        self._process = None

    async def __aenter__(self):
        await self.start()
        return self

    async def __aexit__(self, *_):
        await self.stop()

    @property
    def running(self):
        return self._process is not None and self._process.returncode is None

    @property
    def died(self):
        """True when it ended without stop()."""
        return self._process is not None and self._process.returncode is not None

    @property
    def pid(self):
        """The process id, or None when it does not run."""
        return self._process.pid if self.running else None

    @property
    def log(self):
        return self.dir / f"{self.kind}.log"

    async def start(self):
        """Start and wait until it takes connections. Does nothing when it runs. Raises BrokerError."""
        if self.running:
            return
        executable = program(self.kind)
        self.dir.mkdir(parents=True, exist_ok=True)
        for last in [False] * (_TRIES - 1) + [True]:
            if self.port == 0:
                self.port = free_port()
            if await self._try_start(executable):
                self._given_port = self.port
                return
            if self._given_port or last:
                raise BrokerError(self._why_not())
            self.port = 0

    async def stop(self):
        """End the broker; its clients' connections break. Does nothing when it does not run."""
        if self._process is not None:
            await child.stop(self._process)
            self._process = None

    async def kill(self):
        """End the broker as a crash does, without a word to its clients. Does nothing when it does not run."""
        if self._process is not None:
            await child.kill(self._process)
            self._process = None

    def freeze(self):
        """The broker stops answering; its connections stay open and swallow bytes."""
        self._must_run()
        child.freeze(self._process)

    def thaw(self):
        self._must_run()
        child.thaw(self._process)

    async def _try_start(self, executable):
        write = broker_config.nats if self.kind == "nats" else broker_config.mosquitto
        config = write(self.dir, self.port, self.tls, self.users)
        if await _listens(self.port):  # else we would take another's answer for our broker's
            return False
        self._process = await child.start([executable, "-c", config], self.log)
        deadline = asyncio.get_running_loop().time() + _START_S
        while self.running and asyncio.get_running_loop().time() < deadline:
            if await _listens(self.port):
                return self.running
            await asyncio.sleep(_LOOK_S)
        await self.stop()
        return False

    def _why_not(self):
        if not _is_free(self.port):
            return f"port {self.port} is taken by another program: end that one, or choose another port"
        tail = self.log.read_text(errors="replace").strip().splitlines()[-3:] if self.log.exists() else []
        return f"the broker {self.kind} did not start on port {self.port}; its log {self.log} ends: " + " | ".join(tail)

    def _must_run(self):
        if not self.running:
            raise BrokerError(f"the broker {self.kind} is not running")


async def _listens(port):
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), _CONNECT_S)
    except (OSError, asyncio.TimeoutError):
        return False
    writer.close()
    return True


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free for a broker
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
