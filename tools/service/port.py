"""A serial port that belongs to one program at a time, and to nobody once it is closed."""

import fcntl

import serial

_BAUD = 115200
_READ_S = 0.1
_WRITE_S = 5


class Port(serial.Serial):
    """As serial.Serial, but for its lock. Closing alone leaves that in place for as long as a child process that was begun at
    this moment has yet to become its own program, for it has a copy of all that is open: whoever came next would find the port
    in use. With many boards at once that happens."""

    def close(self):
        if self.is_open and self.fd is not None:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_UN)
            except OSError:
                pass  # it is gone, and its lock with it
        super().close()


def opened(path):
    """The Port at `path`, open and locked. Raises serial.SerialException, OSError or ValueError."""
    line = Port(None, _BAUD, timeout=_READ_S, write_timeout=_WRITE_S, exclusive=True)
    line.port = path
    line.dtr = line.rts = False  # else most boards are reset by the opening
    line.open()
    return line
