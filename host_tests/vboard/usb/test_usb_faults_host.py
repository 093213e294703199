"""Each fault of the virtual ESP32, as the real esptool meets it, and that the next try succeeds when it is over."""

import time

import pytest

from host_tests.vboard.usb import flashed
from tools.vboard.errors import BoardError
from tools.vboard.usb import UsbBoard

CONTENT = bytes(range(256)) * 64
_S = 20


def write(board, tmp_path, *words):
    return flashed.esptool(board, *words, "write-flash", *flashed.write(tmp_path, [(0x20000, CONTENT)]), chip="esp32")


def fails(told, words):
    said = told.stdout + told.stderr
    assert told.returncode != 0 and words in said, said


def succeeds(told):
    assert told.returncode == 0 and "Hash of data verified." in told.stdout, told.stdout + told.stderr


def vanished(board):
    end_s = time.monotonic() + _S
    while board.link.is_symlink() or board.mode != "off":
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_a_wrong_chip_is_named(board, tmp_path):
    board.fault("wrong_chip")
    board.press_boot()
    fails(write(board, tmp_path), "This chip is ESP32-S3, not ESP32")
    board.heal()
    board.press_boot()
    succeeds(write(board, tmp_path))


def test_a_port_that_another_program_has_is_busy(board, tmp_path):
    board.press_boot()
    board.fault("busy")
    fails(write(board, tmp_path), "the port is busy or doesn't exist")
    told = flashed.mpremote(board, "exec", "1")
    assert told.returncode != 0 and "failed to access" in told.stdout + told.stderr
    board.heal()
    succeeds(write(board, tmp_path))


@pytest.mark.parametrize("step", ("sync", "data", "verify"))
def test_the_cable_comes_out_at_a_step(board, tmp_path, step):
    board.press_boot()
    board.fault("cable", step=step)
    assert write(board, tmp_path, "--connect-attempts", "1").returncode != 0
    vanished(board)
    assert board.flash.read(0x20000, 4) == (CONTENT if step == "verify" else b"\xff" * 4)[:4]
    board.plug(boot=True)
    assert board.mode == "rom"
    succeeds(write(board, tmp_path))


def test_the_cable_comes_out_after_so_many_bytes(board, tmp_path):
    board.press_boot()
    board.fault("cable", bytes=9000)
    assert write(board, tmp_path).returncode != 0
    vanished(board)
    written = board.flash.read(0x20000, len(CONTENT))
    assert 4096 < len(written.rstrip(b"\xff")) < 9000
    board.plug(boot=True)
    succeeds(write(board, tmp_path))


def test_the_cable_comes_out_of_a_running_unit_which_starts_again_with_it(board):
    flashed.boot(board, {"main.py": "import sys\nprint('runs')\nsys.stdin.read(1)\n"})
    board.wait_console("runs", _S)
    place = board.mark()
    board.pull()
    assert board.mode == "off" and not board.link.exists()
    board.plug()
    assert "POWERON" in board.wait_console("runs", _S, since=place)[place:]
    assert board.status()["boots"] == 3


def test_the_cable_comes_out_when_the_unit_says_something_and_in_the_middle_of_a_copy(board, tmp_path):
    flashed.boot(board, {"main.py": "print('runs')\n"})
    board.wait_console(">>> ", _S)
    (tmp_path / "blob").write_bytes(CONTENT)
    for settings in ({"said": "raw REPL"}, {"bytes": 9000}):
        board.fault("cable", **settings)
        assert flashed.mpremote(board, "cp", str(tmp_path / "blob"), ":blob").returncode != 0
        vanished(board)
        place = board.mark()
        board.plug()
        board.wait_console(">>> ", _S, since=place)
    assert flashed.mpremote(board, "cp", str(tmp_path / "blob"), ":blob").returncode == 0


def test_a_unit_with_mains_runs_on_without_the_cable(tmp_path):
    with UsbBoard(tmp_path / "port", tmp_path / "state", usb_power=False, boot_held=True) as board:
        flashed.put(board, flashed.parts("esp32", {"main.py": "import sys\nprint('runs')\nprint(sys.stdin.read(1))\n"}))
        board.reset()
        board.wait_console("runs", _S)
        board.pull()
        assert board.mode == "run" and not board.link.exists()
        board.plug()
        board.link.write_bytes(b"x")
        board.wait_console("x\r\n", _S)
        assert board.status()["boots"] == 1


def test_flash_that_does_not_take_fails_the_verification(board, tmp_path):
    board.press_boot()
    board.fault("no_take", offset=0x21000, size=0x10)
    fails(write(board, tmp_path), "MD5 of file does not match data in flash")
    board.heal()
    succeeds(write(board, tmp_path))


def test_a_flash_chip_that_is_too_small_is_refused_by_its_size(board, tmp_path):
    board.press_boot()
    board.fault("small_flash", mb=2)
    words = flashed.write(tmp_path, [(0x200000, CONTENT)])
    fails(flashed.esptool(board, "write-flash", *words), "will not fit")
    assert "Detected flash size: 2MB" in flashed.esptool(board, "flash-id").stdout
    board.heal()
    succeeds(flashed.esptool(board, "write-flash", *words))


def test_a_silent_chip_is_not_connected_to(board, tmp_path):
    board.press_boot()
    board.fault("silent")
    fails(write(board, tmp_path, "--connect-attempts", "1"), "No serial data received")
    board.heal()
    succeeds(write(board, tmp_path))


def test_faults_that_are_not_known_or_not_possible_are_refused(board):
    for name, settings in (
        ("earthquake", {}),
        ("cable", {}),
        ("cable", {"step": "lunch"}),
        ("cable", {"bytes": 1, "step": "data"}),
        ("small_flash", {"mb": 3}),
        ("silent", {"very": 1}),
        ("corrupt_vfs", {}),
    ):
        with pytest.raises(BoardError):
            board.fault(name, **settings)
