"""A real desk in a process of its own, for tests: configuration, start, SIGKILL, start again."""

import asyncio
import json
import signal
import sys
from pathlib import Path

from tools.desk.client import DeskClient

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = bytes(range(32))
_START_S = 20  # a busy two-core machine takes some seconds to import everything

FAST = {"unanswered_s": 1.0, "answer_repeat_s": 0.5, "unit_silent_s": 1.0}


def write_config(path, ports, timers=None, units=("demo/f12/u1",), **more):
    """A desk.json in the directory `path` for brokers without TLS on `ports`. Returns the file."""
    raw = {
        "v": 1, "id": "desk", "state": "state", "fault_injection": True, "timers": timers or {},
        "brokers": [
            {"name": f"b{i}", "host": "127.0.0.1", "port": port, "user": "desk", "password": "p", "tls": False}
            for i, port in enumerate(ports)
        ],
        "units": [dict(zip(("scheme", "flat", "unit"), unit.split("/"), strict=True), key=KEY.hex()) for unit in units],
        "retry_s": [0.2, 0.4, 0.8],
    }  # fmt: skip
    path.mkdir(parents=True, exist_ok=True)
    file = path / "desk.json"
    file.write_text(json.dumps(raw | more))
    return file


class DeskProcess:
    """`async with`: started and its API reachable. `client()` gives a DeskClient."""

    def __init__(self, config):
        self.config, self.state, self.process = config, config.parent / "state", None

    async def __aenter__(self):
        await self.start()
        return self

    async def __aexit__(self, *error):
        await self.stop()

    async def start(self):
        (self.state / "api.json").unlink(missing_ok=True)
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tools.desk", "--config", str(self.config), cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        line = await asyncio.wait_for(self.process.stdout.readline(), _START_S)
        if b"API on" not in line:
            raise RuntimeError((line + await self.process.stdout.read()).decode())

    async def kill(self):
        """SIGKILL: no chance to tidy up."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self):
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self.process.wait(), _START_S)

    def client(self):
        return DeskClient.of_state(self.state)
