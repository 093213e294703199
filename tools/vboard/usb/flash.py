"""The flash chip of a virtual ESP32: a file that is mapped, with the manners of NOR flash, and faults.

A program can only clear bits; an erase sets all bits of its 4 KB sectors. The file outlives everything: it is the chip. While the
unit runs, the same file is mapped into its process, so what the unit writes is here at once.
"""

import mmap

SECTOR_BYTES = 4096
_MB = 1 << 20
_JEDEC = {2: 0x15, 4: 0x16, 8: 0x17, 16: 0x18}  # size code of the answer to RDID; 0xEF, 0x40: Winbond W25Q
SIZES_MB = tuple(_JEDEC)


class FlashError(Exception):
    """An access beyond the chip."""


class Flash:
    """`path`: the chip's content, made blank if there is none. Fault: `dead` is a range of addresses where no program takes."""

    def __init__(self, path, size_mb):
        if size_mb not in _JEDEC:
            raise ValueError(f"flash of {size_mb} MB: one of {', '.join(map(str, SIZES_MB))} wanted")
        self.path, self._whole_mb = path, size_mb
        self.size_mb = size_mb
        self.dead = range(0)
        self._make()
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), self.size)

    def _make(self):
        held = self.path.stat().st_size if self.path.exists() else 0
        if held in (0, self.size):
            if not held:
                self.path.write_bytes(b"\xff" * self.size)
            return
        raise FlashError(f"{self.path} holds {held} bytes; this chip has {self.size}")

    @property
    def size(self):
        return self.size_mb * _MB

    def limit(self, size_mb):
        """The chip is only that large, whatever the file holds; None: it is itself again."""
        self.size_mb = min(self._whole_mb, size_mb or self._whole_mb)

    def jedec_id(self):
        """Answer to RDID as a little-endian number: maker, kind, size."""
        return 0xEF | 0x40 << 8 | _JEDEC[self.size_mb] << 16

    def read(self, offset, count):
        """Beyond the end the chip begins anew, as it does not look at the higher address bits."""
        offset %= self.size
        data = self._map[offset : offset + count]
        return data + self._map[: count - len(data)]

    def program(self, offset, data):
        """Clears bits. Raises FlashError beyond the chip."""
        self._check(offset, len(data))
        old = int.from_bytes(self._map[offset : offset + len(data)], "little")
        new = (old & int.from_bytes(data, "little")).to_bytes(len(data), "little")
        if self.dead and offset < self.dead.stop and offset + len(data) > self.dead.start:
            new = bytearray(new)
            first, last = max(offset, self.dead.start), min(offset + len(data), self.dead.stop)
            new[first - offset : last - offset] = self._map[first:last]
        self._map[offset : offset + len(data)] = bytes(new)

    def erase(self, offset, count):
        """Whole sectors from the one that holds `offset` on. Raises FlashError beyond the chip."""
        first = offset // SECTOR_BYTES * SECTOR_BYTES
        count = -(-(offset + count - first) // SECTOR_BYTES) * SECTOR_BYTES
        self._check(first, count)
        self._map[first : first + count] = b"\xff" * count

    def _check(self, offset, count):
        if offset < 0 or offset + count > self.size:
            raise FlashError(f"{offset:#x} and {count} bytes on are beyond this chip of {self.size_mb} MB")

    def put(self, offset, data):
        """Content by magic, for tests and faults: no NOR rules."""
        self._check(offset, len(data))
        self._map[offset : offset + len(data)] = data

    def close(self):
        self._map.flush()
        self._map.close()
