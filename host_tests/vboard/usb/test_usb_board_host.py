"""The virtual ESP32 on a serial port, with the real esptool and the real mpremote."""

import pytest

from host_tests.vboard.usb import flashed
from tools.vboard.usb import UsbBoard

_ENTRIES = [*flashed.TABLE[:-1], (1, 0x81, flashed.VFS_AT, 0x20000, b"vfs")]
MAIN = "import sys\nprint('main on', sys.path[1:])\n"


@pytest.mark.parametrize("board", ("esp32", "esp32s3"), indirect=True)
def test_a_blank_chip_complains_and_is_flashed_verified_and_booted_by_the_real_esptool(board, tmp_path):
    assert board.mode == "stuck"
    board.wait_console("invalid header: 0xffffffff", 10)
    board.press_boot()
    told = flashed.esptool(board, "read-mac")
    assert told.returncode == 0 and "24:6f:28:aa:bb:cc" in told.stdout
    told = flashed.esptool(board, "flash-id")
    assert "Detected flash size: 4MB" in told.stdout
    parts = _small(board.chip, {"boot.py": "print('boot')\n", "main.py": MAIN})
    told = flashed.esptool(board, "write-flash", *flashed.write(tmp_path, parts), chip=board.chip, after="soft-reset")
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr
    assert told.stdout.count("Hash of data verified.") == len(parts)
    said = board.wait_console(">>> ", 20)
    assert "boot\r\nmain on ['', '.frozen', '/lib']\r\n" in said
    assert board.mode == "run"
    flashed.at_prompt(board, "main_ended")
    assert flashed.mpremote(board, "exec", "print(1 + 1)").stdout == "2\n"


def _small(chip, files):
    return [*flashed.parts(chip, entries=_ENTRIES), (flashed.VFS_AT, flashed.littlefs(files, 0x20000))]


@pytest.mark.parametrize("board", ("esp32", "esp32s3"), indirect=True)
def test_compressed_data_is_taken_too_and_read_back_as_it_was_written(board, tmp_path):
    board.press_boot()
    content = bytes(range(256)) * 40
    written = flashed.esptool(board, "write-flash", "--compress", *flashed.write(tmp_path, [(0x20000, content)]))
    assert written.returncode == 0 and "Hash of data verified." in written.stdout, written.stdout + written.stderr
    read = flashed.esptool(board, "read-flash", "0x20000", str(len(content)), str(tmp_path / "read.bin"))
    assert read.returncode == 0, read.stdout
    assert (tmp_path / "read.bin").read_bytes() == content


def test_an_s3_says_its_chip_in_its_security_info_and_is_reset_by_its_watchdog(tmp_path):
    with UsbBoard(tmp_path / "port", tmp_path / "state", chip="esp32s3", boot_held=True, flash_mb=8) as board:
        told = flashed.esptool(board, "get-security-info")
        assert "Chip ID: 9" in told.stdout, told.stdout
        assert "8MB" in flashed.esptool(board, "flash-id").stdout
        flashed.put(board, flashed.parts("esp32s3", {"main.py": "print('runs')"}))
        assert flashed.esptool(board, "read-mac", after="watchdog-reset").returncode == 0
        board.wait_console("runs\r\n", 20)


def test_another_speed_is_agreed_on(board):
    board.press_boot()
    told = flashed.esptool(board, "flash-id", baud=460800)
    assert told.returncode == 0 and "Changing baud rate to 460800" in told.stdout and "40MHz" in told.stdout, told.stdout


def test_an_esp32_without_a_reset_line_stays_in_its_loader_until_somebody_presses_reset(board):
    board.press_boot()
    flashed.put(board, flashed.parts("esp32", {"main.py": "print('runs')"}))
    told = flashed.esptool(board, "read-mac", after="hard-reset")
    assert told.returncode == 0 and "Chip was NOT reset" in told.stderr
    assert board.mode == "rom"
    board.reset()
    board.wait_console("runs\r\n", 20)


def test_a_stub_is_refused_as_the_docs_say_and_the_loader_is_still_there(board, tmp_path):
    board.press_boot()
    words = flashed.write(tmp_path, [(0x20000, b"content" * 99)])
    told = flashed.esptool(board, "write-flash", *words, chip="esp32", stub=True)
    assert told.returncode != 0 and "stub" in told.stdout + told.stderr, told.stdout + told.stderr
    assert board.mode == "rom" and board.flash.read(0x20000, 7) == b"\xff" * 7
    assert flashed.esptool(board, "write-flash", *words, chip="esp32").returncode == 0
    assert board.flash.read(0x20000, 7) == b"content"


def test_a_running_unit_is_no_loader(board):
    flashed.boot(board, {})
    board.wait_console(">>> ", 20)
    command = flashed.esptool(board, "--connect-attempts", "1", "read-mac")
    assert command.returncode != 0 and "Failed to connect" in command.stdout + command.stderr


@pytest.mark.parametrize(
    ("damage", "complaint"),
    (
        ([(0x1000, b"\0" * 4)], "invalid header: 0x00000000"),
        ([(0x8000, b"\0" * 64)], "partition 0 invalid magic number 0x0"),
        ([(0x8046, b"\0")], "flash_parts: incorrect MD5 checksum"),
        ([(0x10000, b"\0" * 64)], "No bootable app partitions"),
        ([(0x10000, b"\xe9" + flashed.image("esp32s3")[1:])], "mismatch chip ID, expected 0, found 9"),
        ([(0x10040, b"\0")], "Checksum failed"),
    ),
)
def test_what_does_not_start_says_so_for_ever(board, damage, complaint):
    board.press_boot()
    for offset, content in [*flashed.parts("esp32"), *damage]:
        board.flash.put(offset, content)
    board.reset()
    place = len(board.wait_console(complaint, 10))
    board.wait_console(complaint, 10, since=place)
    assert board.mode == "stuck"
