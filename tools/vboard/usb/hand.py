"""A hand on a virtual ESP32 that another process has: what it can do, and a socket beside the port over which it is told.

    async with Hands(board):                       # `board`: UsbBoard
        ...
    python -m tools.vboard.usb.hand PORT boot      # BOOT held, RESET pressed; from anywhere else
    python -m tools.install ... --reset-command "python -m tools.vboard.usb.hand"      # called with `download|run PORT`

One line in (docs/virtual-usb.md), one line of JSON out.
"""

import asyncio
import contextlib
import json
import os
import socket
import sys

from tools.vboard.usb.orders import obey

SUFFIX = ".hand"  # of the port's path
_BUTTONS = {"download": "boot", "run": "reset"}  # what tools.install asks a program for
_BOUND_S = 60


class Hands:
    """`async with`: the socket is there. Any number of programs may use it."""

    def __init__(self, board):
        self._board, self._path = board, f"{board.link}{SUFFIX}"
        self._server, self._folder = None, contextlib.ExitStack()

    async def __aenter__(self):
        path = self._folder.enter_context(_short(self._path))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # of one that was killed: only one process has this port
        self._server = await asyncio.start_unix_server(self._serve, path)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        self._folder.close()

    async def _serve(self, reader, writer):
        with contextlib.suppress(OSError, ValueError):
            line = (await reader.readline()).decode("utf-8", "replace")
            answer = await asyncio.to_thread(obey, self._board, line.strip())
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()


@contextlib.contextmanager
def _short(path):
    """The same file under a name that is short enough for a socket (108 bytes)."""
    folder, name = os.path.split(os.path.abspath(path))
    number = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{number}/{name}"
    finally:
        os.close(number)


def tell(port, line):
    """What the board at `port` answers to this line, a dict. Raises OSError if nobody is there, ValueError for no answer."""
    with _short(f"{port}{SUFFIX}") as path, socket.socket(socket.AF_UNIX) as hand:
        hand.settimeout(_BOUND_S)
        hand.connect(path)
        hand.sendall(line.encode() + b"\n")
        with hand.makefile("rb") as answers:
            return json.loads(answers.readline())


def main(words=None):
    words = sys.argv[1:] if words is None else words
    if len(words) < 2:
        print("hand: PORT boot|reset|pull|plug|status|heal|fault ..., or download|run PORT", file=sys.stderr)
        return 2
    port, *line = words
    is_finger = port in _BUTTONS  # of a tool that has its own lines on the screen
    if is_finger:
        port, line = line[-1], [_BUTTONS[port]]
    try:
        answer = tell(port, " ".join(line))
    except (OSError, ValueError) as error:
        print(f"hand: there is no virtual board at {port}: {error}. Does `make blank` run?", file=sys.stderr)
        return 1
    if not answer["ok"] or not is_finger:
        print(json.dumps(answer))
    return 0 if answer["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
