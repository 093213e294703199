"""A virtual ESP32 for each test, blank."""

import pytest

from tools.vboard.usb import UsbBoard


@pytest.fixture
def board(tmp_path, request):
    """Parametrized indirectly: the chip."""
    chip = getattr(request, "param", "esp32")
    with UsbBoard(tmp_path / "port", tmp_path / "state", chip=chip, mac="24:6f:28:aa:bb:cc") as board:
        yield board
