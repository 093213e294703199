"""The whole unit on the virtual board, with the real alarm desk behind the bench's broker."""

import asyncio
import contextlib
import secrets
import time

from tools.bench.mqtt_tap import Tap
from tools.bench.probe import ProbeError
from tools.brokers import free_port
from tools.deploy import deploy, unit_settings
from tools.scenario.deskside import DeskSide
from tools.scenario.view import View
from tools.vboard import VirtualBoard
from tools.vboard.child_process import BOARD_HEAP

_ONLINE_S = 15.0
_CALL_S = 15.0


class _Quiet:
    """The desk's and the flat's words, which nobody reads here."""

    def say(self, *_):
        pass


class Flat:
    """An async context manager: desk and virtual board, online. `main`: text of another main.py, or None.

    `published`, `received`: [(time.monotonic(), topic, payload)] of each PUBLISH as it passes the relay up and down; without TLS.
    """

    def __init__(self, lab, name, tls=False, form="rom", main=None):
        self._lab, self._tls, self._form, self._main = lab, tls, form, main
        self._dir = lab.dir / name
        self._taps = {}
        self._stack = contextlib.AsyncExitStack()
        self.published, self.received = [], []
        self.desk = self.board = self.deployed = None

    async def __aenter__(self):
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_):
        await self._stack.aclose()

    async def _start(self):
        broker = self._lab.tls_broker if self._tls else self._lab.broker
        key = secrets.token_bytes(32)
        self._dir.mkdir(parents=True, exist_ok=True)
        await self._start_desk(broker.port, key)
        dialled, root = free_port(), self._dir / "root"
        settings, ca = self._settings(dialled), self._lab.pki.ca_der
        self.deployed = deploy(root, settings, key, ca, self._form, source=self._lab.source)
        if self._main:
            (root / "main.py").write_text(self._main)
        state = self._dir / f"state-{secrets.token_hex(4)}"  # a new journal each time
        self.board = VirtualBoard(root=root, state=state, relays=[(dialled, broker.port)], heapsize=BOARD_HEAP)
        if not self._tls:
            self.board.relays[0].tap = self._take
        await self._stack.enter_async_context(self.board)
        await self._wait_online()

    def _settings(self, port):
        pki = self._lab.pki
        brokers = [{"host": "127.0.0.1", "port": port, "server_name": pki.server_name, "tls": self._tls}]
        return unit_settings("f1", "u1", brokers, "bench-password", scheme="whole")

    async def _start_desk(self, port, key):
        pki = self._lab.pki
        broker = {
            "name": self._lab.kind,
            "host": "127.0.0.1",
            "port": port,
            "user": "desk",
            "password": "bench",
            "tls": self._tls,
        }
        if self._tls:
            broker |= {"ca_file": str(pki.ca_pem), "server_name": pki.server_name}
        unit = {"scheme": "whole", "flat": "f1", "unit": "u1", "key": key.hex(), "label": "flat 1"}
        config = {"v": 1, "id": "desk", "state": f"desk-{secrets.token_hex(4)}", "brokers": [broker], "units": [unit]}
        side = DeskSide(self._dir, config, View(), _Quiet())
        self._stack.push_async_callback(side.stop)
        await side.start()
        self.desk = side.client

    async def _wait_online(self):
        deadline_s = time.monotonic() + _ONLINE_S
        while not any(unit["health"] for unit in await self.desk.units()):
            if time.monotonic() > deadline_s:
                raise ProbeError(f"the whole unit sent no health report within {_ONLINE_S:.0f} s: {list(self.board.log)[-3:]}")
            await asyncio.sleep(0.1)

    def _take(self, link, way, data):
        now_s = time.monotonic()
        tap = self._taps.setdefault((link, way), Tap())
        into = self.published if way == "up" else self.received
        into += [(now_s, topic, payload) for topic, payload in tap.feed(data)]

    async def call(self, wanted):
        """The view of the newest call for which `wanted(view)` is true."""
        return await self.desk.wait_for_call(lambda view: wanted(view), _CALL_S)
