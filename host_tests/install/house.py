"""A house to install in: a scheme directory with its CA, a real broker that knows its units, a locked MicroPython for tests, and
virtual boards on serial ports."""

import asyncio
import contextlib
import io
import json
import pathlib

from host_tests.fakes import micropython_bin
from tools import pki
from tools.brokers import Broker, free_port
from tools.image import lock
from tools.install import desk, flats, init, scheme
from tools.install.job import Job, Options
from tools.install.press import Manual
from tools.install.progress import Progress
from tools.install.store import Store
from tools.vboard.usb import UsbBoard

WIFI = ("house", "a-password-of-the-house")
HEADER = "flat,unit,board,language,button,cord1,cord2,pendant\n"
TIMERS = {"test_settle_ms": 500}


class House:
    """`with`: the broker runs. `chips`: for which a MicroPython is locked."""

    def __init__(self, path, rows, chips=("esp32",)):
        self.path = pathlib.Path(path)
        self.dir = self.path / "scheme"
        self.lock = self.path / "micropython.lock.json"
        self._loop = asyncio.new_event_loop()
        self.port = free_port()
        files = {chip: self._micropython(chip) for chip in chips}
        init.make(self.dir, "house", "Elm House", [("127.0.0.1", self.port, pki.SERVER_NAME)], WIFI, micropython=files)
        self.change(timers=TIMERS)
        self.write(HEADER + rows)
        self.broker = None

    def __enter__(self):
        self.start_broker()
        return self

    def __exit__(self, *_):
        self._loop.run_until_complete(self.broker.stop())
        self._loop.close()

    def start_broker(self):
        """With the users that the store knows now, as an installer would after `desk`."""
        one, store = self.scheme, Store(self.scheme)
        for flat in self.rows.values():
            with contextlib.suppress(Exception):  # a duplicate is what some tests are about
                store.prepare(flat)
        if self.broker is not None:
            self._loop.run_until_complete(self.broker.stop())
        tls = pki.Pki(self.dir / "pki", pki.SERVER_NAME)
        self.broker = Broker("nats", dir=self.path / "broker", tls=tls, users=desk.users(one, store.all()), port=self.port)
        self._loop.run_until_complete(self.broker.start())

    @property
    def scheme(self):
        one = scheme.load(self.dir)
        scheme.prepare(one)
        return one

    @property
    def rows(self):
        return flats.read(self.dir / "flats.csv")

    def write(self, text):
        (self.dir / "flats.csv").write_text(text)

    def change(self, **fields):
        path = self.dir / "scheme.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))

    def job(self, press=None, progress=None, **options):
        named = {"stub": False, "baud": 115200, "image_lock": self.lock, "who": "I. Nstaller"}
        named |= options
        press, progress = press or Manual(lambda text: None), progress or Progress(None, io.StringIO())
        return Job(self.scheme, Options(**named), press, progress)

    def board(self, name, mac, chip="esp32", **options):
        return UsbBoard(self.path / name, self.path / f"state-{name}", chip=chip, mac=mac, **options)

    def _micropython(self, chip):
        path = self.path / f"{chip}.bin"
        path.write_bytes(micropython_bin.synthetic(chip))
        lock.add(path, chip, chip, path=self.lock)
        return path


class Fingers:
    """Press.Manual for virtual boards: `boards`: {port: UsbBoard}."""

    is_auto = False

    def __init__(self, *boards):
        self._boards = {str(board.link): board for board in boards}

    def download(self, port):
        self._boards[port].press_boot()

    def run(self, port, line):
        self._boards[port].reset()
