"""Lines from the keyboard, and Ctrl-C, put into the queue of a loop that has other things to wait for."""

import asyncio
import signal
import sys
import threading

LINE, INTERRUPT = "line", "interrupt"


class Keyboard:
    """`with`, in a running loop: `put((LINE, text))` for each line, `put((INTERRUPT, None))` for Ctrl-C.

    The end of the lines is no event: a script without input follows the test all the same.
    """

    def __init__(self, put, stream=None):
        self._put, self._stream = put, stream or sys.stdin

    def __enter__(self):
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGINT, self._put, (INTERRUPT, None))
        threading.Thread(target=self._read, name="keyboard", daemon=True).start()  # a blocked read ends with the process
        return self

    def __exit__(self, *error):
        self._loop.remove_signal_handler(signal.SIGINT)

    def _read(self):
        try:
            for line in self._stream:
                self._loop.call_soon_threadsafe(self._put, (LINE, line.rstrip("\n")))
        except (OSError, ValueError, RuntimeError):
            pass  # the terminal is gone, or the loop has ended: nobody waits for this
