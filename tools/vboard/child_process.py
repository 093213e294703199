"""One life of a virtual chip: a MicroPython process from boot to its end, the frames it sends, what it prints."""

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import os
import pathlib
import signal
import socket
import sys

from tools import child, deploy, rom
from tools.ending import end
from tools.vboard.child import wire
from tools.vboard.child_line import ChildLine, accepted
from tools.vboard.errors import BoardError

_HERE = pathlib.Path(__file__).parent
BOARD_HEAP = "320k"  # stands for about 160 KB on a board, where objects are half as large
CODE_HEAP = "640k"  # with byte code in the heap as well, for development and for boards with PSRAM: they have megabytes
_IMAGES = _HERE.parent.parent / "build" / "images"
_CONNECT_S = 20.0  # from start to the first frame; 0.1 s on an idle machine
_LAST_WORDS_S = 5.0  # for what a child printed before its end and is still to be read
_LINE_BYTES = 65536


class ChildProcess:
    """`on_frame(operation, index, value, payload)`, `on_line(text)`: called in the loop for what the child says and prints.
    `sound`: a SoundCard, for the frames of sound. `kill()` is SIGKILL: the power goes in the middle of anything."""

    def __init__(self, on_frame, on_line, sound):
        self._on_frame, self._on_line, self._sound = on_frame, on_line, sound
        self._process = None
        self._line = None
        self._killed = False

    async def live(self, settings, state, interpreter, heapsize, on_start):
        """One life, from start to end; returns the exit code. `on_start()` tells the state of the world just before the boot.

        `heapsize`: such as "320k"; None takes BOARD_HEAP for a unit whose modules are in an image, CODE_HEAP for others. Raises
        BoardError when the interpreter does not come up. When it returns or raises, nothing is left running.
        """
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        listener.setblocking(False)
        settings = dict(settings, port=listener.getsockname()[1], token=int.from_bytes(os.urandom(3), "big"), state=str(state))
        _make_bell(state)
        (state / "boot.json").write_text(json.dumps(settings))
        tasks = []
        try:
            await self._spawn(state, interpreter, heapsize, deploy.image_of(settings["root"]))
            tasks.append(asyncio.ensure_future(self._read_console()))
            if await self._take_connection(listener, settings["token"]):
                on_start()
                self.tell(wire.START)
                self._line.start()
            return await self._process.wait()
        finally:
            listener.close()
            self.kill()
            if self._process is not None:
                await child.gone(self._process)
            if tasks:
                await asyncio.wait(tasks, timeout=_LAST_WORDS_S)  # what it printed last is still taken
                await end(tasks)
            if self._line is not None:
                await asyncio.get_running_loop().run_in_executor(None, self._line.join)
                self._line = None

    async def _spawn(self, state, interpreter, heapsize, image):
        images = [str(standins_image()), *([str(image)] if image.exists() else [])]
        heapsize = heapsize or (BOARD_HEAP if image.exists() else CODE_HEAP)
        program = ["-X", f"heapsize={heapsize}", str(_HERE / "child" / "start.py"), str(state / "boot.json")]
        command = [interpreter, str(_HERE / "launch.py"), *program, "--", *images]
        pipes = {"stdin": asyncio.subprocess.DEVNULL, "stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
        self._process = await asyncio.create_subprocess_exec(*command, **pipes, limit=_LINE_BYTES, start_new_session=True)
        if self._killed:
            self.kill()

    async def _take_connection(self, listener, token):
        """Makes the line to the child; False if it was killed meanwhile."""
        loop = asyncio.get_running_loop()
        accept = asyncio.ensure_future(loop.sock_accept(listener))
        died = asyncio.ensure_future(self._process.wait())
        done, waiting = await asyncio.wait((accept, died), timeout=_CONNECT_S, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        if self._killed:
            return False
        if accept not in done:
            raise BoardError("MicroPython did not come up; what it printed is on the console", "interpreter")
        connection, _ = accept.result()
        said = await loop.run_in_executor(None, accepted, connection, _CONNECT_S)
        self._line = ChildLine(connection, self._sound, self._on_frame, loop)
        if self._killed:
            return False
        if said != token:
            raise BoardError("something else connected to the virtual board's port", "interpreter")
        return True

    @property
    def at_s(self):
        """time.monotonic() at which the frame came that is being delivered."""
        return self._line.at_s

    def tell(self, operation, index=0, value=0, payload=b""):
        """One frame to the child, from any thread; nothing if it is gone."""
        line = self._line
        if line is not None and not self._killed:
            line.tell(operation, index, value, payload)

    def kill(self):
        """Returns at once. Whatever the child says from now on is not heard any more."""
        self._killed = True
        if self._line is not None:
            self._line.silence()
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)

    async def _read_console(self):
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:  # a line longer than the limit: asyncio drops what it had
                continue
            if not line:
                return
            self._on_line(line.decode("utf-8", "replace").rstrip("\r\n"))


def _make_bell(state):
    """The FIFO by which the child's reader thread wakes its main thread."""
    state.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.mkfifo(state / "bell")


def standins_image():
    """The stand-ins, and what else runs inside MicroPython before the unit does, compiled. On a board all that is C code in
    flash; here it runs from an image, so that it takes little of the unit's heap. Made anew when a file has changed."""
    sources = {}
    for folder in ("child", "standins"):
        sources.update((f"{folder}/{path.name}", path) for path in sorted((_HERE / folder).glob("*.py")))
    return image_of_modules("standins", sources)


def image_of_modules(title, sources):
    """The path of a read-only image of `sources`, {name in it: path}, compiled. Made anew when one has changed."""
    return image_of_files(title, rom.compile_all(sources))


def image_of_files(title, files):
    """The path of a read-only image of `files`, {name in it: bytes}."""
    content = rom.image(files)
    path = _IMAGES / f"{title}-{hashlib.sha256(content).hexdigest()[:16]}.romfs"
    if not path.exists():
        rom.write(path, content)
    return path


def find_interpreter():
    """A Python that has MicroPython as an extension: this one. Raises BoardError when it has not been set up."""
    if importlib.util.find_spec("micropython_run") is None:
        raise BoardError("MicroPython is not installed for this Python: run `make setup` and use .venv/bin/python", "interpreter")
    return sys.executable
