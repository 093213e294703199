"""`esp32_socket` forgets a timeout where the ESP32 does. Runs on both interpreters."""

import _thread
import time

import esp32_socket

_LATE_S = 0.4


def _pair():
    for port in range(42317, 42400):
        door = esp32_socket.socket()
        door.setsockopt(esp32_socket.SOL_SOCKET, esp32_socket.SO_REUSEADDR, 1)
        address = esp32_socket.getaddrinfo("127.0.0.1", port)[0][-1]
        try:
            door.bind(address)
        except OSError:
            door.close()
            continue
        door.listen(1)
        near = esp32_socket.socket()
        near.connect(address)
        far, _ = door.accept()
        door.close()
        return near, far
    raise OSError("no free port")


def _later(far):
    time.sleep(_LATE_S)
    far.send(b"!")


def test_a_timeout_that_was_set_holds():
    near, far = _pair()
    near.settimeout(0.1)
    try:
        near.recv(1)
        assert False, "did not time out"
    except OSError:
        pass
    near.close()
    far.close()


def test_setblocking_forgets_the_timeout_and_waits_for_ever():
    near, far = _pair()
    near.settimeout(0.1)
    near.setblocking(True)
    _thread.start_new_thread(_later, (far,))
    assert near.recv(1) == b"!"
    near.close()
    far.close()


def test_nonblocking_returns_at_once():
    near, far = _pair()
    near.setblocking(False)
    try:
        near.recv(1)
        assert False, "there was nothing to receive"
    except OSError:
        pass
    near.close()
    far.close()
