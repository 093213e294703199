"""The virtual ESP32 on a serial port, with the real esptool and the real mpremote."""

import pytest

from host_tests.vboard.usb import flashed
from tools.vboard.usb import UsbBoard

MAIN = "import sys\nprint('main on', sys.path[1:])\n"


@pytest.fixture
def board(tmp_path, request):
    chip = getattr(request, "param", "esp32")
    with UsbBoard(tmp_path / "port", tmp_path / "state", chip=chip, mac="24:6f:28:aa:bb:cc") as board:
        yield board


@pytest.mark.parametrize("board", ("esp32", "esp32s3"), indirect=True)
def test_a_blank_chip_complains_and_is_flashed_verified_and_booted_by_the_real_esptool(board, tmp_path):
    assert board.mode == "stuck"
    board.wait_console("invalid header: 0xffffffff", 10)
    board.press_boot()
    told = flashed.esptool(board, "read-mac")
    assert told.returncode == 0 and "24:6f:28:aa:bb:cc" in told.stdout
    told = flashed.esptool(board, "flash-id")
    assert "Detected flash size: 4MB" in told.stdout
    small = flashed.littlefs({"boot.py": "print('boot')\n", "main.py": MAIN}, 0x20000)
    entries = [*flashed.TABLE[:-1], (1, 0x81, flashed.VFS_AT, 0x20000, b"vfs")]
    parts = [*flashed.parts(board.chip, entries=entries), (flashed.VFS_AT, small)]
    told = flashed.esptool(board, "write-flash", *flashed.write(tmp_path, parts), chip=board.chip, after="soft-reset")
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr
    assert told.stdout.count("Hash of data verified.") == len(parts)
    said = board.wait_console(">>> ", 20)
    assert "boot\r\nmain on ['', '.frozen', '/lib']\r\n" in said
    assert board.mode == "run" and board.status()["repl"] == "main_ended"
    assert flashed.mpremote(board, "exec", "print(1 + 1)").stdout == "2\n"
