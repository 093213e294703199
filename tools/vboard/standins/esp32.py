"""`esp32.Partition` as the board has it, over the NOR flash model; other names of the module are not used by this firmware.

Labels and sizes come from `world.partitions`; the chip behind a label lives in `world.flash`, so it outlives the objects.
"""

from world import world

_SECTOR_BYTES = 4096  # erase unit of SPI NOR flash


class Partition:
    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, label, block_size=_SECTOR_BYTES):
        """Raises OSError(2), no such entry, for a label that the partition table lacks."""
        if label not in world.partitions:
            raise OSError(2, "ENOENT")
        self._label = label
        self._flash = _chip(label)

    @staticmethod
    def find(type=TYPE_APP, subtype=0xFF, label=None, block_size=_SECTOR_BYTES):  # noqa: A002 - the board's name
        """List of the partitions that fit. As on the board the type defaults to *application*: say `Partition.TYPE_DATA`."""
        if type != Partition.TYPE_DATA:
            return []
        return [Partition(name) for name in sorted(world.partitions) if label is None or name == label]

    def info(self):
        """(type, subtype, address, size in bytes, label, encrypted)."""
        address = 0x3F0000
        for name in sorted(world.partitions):
            if name == self._label:
                break
            address -= world.partitions[name] * _SECTOR_BYTES
        return 1, 0x40, address, world.partitions[self._label] * _SECTOR_BYTES, self._label, False

    def readblocks(self, block, buf, offset=0):
        return self._flash.readblocks(block, buf, offset)

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            return self._flash.writeblocks(block, buf)
        return self._flash.writeblocks(block, buf, offset)

    def ioctl(self, op, arg=0):
        return self._flash.ioctl(op, arg)


def _chip(label):
    if label not in world.flash:
        world.flash[label] = world.open_flash(label)
    return world.flash[label]


def mcu_temperature():
    """Chip temperature in degrees Celsius (S2 and later on the board)."""
    return 38
