"""The console's line of tools.service: a port that goes while something is said over it, and one that is let go."""

import os
import pty

import pytest
import serial

from tools.service import Console, ServiceError, __main__, claim, line
from tools.service.port import opened

_CODE = claim.new()


class Gone:
    """A line that answers as `said` is, and takes `writes` writes before its cable is out."""

    def __init__(self, said, writes):
        self._said, self._writes = list(said), writes

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    @property
    def in_waiting(self):
        return 0

    def write(self, data):
        self._writes -= 1
        if self._writes < 0:
            raise serial.SerialException("write failed: [Errno 5] Input/output error")

    def read(self, size):
        return self._said.pop(0) if self._said else b""


@pytest.mark.parametrize(("do", "said", "writes"), [("state", [], 0), ("enter", [b"unit ils/v1/a/b/c/ running\n"], 1)])
def test_a_cable_that_is_out_when_something_is_to_be_said_is_told_with_what_to_do(monkeypatch, capsys, do, said, writes):
    monkeypatch.setattr(line, "opened", lambda port: Gone(said, writes))
    console = Console("/dev/ttyUSB7")
    with pytest.raises(ServiceError, match="put the cable back") as refused:
        console.enter(_CODE) if do == "enter" else console.state()
    assert refused.value.reason == "port"
    monkeypatch.setenv("CLAIM_CODE", _CODE)
    assert __main__.main(["--port", "/dev/ttyUSB7", do]) == 1
    assert "put the cable back and look at the unit's state" in capsys.readouterr().err


def test_a_port_that_is_closed_is_free_at_once_whoever_else_has_a_copy_of_it():
    """A child process that is just beginning has one, as it has of all that is open."""
    master, slave = pty.openpty()
    one = opened(os.ttyname(slave))
    copy = os.dup(one.fd)
    try:
        with pytest.raises(serial.SerialException, match="exclusively lock"):
            opened(os.ttyname(slave))
        one.close()
        opened(os.ttyname(slave)).close()
    finally:
        for file in (copy, master, slave):
            os.close(file)
