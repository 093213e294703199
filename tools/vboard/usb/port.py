"""A serial port that is a pty behind a symlink: what the host opens. It vanishes when the cable is pulled.

A pty has no DTR and RTS and no speed. Bytes that nobody reads wait in the kernel (4 KB) and here for two seconds, then they are
lost, as on a real adapter.
"""

import asyncio
import contextlib
import fcntl
import os
import termios
import tty

_CHUNK_BYTES = 65536
_QUEUE_BYTES = 65536  # what may wait here for the host
_PATIENCE_S = 2.0


class Port:
    """`on_bytes(data)` is called in the loop with what the host sends. All methods belong to the loop."""

    def __init__(self, link, on_bytes):
        self.link = link
        self._on_bytes = on_bytes
        self._master = self._slave = self._lock = None
        self._waiting = bytearray()
        self._room = asyncio.Event()
        self._room.set()
        self._loss = None

    @property
    def there(self):
        return self._master is not None

    def plug(self):
        """The device appears."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave, termios.TCSANOW)  # held open: it stays raw, and the host's close is no hang-up
        os.set_blocking(self._master, False)
        self.link.parent.mkdir(parents=True, exist_ok=True)
        part = self.link.with_name(f".{self.link.name}.{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        part.symlink_to(os.ttyname(self._slave))
        os.replace(part, self.link)
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def pull(self):
        """The device is gone; whoever has it open gets errors."""
        if self._master is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._master)
        loop.remove_writer(self._master)
        self.unlock()
        self._lose()
        self.link.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = None

    def lock(self):
        """Somebody else has the port, exclusively, as programs of this kind do. Raises OSError if one really has."""
        if self._lock is None:
            self._lock = os.open(self.link, os.O_RDWR | os.O_NOCTTY)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self.unlock()
                raise

    def unlock(self):
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _read(self):
        try:
            data = os.read(self._master, _CHUNK_BYTES)
        except (BlockingIOError, OSError):
            return
        if data:
            self._on_bytes(data)

    def write(self, data):
        """To the host, now or as soon as it takes it; lost without a cable."""
        if self._master is None:
            return
        self._waiting += data
        self._write()
        if len(self._waiting) > _QUEUE_BYTES:
            self._room.clear()

    async def room(self):
        """Returns when there is room for more."""
        await self._room.wait()

    def _write(self):
        loop = asyncio.get_running_loop()
        with contextlib.suppress(BlockingIOError):
            count = os.write(self._master, self._waiting)
            del self._waiting[:count]
            if count and self._loss is not None:
                self._loss.cancel()
                self._loss = None
        if not self._waiting:
            loop.remove_writer(self._master)
            self._room.set()
        else:
            loop.add_writer(self._master, self._write)
            if self._loss is None:
                self._loss = loop.call_later(_PATIENCE_S, self._lose)

    def _lose(self):
        """Nobody reads."""
        self._waiting.clear()
        self._room.set()
        if self._loss is not None:
            self._loss.cancel()
            self._loss = None
        if self._master is not None:
            asyncio.get_running_loop().remove_writer(self._master)
