"""TLS for the link: always verified, by our own CA and the broker's name. Source: D10.

MicroPython's contexts verify nothing unless told to, and report a refused certificate as ValueError,
any other trouble as OSError.
"""

import io
import ssl

from micropython import const

_RECORD_HEADER = const(5)  # bytes, RFC 5246 6.2.1; mbedTLS asks for exactly these first


def make_context(ca):
    """A client context that trusts only `ca` (DER, bytes). Raises ValueError with a clear text if it is missing or unreadable."""
    if not ca:
        raise ValueError("TLS needs the CA certificate (DER) and none is set")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(cadata=ca)
    except (ValueError, OSError) as error:
        raise ValueError("CA certificate unreadable, DER wanted: %s" % error) from None
    return context


class Pacer(io.IOBase):
    """Lies between TLS and its socket and hands over one record per turn while the handshake runs.

    A server sends certificate, key and end of its greeting at once, and mbedTLS would check all of it in one go: the whole
    handshake's calculation, about a second on an ESP32, in which no input is seen. With a turn of the loop after each
    record the longest part is one signature. `paused`: it was this that stopped TLS, go on at once.
    """

    def __init__(self, sock):
        self._sock = sock
        self._handed = False
        self.handshaking = True
        self.paused = False

    def readinto(self, buffer):
        if self.handshaking and len(buffer) == _RECORD_HEADER:
            self.paused = self._handed
            self._handed = not self._handed
            if self.paused:
                return None
        try:
            return self._sock.readinto(buffer)
        except OSError as error:  # must not fly through mbedTLS: it takes a negative errno instead
            return -error.errno

    def write(self, data):
        try:
            return self._sock.write(data)
        except OSError as error:
            return -error.errno

    def ioctl(self, request, argument):
        return 0  # closing is the owner's; nobody polls TLS, only the socket below


def wrap(context, pacer, server_name):
    """The secured socket, handshake not begun: writing drives it, a step at a time, without blocking."""
    return context.wrap_socket(pacer, server_hostname=server_name, do_handshake_on_connect=False)
