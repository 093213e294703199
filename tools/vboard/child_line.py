"""The connection to a virtual board's MicroPython: a thread reads it and keeps the time of the sound; the loop gets the rest.

Sound must go on while the loop is busy (a test that calculates, a demo's broker): on a board no host can hold up the DMA.
"""

import contextlib
import select
import socket
import struct
import threading
import time

from tools.vboard.child import wire
from tools.vboard.errors import BoardError

_CHUNK_BYTES = 65536
_IDLE_S = 1.0
_JOIN_S = 10.0  # the thread's longest step is a frame that the child no longer takes
_SOUND_ONLY = (wire.SOUND_DATA, wire.SOUND_ASK)


class ChildLine:
    """`connection`: a blocking socket. `sound`: see SoundCard; its `take`, `due_s` and `run` are called in the thread.

    `on_frame(operation, index, value, payload)` is called in the loop, in the order of the frames.
    """

    def __init__(self, connection, sound, on_frame, loop):
        self._socket = connection
        self._sound = sound
        self._on_frame = on_frame
        self.at_s = time.monotonic()  # when the frame that is being delivered came: the loop may be late
        self._loop = loop
        self._lock = threading.Lock()
        self._silenced = False
        self._rest = b""
        self._thread = threading.Thread(target=self._run, name="virtual board", daemon=True)

    def start(self):
        self._thread.start()

    def tell(self, operation, index=0, value=0, payload=b""):
        """One frame to the child, from any thread; nothing if it is gone."""
        with self._lock, contextlib.suppress(OSError):
            if not self._silenced:
                self._socket.sendall(struct.pack(wire.HEAD, operation, index, len(payload), value) + payload)

    def silence(self):
        """From now on nothing is told, and nothing that comes is taken."""
        self._silenced = True

    def join(self):
        """Waits for the end of the thread, which comes when the other side is closed. Blocks. Raises BoardError after 10 s."""
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)
            if self._thread.is_alive():  # the other side is held open by somebody: end the stream here
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
                self._thread.join(_JOIN_S)
        self._socket.close()
        if self._thread.is_alive():
            raise BoardError("the thread of a virtual board's line does not end", "interpreter")

    def _run(self):
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        while True:
            due_s = self._sound.due_s()
            wait_s = _IDLE_S if due_s is None else max(0.0, due_s - time.monotonic())
            if poll.poll(wait_s * 1000) and not self._read():
                return
            if not self._silenced:
                self._sound.run(time.monotonic())

    def _read(self):
        """Takes what has come; False at the end of the stream."""
        try:
            chunk = self._socket.recv(_CHUNK_BYTES)
        except OSError:
            return False
        at_s = time.monotonic()
        frames = list(self._frames(chunk))
        for frame in frames:
            if not self._silenced:
                self._sound.take(*frame)
        others = [frame for frame in frames if frame[0] not in _SOUND_ONLY]
        if others:
            with contextlib.suppress(RuntimeError):  # the loop has been closed
                self._loop.call_soon_threadsafe(self._deliver, others, at_s)
        return bool(chunk)

    def _frames(self, chunk):
        data = self._rest + chunk
        place = 0
        while len(data) - place >= wire.HEAD_BYTES:
            operation, index, size, value = struct.unpack_from(wire.HEAD, data, place)
            end = place + wire.HEAD_BYTES + size
            if end > len(data):
                break
            yield operation, index, value, data[place + wire.HEAD_BYTES : end]
            place = end
        self._rest = data[place:]

    def _deliver(self, frames, at_s):
        self.at_s = at_s
        for frame in frames:
            if not self._silenced:
                self._on_frame(*frame)


def accepted(connection, timeout_s):
    """Makes a connection what ChildLine wants and returns the token of the child's hello, None if that does not come. Blocks."""
    connection.settimeout(timeout_s)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        head = connection.recv(wire.HEAD_BYTES, socket.MSG_WAITALL)
    except OSError:
        return None
    connection.setblocking(True)
    operation, _, _, value = struct.unpack(wire.HEAD, head) if len(head) == wire.HEAD_BYTES else (None,) * 4
    return value if operation == wire.HELLO else None
