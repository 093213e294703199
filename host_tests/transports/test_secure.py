"""TLS trusts only what it is given (D10), and a handshake is taken one record per turn of the loop."""

import errno

from firmware.transports.secure import Pacer, make_context


class FakeSocket:
    """Has `records` (header and body as mbedTLS asks for them), or raises `error`."""

    def __init__(self, records=(), error=None):
        self.data = b"".join(records)
        self.written = b""
        self.error = error

    def readinto(self, buffer):
        if self.error:
            raise OSError(self.error, "as told")
        count = min(len(buffer), len(self.data))
        if not count:
            return None
        buffer[:count] = self.data[:count]
        self.data = self.data[count:]
        return count

    def write(self, data):
        if self.error:
            raise OSError(self.error, "as told")
        self.written += bytes(data)
        return len(data)


def _record(size):
    return bytes((22, 3, 3, size >> 8, size & 255)) + b"b" * size


def test_missing_or_broken_ca_is_refused_in_words():
    for ca in (None, b"", b"no certificate", bytes(200)):
        try:
            make_context(ca)
        except ValueError as error:
            assert "CA certificate" in str(error)
        else:
            raise AssertionError("%r accepted" % ca)


def test_one_record_per_turn_while_the_handshake_runs():
    pacer = Pacer(FakeSocket([_record(90), _record(500), _record(4)]))
    turns = []
    for _ in range(3):
        header, body = bytearray(5), bytearray(600)
        assert pacer.readinto(header) == 5
        size = header[3] << 8 | header[4]
        assert pacer.readinto(memoryview(body)[:size]) == size
        assert not pacer.paused
        assert pacer.readinto(bytearray(5)) is None
        assert pacer.paused
        turns.append(size)
    assert turns == [90, 500, 4]


def test_nothing_there_is_no_pause_of_ours():
    pacer = Pacer(FakeSocket())
    assert pacer.readinto(bytearray(5)) is None
    assert not pacer.paused


def test_after_the_handshake_records_are_handed_over_as_they_come():
    pacer = Pacer(FakeSocket([_record(3), _record(3)]))
    pacer.handshaking = False
    for _ in range(2):
        assert pacer.readinto(bytearray(5)) == 5
        assert pacer.readinto(bytearray(3)) == 3
    assert not pacer.paused


def test_broken_socket_is_told_to_tls_as_a_negative_number_and_never_raises():
    pacer = Pacer(FakeSocket(error=errno.ECONNRESET))
    assert pacer.readinto(bytearray(100)) == -errno.ECONNRESET
    assert pacer.write(b"x") == -errno.ECONNRESET


def test_what_tls_writes_reaches_the_socket():
    sock = FakeSocket()
    assert Pacer(sock).write(b"hello") == 5
    assert sock.written == b"hello"
