"""The installer's tool for whoever has no board at hand: `make blank`, or `python -m tools.vboard.usb.trial [--dir DIR]`.

A real broker with TLS, a scheme of one flat with its CA, an empty stand-in for MicroPython in a lock file of its own, and a blank
virtual ESP32 at DIR/board. It prints the commands to try, until Ctrl-C, and begins from zero the next time.
"""

import argparse
import asyncio
import fcntl
import json
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tools import broker_config, pki
from tools.brokers import Broker, BrokerError, free_port
from tools.image import ImageError, lock
from tools.vboard.errors import BoardError
from tools.vboard.usb.__main__ import stand_in_a_room
from tools.vboard.usb.board import UsbBoard
from tools.vboard.usb.hand import Hands
from tools.vboard.usb.micropython_bin import synthetic
from tools.vboard.usb.orders import obey

_DIRECTORY = Path(__file__).resolve().parents[3] / "build" / "blank"
_BOARD, _CHIP = "ESP32_GENERIC", "esp32"
_SCHEME, _NAME, _FLAT = "trial", "Trial Court", "f12"
_FLATS = f"flat,unit,board,language,button,cord1,cord2,pendant\n{_FLAT},u12,{_BOARD},en,hall,bathroom,bedroom,pendant\n"
_LOCK = "lock"  # marks a folder as one of ours; held while a trial runs
_TOOL_S = 120
_LINE_BYTES = 4096
_LAST_LINES = 3

_HEAD = """
Everything here is VIRTUAL: no chip, no radio, no sound, and nobody is called. The MicroPython image {image} is an
EMPTY STAND-IN: esptool writes and verifies it, and no real board would start from it. What is written besides is run, by
MicroPython's unix port. Nothing of this belongs onto a wall.

  {board}   a blank ESP32 with 4 MB, on a serial port without DTR and RTS: `hand` presses its buttons
  {scheme}  the scheme directory of {name}, with flat {flat} in flats.csv
  127.0.0.1:{port}  its broker, with TLS

In a second terminal, in {here}, as the lines stand:
"""
_FOOT = """
The claim code stands on the label, as on every unit: {labels}. Ways to make it fail, in this terminal:
`pull`, `plug` (the cable), `fault no_take`, `heal`, `boot`, `reset`, `status`; docs/virtual-usb.md has them all.
Ctrl-C ends all of it."""


class TrialError(Exception):
    """The trial cannot be made; the text says why."""


def commands(directory):
    """[(command line, what it is for)] in the order in which they work."""
    shown = Path(os.path.relpath(directory)) if directory.is_relative_to(Path.cwd()) else directory
    port, scheme = shlex.quote(str(shown / "board")), shlex.quote(str(shown / "scheme"))
    python = Path(sys.executable)
    python = shlex.quote(os.path.relpath(python) if python.is_relative_to(Path.cwd()) else str(python))
    install, service = f"{python} -m tools.install", f"{python} -m tools.service --port {port}"
    flat = f'{install} flat {_FLAT} --scheme {scheme} --port {port} --who "I. Nstaller" --no-stub ' \
           f'--image-lock {shlex.quote(str(shown / "lock.json"))} --reset-command "{python} -m tools.vboard.usb.hand"'
    return [
        (f"{flat} --dry-run", "what would be done"),
        (flat, "write, identity, start, heartbeat, self-test, label, audit"),
        (f"{install} label {_FLAT} --scheme {scheme}", "its label once more"),
        (f"{install} audit show --scheme {scheme}", "a row for each run"),
        (f"{install} audit verify --scheme {scheme}", "has anybody changed it?"),
        (f"{service} state", "the unit runs, and its console is closed"),
        (f"{service} enter", "asks for the claim code"),
        (f"{python} -m mpremote connect {port} fs ls", "the unit's files"),
        (f"{service} leave", "ends when the unit runs again"),
        (f"{python} -m tools.card --scheme {scheme} {_FLAT} --out {shlex.quote(str(shown))}", "the tenant's card"),
    ]  # fmt: skip


class Trial:
    """`directory`: made anew; `say(text)`: shows it."""

    def __init__(self, directory, say):
        self.dir = Path(directory).resolve()
        self._say = say
        self._stop = asyncio.Event()

    async def run(self):
        """Until `end` is called. Raises TrialError, BrokerError, BoardError, OSError."""
        port = free_port()
        await asyncio.to_thread(self._make, port)
        if self._stop.is_set():
            return
        tls = pki.Pki(self._scheme / "pki", pki.SERVER_NAME)
        async with Broker("nats", dir=self.dir / "broker", tls=tls, users=self._users(), port=port):
            board = UsbBoard(self.dir / "board", self.dir / "state")
            await asyncio.to_thread(board.__enter__)
            try:
                await asyncio.to_thread(stand_in_a_room, board)
                async with Hands(board):
                    self._tell(port)
                    await self._obey(board)
            finally:
                await asyncio.to_thread(board.__exit__, None, None, None)

    def end(self):
        self._stop.set()

    @property
    def _scheme(self):
        return self.dir / "scheme"

    def _make(self, port):
        """A scheme as an installer makes it, and the broker's list of logins before the first unit comes."""
        image, password = self.dir / "EMPTY-STAND-IN.bin", self.dir / "wifi.password"
        image.write_bytes(synthetic(_CHIP))
        lock.add(image, _BOARD, _CHIP, path=self.dir / "lock.json")
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(8) + "\n")
        _tool("init", "--scheme", self._scheme, "--id", _SCHEME, "--name", _NAME, "--ssid", "trial", "--wifi-password-file",
              password, "--broker", f"127.0.0.1:{port}={pki.SERVER_NAME}", "--micropython", f"{_CHIP}={image}")
        (self._scheme / "flats.csv").write_text(_FLATS)
        _tool("desk", "--scheme", self._scheme)

    def _users(self):
        """The logins that the scheme directory tells of: its flat's, the installer's, the desk's."""
        units = [json.loads(path.read_text()) for path in sorted((self._scheme / "identities").glob("*.json"))]
        found = [broker_config.flat_user(one["scheme"], one["flat"], one["password"]) for one in units]
        for name, file in (("installer", "installer.password"), ("desk", "desk/desk.password")):
            found.append(broker_config.desk_user((self._scheme / file).read_text().strip(), name))
        return found

    def _tell(self, port):
        found = commands(self.dir)
        shown = Path(os.path.relpath(self.dir)) if self.dir.is_relative_to(Path.cwd()) else self.dir
        names = {"image": shown / "EMPTY-STAND-IN.bin", "board": shown / "board", "scheme": shown / "scheme",
                 "labels": shown / "scheme" / "labels"}
        self._say(_HEAD.format(**names, name=_NAME, flat=_FLAT, port=port, here=Path.cwd()))
        for line, purpose in found:
            self._say(f"  # {purpose}\n    {line}")
        self._say(_FOOT.format(**names))

    async def _obey(self, board):
        """Lines that are typed here, until the end."""
        lines, loop = asyncio.Queue(), asyncio.get_running_loop()
        typed = _Typed(loop, lines.put_nowait)
        ended = asyncio.create_task(self._stop.wait())
        try:
            while not self._stop.is_set():
                line = asyncio.create_task(lines.get())
                await asyncio.wait((line, ended), return_when=asyncio.FIRST_COMPLETED)
                if not line.done():
                    line.cancel()
                elif line.result():
                    self._say(json.dumps(await asyncio.to_thread(obey, board, line.result())))
        finally:
            typed.close()


class _Typed:
    """Gives each line of standard input to `take`; without one (a file, nothing) it gives none."""

    def __init__(self, loop, take):
        self._loop, self._take, self._rest = loop, take, b""
        try:
            loop.add_reader(0, self._read)
        except OSError:  # epoll takes no files
            self._loop = None

    def _read(self):
        data = os.read(0, _LINE_BYTES)
        if not data:
            self.close()
        *found, self._rest = (self._rest + data).split(b"\n")
        for line in found:
            self._take(line.decode("utf-8", "replace").strip())

    def close(self):
        if self._loop is not None:
            self._loop.remove_reader(0)
            self._loop = None


def _tool(*words):
    """tools.install, as anybody calls it. Raises TrialError."""
    command = [sys.executable, "-m", "tools.install", *map(str, words)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TOOL_S, check=False,
                          start_new_session=True)  # Ctrl-C is for us
    if done.returncode:
        last = " / ".join((done.stderr or done.stdout).strip().splitlines()[-_LAST_LINES:])
        raise TrialError(f"tools.install {words[0]} ended with {done.returncode}: {last}")


def _own(directory):
    """The open lock file of a folder that is ours alone and empty else. Raises TrialError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(directory.iterdir()) and not (directory / _LOCK).exists():
        raise TrialError(f"{directory} holds something else, and a trial begins from zero: name another directory")
    file = open(directory / _LOCK, "w")  # noqa: SIM115 - held until the process ends
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise TrialError(f"another trial runs in {directory}: end that one first") from None
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != _LOCK:
            path.unlink()
    return file


async def _run(directory):
    trial = Trial(directory, lambda text: print(text, flush=True))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, trial.end)
    await trial.run()


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tools.vboard.usb.trial", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--dir", type=Path, default=_DIRECTORY, help="made anew each time (default: build/blank)")
    directory = parser.parse_args(arguments).dir.resolve()
    try:
        with _own(directory):
            asyncio.run(_run(directory))
    except (TrialError, BrokerError, BoardError, ImageError, OSError, subprocess.TimeoutExpired) as error:
        print(f"trial: {error}", file=sys.stderr)
        return 1
    print("ended; what was made stays to be looked at until the next time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
