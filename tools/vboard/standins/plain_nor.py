"""A NOR flash partition without a fault: behaves as esp32.Partition does. Runs on CPython and MicroPython.

NOR rules: a program can only turn ones into zeros, an erase turns a whole sector into ones. `writeblocks` with an offset
programs; without one it erases the blocks and then programs them, as the ESP32 does.

By itself for the virtual board, whose flash shares the unit's heap: nor.py with its fault modes would take 8 KB more of it.
"""

_PAGE = 256  # bytes: the chip programs by pages, so a program over a page border is two
SECTOR_BYTES = 4096  # erase unit of SPI NOR flash
CHUNK_BYTES = 64  # handled at once, so that a file-backed flash needs no buffer of a sector
BLANK = b"\xff" * CHUNK_BYTES


class FileStore:
    """Every write reaches the operating system before it returns: SIGKILL loses nothing."""

    def __init__(self, path, size):
        try:
            self._file = open(path, "r+b")  # noqa: SIM115 - held open as long as the flash lives
        except OSError:
            self._file = open(path, "w+b")  # noqa: SIM115
        held = self._file.seek(0, 2)
        while held < size:
            held += self._file.write(b"\xff" * min(CHUNK_BYTES, size - held))
        self._file.flush()

    def read(self, offset, buf):
        self._file.seek(offset)
        self._file.readinto(buf)

    def write(self, offset, buf):
        self._file.seek(offset)
        self._file.write(buf)
        self._file.flush()

    def close(self):
        self._file.close()


class PlainNor:
    """`store`: read(offset, buf) and write(offset, buf) on sectors * sector_bytes bytes."""

    def __init__(self, store, sectors=16, sector_bytes=SECTOR_BYTES):
        self._store = store
        self.sectors = sectors
        self.sector_bytes = sector_bytes

    def readblocks(self, block, buf, offset=0):
        self._store.read(self._range(block, offset, len(buf)), buf)

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            if len(buf) % self.sector_bytes:
                raise OSError(22)
            for step in range(len(buf) // self.sector_bytes):
                self._erase(block + step)
            offset = 0
        start = self._range(block, offset, len(buf))
        view = memoryview(buf)
        done = 0
        while done < len(buf):
            count = min(len(buf) - done, _PAGE - (start + done) % _PAGE)
            self._program(start + done, view[done : done + count])
            done += count

    def ioctl(self, op, arg):
        """1, 2, 3: 0. 4: sectors. 5: sector_bytes. 6: erases sector `arg`. Others: None."""
        if op in (1, 2, 3):
            return 0
        if op == 4:
            return self.sectors
        if op == 5:
            return self.sector_bytes
        if op == 6:
            self._erase(arg)
            return 0
        return None

    def _range(self, block, offset, count):
        start = block * self.sector_bytes + offset
        if start < 0 or start + count > self.sectors * self.sector_bytes:
            raise OSError(22)  # ESP_ERR_INVALID_SIZE
        return start

    def _program(self, start, data):
        """Zeros where `data` has zeros. As one number, because the tests do this by the million."""
        now = bytearray(len(data))
        self._store.read(start, now)
        whole = int.from_bytes(now, "little") & int.from_bytes(data, "little")
        self._store.write(start, whole.to_bytes(len(data), "little"))

    def _erase(self, sector):
        start = self._range(sector, 0, self.sector_bytes)
        for offset in range(start, start + self.sector_bytes, CHUNK_BYTES):
            self._store.write(offset, BLANK)
