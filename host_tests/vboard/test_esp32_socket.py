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


_PACKET_BYTES = 182  # one 20 ms SRTP packet
_PORT = [0]


def _datagrams():
    """(listening, sending), neither blocks."""
    for port in range(42401, 42500):
        near = esp32_socket.Datagram()
        try:
            near.bind(("127.0.0.1", port))
        except OSError:
            near.close()
            continue
        _PORT[0] = port
        far = esp32_socket.Datagram()
        far.connect(("127.0.0.1", port))
        near.setblocking(False)
        far.setblocking(False)
        return near, far
    raise OSError("no free port")


def _errno(call):
    try:
        call()
    except OSError as error:
        return error.errno
    return None


def _read_all(sock, size=_PACKET_BYTES):
    buf = bytearray(size)
    packets = []
    while True:
        got = sock.readinto(buf)
        if got is None:
            return packets
        packets.append(bytes(buf[:got]))


def test_datagrams_of_the_size_asked_for_come_one_by_one():
    near, far = _datagrams()
    assert near.readinto(bytearray(10)) is None
    sent = [bytes([n]) * _PACKET_BYTES for n in range(4)]
    assert [far.write(packet) for packet in sent] == [_PACKET_BYTES] * 4
    assert _read_all(near) == sent
    near.close()
    far.close()


def test_a_shorter_datagram_is_glued_to_the_next_one_whose_rest_is_lost():
    near, far = _datagrams()
    for packet in (b"a" * 26, b"b" * _PACKET_BYTES, b"c" * _PACKET_BYTES):
        far.write(packet)
    assert _read_all(near) == [b"a" * 26 + b"b" * 156, b"c" * _PACKET_BYTES]
    far.write(b"a" * 26)
    buf = bytearray(200)
    assert near.readinto(buf, _PACKET_BYTES) == 26 and bytes(buf[:27]) == b"a" * 26 + b"\0"
    near.close()
    far.close()


def test_about_six_datagrams_wait_and_the_newest_are_lost():
    near, far = _datagrams()
    for n in range(30):
        far.write(bytes([n]) * _PACKET_BYTES)
    got = [packet[0] for packet in _read_all(near)]
    assert 5 <= len(got) <= 8 and got == list(range(len(got))), got
    near.close()
    far.close()


def test_an_empty_datagram_ends_reading_for_this_socket_for_ever():
    near, far = _datagrams()
    far.raw.send(b"")
    far.write(b"a" * _PACKET_BYTES)
    buf = bytearray(_PACKET_BYTES)
    assert [near.readinto(buf) for _ in range(3)] == [0, 0, 0]
    near.close()
    far.close()


def test_each_send_fault_shows_as_on_the_board():
    near, far = _datagrams()
    packet = bytes(_PACKET_BYTES)
    esp32_socket.set_fault("no_memory")
    assert _errno(lambda: far.write(packet)) == 12 and _errno(lambda: far.send(packet)) == 12
    esp32_socket.set_fault("would_block")
    assert far.write(packet) is None and _errno(lambda: far.send(packet)) == 11
    esp32_socket.set_fault("unreachable")
    assert _errno(lambda: far.write(packet)) == 118
    esp32_socket.set_fault("none")
    assert far.write(packet) == _PACKET_BYTES and _read_all(near) == [packet]
    near.close()
    far.close()


def test_nobody_at_the_other_end_is_not_told():
    near, far = _datagrams()
    near.close()
    for _ in range(5):
        assert far.write(b"x") == 1
        assert far.readinto(bytearray(4)) is None
    far.close()


def test_a_timeout_of_a_datagram_is_the_board_s():
    near, far = _datagrams()
    near.settimeout(0.05)
    assert _errno(lambda: near.recv(10)) == 116
    far.close()
    near.close()


def test_only_the_connected_peer_is_heard_once_both_are_connected():
    near, far = _datagrams()
    stranger = esp32_socket.Datagram()
    stranger.connect(("127.0.0.1", _PORT[0]))
    far.write(b"hello")
    where = near.recvfrom(10)[1]
    near.connect(where)
    assert not hasattr(near, "getsockname")
    stranger.write(b"let me in")
    far.write(b"lawful")
    assert near.recv(10) == b"lawful"
    assert near.write(b"answer") == 6 and far.recv(10) == b"answer"
    for sock in (near, far, stranger):
        sock.close()
