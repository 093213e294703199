"""UDP ports for the sound: a range of the configuration, or any free one."""

import errno
import random
import socket


class PortRange:
    """`low` to `high`, both included; 0 and 0: whatever the system gives."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def bind(self, address):
        """A non-blocking socket on a free port. Raises OSError when all are taken."""
        if not self.low:
            return _bound(address, 0)
        ports = list(range(self.low, self.high + 1))
        random.shuffle(ports)  # a port is not used again at once: stray packets of the last speech die meanwhile
        for port in ports:
            try:
                return _bound(address, port)
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
        raise OSError(errno.EADDRINUSE, f"no UDP port from {self.low} to {self.high} on {address} is free")


def _bound(address, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock
