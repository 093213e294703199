"""A house to install in: a scheme directory with its CA, a real broker that knows its units, a locked MicroPython for tests, and
virtual boards on serial ports."""

import asyncio
import contextlib
import io
import json
import pathlib

from tools import deploy, pki
from tools.brokers import Broker, free_port
from tools.image import lock
from tools.install import desk, flats, init, scheme
from tools.install.batch import Batch
from tools.install.job import Job, Options
from tools.install.press import Manual
from tools.install.progress import Progress
from tools.install.store import Store
from tools.vboard.sound_api import ROOM_NOISE_DB, set_room
from tools.vboard.usb import UsbBoard, micropython_bin

WIFI = ("house", "a-password-of-the-house")
HEADER = "flat,unit,board,language,button,cord1,cord2,pendant\n"
ROW = "f{0},u{0},ESP32_GENERIC,en,hall,bathroom,bedroom,pendant\n"
TIMERS = {"test_settle_ms": 500}
_ECHO_DB, _ECHO_MS = -20, 20


class House:
    """`with`: the broker runs. `chips`: for which a MicroPython is locked."""

    def __init__(self, path, rows, chips=("esp32",), spoken=True):
        """`rows`: lines of flats.csv behind HEADER, or the number of flats: f0, f1 ...; `spoken`: the images have the spoken
        messages, two thirds of what is written; without them a unit sounds its tones alone."""
        rows = rows if isinstance(rows, str) else "".join(ROW.format(n) for n in range(rows))
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
        self._spoken, self._messages_in = spoken, deploy.messages_in

    def __enter__(self):
        if not self._spoken:
            deploy.messages_in = lambda *_: []
        self.start_broker()
        return self

    def __exit__(self, *_):
        deploy.messages_in = self._messages_in
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

    def speaks(self, flat, language):
        path = self.dir / "flats.csv"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line.replace(",en,", f",{language},") if line.startswith(f"{flat},") else line for line in lines))

    def change(self, **fields):
        path = self.dir / "scheme.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))

    def job(self, press=None, progress=None, **options):
        named = {"stub": False, "baud": 115200, "image_lock": self.lock, "who": "I. Nstaller"}
        named |= options
        press, progress = press or Manual(lambda text: None), progress or Progress(None, io.StringIO())
        return Job(self.scheme, Options(**named), press, progress)

    @contextlib.contextmanager
    def boards(self, count):
        """Virtual boards for the first flats, `tty0` and so on, in rooms with an echo: else a unit does not hear itself."""
        with contextlib.ExitStack() as stack:
            found = []
            for n, row in enumerate(list(self.rows.values())[:count]):
                facts = {"chip": row.chip, "flash_mb": row.flash_mb, "board": row.board, "mac": f"24:6f:28:00:00:{n:02x}"}
                board = UsbBoard(self.path / f"tty{n}", self.path / f"state{n}", **facts)
                found.append(stack.enter_context(board))
                board.run(lambda unit: set_room(unit.chip.sound, _ECHO_DB, _ECHO_MS, ROOM_NOISE_DB))
            yield found

    def batch(self, boards, flats, fixed=None, hook=None, **options):
        """({flat: Result}, what was said) of a batch over these boards."""
        progress = Hooked(hook)
        with self.job(Fingers(*boards), progress, **options) as job:
            results = Batch(job, [self.rows[flat] for flat in flats], [str(board.link) for board in boards], fixed).run()
        return {result.flat or result.port: result for result in results}, progress.out.getvalue() + progress.written.getvalue()

    def _micropython(self, chip):
        path = self.path / f"{chip}.bin"
        path.write_bytes(micropython_bin.synthetic(chip))
        lock.add(path, chip, chip, path=self.lock)
        return path


class Hooked(Progress):
    """Calls `hook(port, step)` at the beginning of each step, in the thread of that board. `out`: the terminal, `written`: the
    log."""

    def __init__(self, hook=None):
        self.out, self.written = io.StringIO(), io.StringIO()
        super().__init__(self.written, self.out)
        self._hook = hook

    def step(self, port, flat, step, text=""):
        super().step(port, flat, step, text)
        if self._hook and not text:
            self._hook(port, step)


class Fingers:
    """Press.Manual for virtual boards: `boards`: {port: UsbBoard}."""

    is_auto = False

    def __init__(self, *boards):
        self._boards = {str(board.link): board for board in boards}

    def download(self, port):
        self._boards[port].press_boot()

    def run(self, port, line):
        self._boards[port].reset()
