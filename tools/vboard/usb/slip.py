"""SLIP, the framing of the ROM loader: packets between 0xC0 bytes. Source: RFC 1055."""

_MAX_BYTES = 2 * 65536 + 64  # a loader's packet carries at most a 16-bit length, each byte of it at most two on the line


def encode(packet):
    """The packet as it goes over the line."""
    return b"\xc0" + packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


class Decoder:
    """Takes bytes as they come and gives whole packets; what stands outside of packets is dropped, as the ROM does."""

    def __init__(self):
        self._inside = False
        self._packet = bytearray()

    def feed(self, data):
        """A list of the packets that are complete with `data`."""
        found = []
        first, *others = data.split(b"\xc0")
        self._take(first)
        for piece in others:
            if self._inside and self._packet:
                found.append(_plain(bytes(self._packet)))
                self._inside = False
            else:
                self._inside = True
            self._packet.clear()
            self._take(piece)
        return found

    def _take(self, piece):
        if self._inside:
            self._packet += piece
        if len(self._packet) > _MAX_BYTES:
            self._inside = False
            self._packet.clear()


def _plain(packet):
    return packet.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
