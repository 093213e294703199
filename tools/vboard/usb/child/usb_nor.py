"""The flash chip as MicroPython has it: memory that is mapped from the board's flash file, written by the rules of NOR flash."""

import micropython

SECTOR_BYTES = 4096
_PAGE = 256


@micropython.viper
def _burn(chip: ptr8, start: int, data: ptr8, place: int, count: int):
    for i in range(count):
        chip[start + i] = chip[start + i] & data[place + i]


@micropython.viper
def _wipe(chip: ptr8, start: int, count: int):
    for i in range(count):
        chip[start + i] = 255


@micropython.viper
def _fetch(chip: ptr8, start: int, data: ptr8, count: int):
    for i in range(count):
        data[i] = chip[start + i]


class Store:
    """For nor.NorFlash, which tears the last operation before a power cut."""

    def __init__(self, chip, offset):
        self._chip, self._offset = chip, offset

    def read(self, start, buf):
        _fetch(self._chip, self._offset + start, buf, len(buf))

    def write(self, start, buf):
        start += self._offset
        self._chip[start : start + len(buf)] = buf


class Region:
    """A partition's part of the chip, as a block device. Each program or erase is told to the world, which may cut the power."""

    def __init__(self, world, chip, offset, size):
        self._world, self._chip = world, chip
        self._offset, self._size = offset, size

    def readblocks(self, block, buf, offset=0):
        _fetch(self._chip, self._range(block * SECTOR_BYTES + offset, len(buf)), buf, len(buf))

    def writeblocks(self, block, buf, offset=None):
        start = block * SECTOR_BYTES
        if offset is None:
            if len(buf) % SECTOR_BYTES:
                raise OSError(22)
            for sector in range(block, block + len(buf) // SECTOR_BYTES):
                self._erase(sector)
            offset = 0
        start = self._range(start + offset, len(buf))
        done = 0
        while done < len(buf):
            count = min(len(buf) - done, _PAGE - (start + done) % _PAGE)
            self._program(start + done, buf, done, count)
            done += count

    def ioctl(self, op, arg):
        if op in (1, 2, 3):
            return 0
        if op == 4:
            return self._size // SECTOR_BYTES
        if op == 5:
            return SECTOR_BYTES
        if op == 6:
            self._erase(arg)
            return 0
        return None

    def _range(self, start, count):
        if start < 0 or start + count > self._size:
            raise OSError(-258, "ESP_ERR_INVALID_ARG")
        return self._offset + start

    def _program(self, start, buf, done, count):
        kind = self._world.flash_begins()
        if kind is None:
            _burn(self._chip, start, buf, done, count)
        else:
            offset = start - self._offset
            self._tear(kind, "writeblocks", (offset // SECTOR_BYTES, buf[done : done + count], offset % SECTOR_BYTES))
        self._world.flash_done(1)

    def _erase(self, sector):
        start = self._range(sector * SECTOR_BYTES, SECTOR_BYTES)
        kind = self._world.flash_begins()
        if kind is None:
            _wipe(self._chip, start, SECTOR_BYTES)
        else:
            self._tear(kind, "ioctl", (6, sector))
        self._world.flash_done(2)

    def _tear(self, kind, name, arguments):
        import time

        from nor import CUT_KINDS, NorFlash, PowerCut

        torn = NorFlash(1, SECTOR_BYTES)
        torn.sectors = self._size // SECTOR_BYTES
        torn.erases_of = [0] * torn.sectors
        torn._store = Store(self._chip, self._offset)
        torn.cut_at(0, CUT_KINDS[kind], time.ticks_us())
        try:
            getattr(torn, name)(*arguments)
        except PowerCut:
            self._world.lose_power()
