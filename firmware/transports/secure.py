"""TLS for the link: always verified, by our own CA and the broker's name. Source: D10.

MicroPython's contexts verify nothing unless told to, and report a refused certificate as ValueError,
any other trouble as OSError.
"""

import ssl


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


def wrap(context, sock, server_name):
    """The secured socket, handshake not begun: the first write or read does it, a step at a time, without blocking."""
    return context.wrap_socket(sock, server_hostname=server_name, do_handshake_on_connect=False)
