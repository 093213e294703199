"""Waiting for a socket inside the loop, nothing else: no time-out (the link's tick cancels what takes too long) and no buffer.

`wait_for` around a stream's `read` loses a byte (MicroPython #17351) and a Stream reads in pieces; so the tasks here wait on
asyncio's own poller and read and write the socket themselves. `asyncio.core._io_queue` is where Stream waits too.
"""

import asyncio


def readable(sock):
    """`await readable(sock)`: until it can be read, is closed or broken."""
    yield asyncio.core._io_queue.queue_read(sock)


def writable(sock):
    """`await writable(sock)`: until it can be written, is closed or broken. Also ends a pending connect."""
    yield asyncio.core._io_queue.queue_write(sock)
