"""`esp32` of a unit with a flash chip: `Partition` over the chip's own partition table. Other names come from the stand-in."""

import sys

from usb_nor import SECTOR_BYTES, Region

_world = None
_chip = None
_table = ()  # (type, subtype, offset, size, label) in the order of the table
_others = None


def set_up(world, chip, table, others):
    """`others`: the stand-in `esp32`."""
    global _world, _chip, _table, _others
    _world, _chip, _others = world, chip, others
    _table = tuple(tuple(entry) for entry in table)
    sys.modules["esp32"] = sys.modules["usb_esp32"]


class Partition(Region):
    """As the board: by label, or by `find`. Only blocks of a sector."""

    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, label, block_size=SECTOR_BYTES):
        """Raises OSError(2), no such entry, for a label that the partition table lacks."""
        for entry in _table:
            if entry[4] == label or label in (0, 1) and entry[0] == 0:
                self._entry = entry
                Region.__init__(self, _world, _chip, entry[2], entry[3])
                return
        raise OSError(2, "ENOENT")

    @staticmethod
    def find(type=0, subtype=0xFF, label=None, block_size=SECTOR_BYTES):  # noqa: A002 - the board's name
        """List of the partitions that fit. As on the board the type defaults to *application*: say `Partition.TYPE_DATA`."""
        found = []
        for entry in _table:
            if entry[0] == type and subtype in (0xFF, entry[1]) and label in (None, entry[4]):
                found.append(Partition(entry[4]))
        return found

    def info(self):
        """(type, subtype, address, size in bytes, label, encrypted)."""
        return self._entry + (False,)

    def ioctl(self, op, arg=0):
        return Region.ioctl(self, op, arg)


def __getattr__(name):
    return getattr(_others, name)
