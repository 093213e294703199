"""Which of the last 128 packets were taken, so that none is taken twice. Source: RFC 3711 3.3.2."""

from micropython import const

_SIZE = const(128)  # packets, a power of two; RFC 3711 wants 64 at least, libsrtp has 128


class Window:
    """Numbers are told with their distance from the highest one taken: above 0 newer, 0 and below older.

    A byte a packet instead of a bit: no shifting, and 128 bytes are cheap.
    """

    def __init__(self):
        self._seen = bytearray(_SIZE)

    def clear(self):
        for i in range(_SIZE):
            self._seen[i] = 0

    def has(self, number, distance):
        """True if `number` (its low bits), `distance` after the highest (0 or less), was taken or is too old to tell."""
        return distance <= 0 and (distance <= -_SIZE or self._seen[number & (_SIZE - 1)] != 0)

    def take(self, number, distance):
        """Remembers `number`; those that it skips are open."""
        if distance >= _SIZE:
            self.clear()
        while 0 < distance < _SIZE:
            distance -= 1
            self._seen[(number - distance) & (_SIZE - 1)] = 0
        self._seen[number & (_SIZE - 1)] = 1
