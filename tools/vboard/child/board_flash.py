"""The flash chip of the virtual board, on the way to power cuts."""

import time


class CutFlash:
    """A flash chip that reports each operation to the parent, and does the last one before a power cut as nor.py tears it."""

    def __init__(self, world, sectors, path):
        from plain_nor import SECTOR_BYTES, FileStore, PlainNor

        self._world = world
        self._path = path
        self._chip = PlainNor(FileStore(path, sectors * SECTOR_BYTES), sectors)
        self.readblocks = self._chip.readblocks

    def writeblocks(self, block, buf, offset=None):
        self._operate("writeblocks", 1, block, buf, offset)

    def ioctl(self, operation, arg):
        if operation != 6:
            return self._chip.ioctl(operation, arg)
        return self._operate("ioctl", 2, operation, arg)

    def _operate(self, name, what, *arguments):
        kind = self._world.flash_begins()
        if kind is None:
            result = getattr(self._chip, name)(*arguments)
        else:
            result = self._operate_torn(kind, name, arguments)
        self._world.flash_done(what)
        return result

    def _operate_torn(self, kind, name, arguments):
        """Loaded only now: the model of torn operations is larger than all the rest of this file."""
        from nor import CUT_KINDS, NorFlash, PowerCut

        torn = NorFlash(self._chip.sectors, self._chip.sector_bytes, self._path)
        torn.cut_at(0, CUT_KINDS[kind], time.ticks_us())
        try:
            return getattr(torn, name)(*arguments)
        except PowerCut:
            self._world.lose_power()
