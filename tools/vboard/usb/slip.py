"""SLIP, the framing of the ROM loader: packets between 0xC0 bytes. Source: RFC 1055."""

_END, _ESC, _ESC_END, _ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD
_MAX_BYTES = 65536 + 64  # a loader's packet carries at most a 16-bit length


def encode(packet):
    """The packet as it goes over the line."""
    return b"\xc0" + packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


class Decoder:
    """Takes bytes as they come and gives whole packets; what stands outside of packets is dropped, as the ROM does."""

    def __init__(self):
        self._packet = None
        self._escaped = False

    def feed(self, data):
        """A list of the packets that are complete with `data`."""
        found = []
        for byte in data:
            if byte == _END:
                if self._packet:
                    found.append(bytes(self._packet))
                    self._packet = None
                else:
                    self._packet = bytearray()
                self._escaped = False
            elif self._packet is not None:
                self._take(byte)
        return found

    def _take(self, byte):
        if self._escaped:
            self._escaped = False
            byte = {_ESC_END: _END, _ESC_ESC: _ESC}.get(byte, byte)
        elif byte == _ESC:
            self._escaped = True
            return
        self._packet.append(byte)
        if len(self._packet) > _MAX_BYTES:
            self._packet = None
