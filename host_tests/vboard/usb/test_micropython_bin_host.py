"""The synthetic MicroPython: whole for the real esptool, the same each time, and without a line of code."""

import pytest

from tools.image import check, micropython
from tools.image.errors import ImageError
from tools.vboard.usb.micropython_bin import SAYS, synthetic


@pytest.mark.parametrize("chip", ["esp32", "esp32s3"])
def test_esptool_finds_both_parts_whole_and_for_the_chip(chip):
    taken = micropython.take_apart(synthetic(chip))
    assert (taken.chip, taken.app_at, taken.version, taken.vfs_rom) == (chip, 0x10000, "1.29.0", True)
    assert check.image_info(taken.bootloader, "bootloader") == chip
    assert check.image_info(taken.app, "app") == chip
    assert SAYS in taken.bootloader and SAYS in taken.app
    assert synthetic(chip) == synthetic(chip)


def test_its_switches_do_what_they_say():
    assert micropython.take_apart(synthetic("esp32", version="1.24.1")).version == "1.24.1"
    assert not micropython.take_apart(synthetic("esp32", vfs_rom=False)).vfs_rom
    assert len(micropython.take_apart(synthetic("esp32", app_bytes=300_000)).app) >= 300_000
    with pytest.raises(ImageError, match="does not say which MicroPython it is"):
        micropython.take_apart(synthetic("esp32", banner=False))
    with pytest.raises(ImageError, match="for different chips"):
        micropython.take_apart(synthetic("esp32", app_chip="esp32s3"))
