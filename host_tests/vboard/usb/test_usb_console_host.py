"""The console of what was flashed: prompt, Ctrl-C, resets, file system and partitions, with the real mpremote."""

import contextlib
import hashlib

import pytest
import serial
from littlefs import LittleFS

from host_tests.vboard.usb import flashed
from tools import rom

_S = 20  # bound for what takes a fraction of a second on an idle machine
CLOSED = """
import micropython, select, sys
micropython.kbd_intr(-1)
poll = select.poll()
poll.register(sys.stdin, select.POLLIN)
print("closed")
line = ""
while line != "open":
    line = ""
    while poll.poll(1000 if not line else 100):
        c = sys.stdin.read(1)
        if c == "\\n":
            break
        line += c
    if line:
        print("line", repr(line))
    if line == "reset":
        import machine
        machine.reset()
    if line == "exit":
        raise SystemExit
    if line == "fail":
        raise ValueError("on purpose")
"""


@contextlib.contextmanager
def plugged_in(board):
    with serial.serial_for_url(str(board.link), 115200, timeout=1, exclusive=True) as port:
        yield port


def say(board, port, data, expected):
    """Sends it and waits for what is to come after; gives what came."""
    place = board.mark()
    port.write(data)
    return board.wait_console(expected, _S, since=place)[place:]


def test_a_closed_console_takes_ctrl_c_for_a_byte_and_an_open_one_for_an_interrupt(board):
    flashed.boot(board, {"main.py": CLOSED})
    board.wait_console("closed", _S)
    with plugged_in(board) as port:
        said = say(board, port, b"a\x03b\x04\x01c\r", "line ")
        assert "line 'a\\x03b\\x04\\x01c'\r\n" in board.wait_console("c'\r\n", _S) and ">>>" not in said
        say(board, port, b"open\n", ">>> ")
        flashed.at_prompt(board, "main_ended")
        say(board, port, b"while True: pass\r\r", "... ")
        assert "KeyboardInterrupt" in say(board, port, b"\x03", ">>> ")
        assert "\r\n6\r\n>>> " in say(board, port, b"2*3\r", "6\r\n>>> ")
    assert board.status()["resets"]["hard"] == 0


def test_many_ctrl_c_at_once_are_one_interrupt(board):
    flashed.boot(board, {"main.py": "import time\nprint('runs')\nwhile True: time.sleep_ms(5)\n"})
    board.wait_console("runs", _S)
    with plugged_in(board) as port:
        say(board, port, b"\x03" * 20, ">>> ")
        say(board, port, b"2*3\r", "6\r\n")
    assert board.status()["boots"] == 2 and board.status()["resets"]["hard"] == 0


def test_resets_of_each_kind_boot_again_as_the_chip_does(board):
    flashed.boot(board, {"main.py": CLOSED, "boot.py": "import machine\nprint('cause', machine.reset_cause())\n"})
    board.wait_console("cause 1\r\nclosed", _S)
    with plugged_in(board) as port:
        said = say(board, port, b"reset\n", "cause 2\r\nclosed")
        assert "rst:0xc (SW_CPU_RESET)" in said
        said = say(board, port, b"exit\n", "cause 5\r\nclosed")
        assert "MPY: soft reboot\r\n" in said, "an uncaught SystemExit is a soft reset: it does not lead to the prompt"
        said = say(board, port, b"fail\n", ">>> ")
        assert "ValueError: on purpose" in said
        flashed.at_prompt(board, "main_failed")
        said = say(board, port, b"\x04", "cause 5\r\nclosed")
        assert "MPY: soft reboot\r\n" in said
    assert board.status()["resets"] == {"power_on": 2, "hard": 1, "watchdog": 0, "deep_sleep": 0, "soft": 2}


def test_a_failing_boot_py_keeps_main_py_from_running(board):
    flashed.boot(board, {"boot.py": "1 / 0\n", "main.py": "print('main')\n"})
    said = board.wait_console(">>> ", _S)
    assert "ZeroDivisionError" in said and "main\r\n" not in said
    flashed.at_prompt(board, "boot_failed")


def test_mpremote_copies_lists_shows_hashes_and_removes_files_which_then_are_in_the_flash(board, tmp_path):
    flashed.boot(board, {"main.py": "print('main')\n"})
    board.wait_console(">>> ", _S)
    content = bytes(range(256)) * 20
    (tmp_path / "blob").write_bytes(content)
    told = flashed.mpremote(
        board, "fs", "mkdir", "d", "+", "fs", "cp", str(tmp_path / "blob"), ":d/blob", "+", "fs", "cp", ":main.py", ":other.py"
    )
    assert told.returncode == 0, told.stderr
    told = flashed.mpremote(board, "fs", "ls", ":d", "+", "fs", "cat", ":other.py", "+", "fs", "rm", ":other.py")
    assert "5120 blob" in told.stdout and "print('main')" in told.stdout, told.stdout + told.stderr
    assert hashlib.sha256(content).hexdigest() in flashed.mpremote(board, "sha256sum", ":d/blob").stdout
    assert flashed.mpremote(board, "cp", ":d/blob", str(tmp_path / "back")).returncode == 0
    assert (tmp_path / "back").read_bytes() == content
    (tmp_path / "script.py").write_text("import os\nprint(os.listdir('/'))\n")
    assert flashed.mpremote(board, "run", str(tmp_path / "script.py")).stdout == "['d', 'main.py']\n"
    place = board.mark()
    board.reset()
    board.wait_console("main\r\n", _S, since=place)
    held = LittleFS(block_size=4096, block_count=(0x400000 - flashed.VFS_AT) // 4096, mount=False)
    held.context.buffer = bytearray(board.flash.read(flashed.VFS_AT, 0x400000 - flashed.VFS_AT))
    held.mount()
    with held.open("d/blob", "rb") as file:
        assert file.read() == content


def test_mpremote_soft_resets_without_main_and_a_reset_by_it_runs_main(board):
    flashed.boot(board, {"boot.py": "print('boot')\n", "main.py": "print('main')\n"})
    board.wait_console(">>> ", _S)
    place = board.mark()
    assert flashed.mpremote(board, "soft-reset").returncode == 0
    said = board.wait_console("raw REPL", _S, since=place)[place:]
    assert "MPY: soft reboot\r\nboot\r\n" in said and "main" not in said
    place = board.mark()
    assert flashed.mpremote(board, "reset").returncode == 0
    assert "rst:0xc" in board.wait_console("boot\r\nmain\r\n", _S, since=place)[place:]


def test_modules_in_the_romfs_partition_are_run_and_listed(board):
    image = rom.image({"pack/mod.py": b"X = 7\n", "note": b"text"})
    flashed.boot(board, {"main.py": "import pack.mod, sys\nprint(pack.mod.X, pack.mod.__file__, sys.path[1:])\n"}, image)
    assert "7 /rom/pack/mod.py ['', '.frozen', '/rom', '/rom/lib', '/lib']\r\n" in board.wait_console(">>> ", _S)
    assert flashed.mpremote(board, "cat", ":/rom/note").stdout == "text"
    assert flashed.mpremote(board, "exec", "import os\nprint(sorted(os.listdir('/')))").stdout == "['main.py', 'rom']\n"


def test_a_partition_is_nor_flash_and_the_same_chip_that_esptool_reads(board):
    flashed.boot(board, {})
    board.wait_console(">>> ", _S)
    code = (
        "import esp32\np = esp32.Partition.find(esp32.Partition.TYPE_DATA, label='journal')[0]\nprint(p.info())\n"
        "p.writeblocks(2, b'\\xf0abc', 8)\np.writeblocks(2, b'\\x0f', 8)\nb = bytearray(4)\np.readblocks(2, b, 8)\nprint(b)\n"
        "print(p.ioctl(4, 0), p.ioctl(5, 0))\np.ioctl(6, 2)\np.readblocks(2, b, 8)\nprint(b)\np.writeblocks(3, b'x' * 4096)"
    )
    told = flashed.mpremote(board, "exec", code)
    assert told.stdout.splitlines() == [
        "(1, 64, 2097152, 65536, 'journal', False)",
        "bytearray(b'\\x00abc')",
        "16 4096",
        "bytearray(b'\\xff\\xff\\xff\\xff')",
    ], told.stderr
    assert board.flash.read(flashed.JOURNAL_AT + 3 * 4096, 4097) == b"x" * 4096 + b"\xff"
    assert "OSError" in flashed.mpremote(board, "exec", "import esp32; esp32.Partition('nothing')").stdout


def test_a_blank_file_system_is_made_and_stays(board):
    flashed.boot(board, None)
    assert "Performing initial setup" in board.wait_console(">>> ", _S)
    assert flashed.mpremote(board, "fs", "ls").stdout.split()[-1] == "boot.py"
    place = board.mark()
    board.reset()
    assert "initial setup" not in board.wait_console(">>> ", _S, since=place)[place:]


def test_without_a_vfs_in_the_table_there_is_one_from_2_mb_on(board):
    flashed.boot(board, None, entries=flashed.TABLE[:3])
    board.wait_console("Performing initial setup", _S)
    board.wait_console(">>> ", _S)
    told = flashed.mpremote(board, "exec", "import esp32; print(esp32.Partition.find(1, label='vfs')[0].info()[2:4])")
    assert told.stdout == "(2097152, 2097152)\n", told.stderr


def test_a_broken_file_system_is_an_error_for_ever_which_ctrl_c_leaves(board):
    flashed.boot(board, {"main.py": "print('main')\n"})
    board.wait_console(">>> ", _S)
    board.press_boot()
    board.fault("corrupt_vfs")
    place = board.mark()
    board.reset()
    place = len(board.wait_console("The filesystem appears to be corrupted", _S, since=place))
    said = board.wait_console("The filesystem appears to be corrupted", _S, since=place)
    assert "main\r\n" not in said[place:]
    with plugged_in(board) as port:
        say(board, port, b"\x03", ">>> ")


@pytest.mark.parametrize("kind", ("nothing", "prefix"))
def test_the_power_goes_in_the_middle_of_a_write_to_the_flash(board, kind):
    wait = "from machine import Pin\nprint('waits')\nwhile Pin(25, Pin.IN, Pin.PULL_UP).value(): pass\n"
    flashed.boot(board, {"main.py": wait + "open('x', 'w').write('y' * 4000)\n"})
    board.wait_console("waits", _S)
    board.run(lambda unit: unit.fault("flash_cut", operations=3, kind=kind))
    board.run(lambda unit: unit.pull("button"))  # comes by the same way as the fault, so after it
    board.run(lambda unit: unit.wait_for(lambda status: not status["power"], _S))
    board.run(lambda unit: unit.release("button"))
    place = board.mark()
    board.reset()
    board.wait_console("waits", _S, since=place)
    assert board.status()["flash_operations"] == 2 and board.status()["resets"]["power_on"] == 3
