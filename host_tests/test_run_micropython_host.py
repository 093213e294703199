"""The MicroPython runner finds files by itself, tells pass from failure, and does not take a crash for a pass."""

import subprocess
import sys

from host_tests import run_micropython
from tools import rom


def _root(tmp_path, **files):
    (tmp_path / "host_tests" / "part").mkdir(parents=True)
    for name, text in files.items():
        (tmp_path / "host_tests" / "part" / f"{name}.py").write_text(text)
    return tmp_path


def test_takes_every_test_file_but_those_for_cpython(tmp_path):
    root = _root(tmp_path, test_a="", test_b_host="", helper="", test_c="")
    assert [file.name for file in run_micropython.find_tests([], root)] == ["test_a.py", "test_c.py"]
    assert [file.name for file in run_micropython.find_tests(["_c"], root)] == ["test_c.py"]


def test_counts_passes_and_failures_and_shows_why(tmp_path):
    text = "def test_good():\n    pass\n\ndef test_bad():\n    assert 1 == 2\n\ndef test_ugly():\n    [][0]\n"
    root = _root(tmp_path, test_mixed=text)
    passed, failed, output = run_micropython.run_file(root / "host_tests/part/test_mixed.py", None, root)
    assert (passed, failed) == (1, 2)
    assert "FAILED test_bad" in output and "IndexError" in output


def test_runs_a_real_micropython_with_a_bounded_heap_half_as_large_where_code_lies_in_an_image(tmp_path):
    (tmp_path / "empty.py").write_text("")
    image = tmp_path / "firmware.romfs"
    rom.write(image, rom.image(rom.compile_all({"firmware/empty.py": tmp_path / "empty.py"})))
    for where, least, most in ((None, 600000, 660000), (image, 300000, 330000)):
        text = "import gc, sys\ndef test_it():\n    assert sys.implementation.name == 'micropython'\n"
        text += f"    assert {least} < gc.mem_free() + gc.mem_alloc() < {most}\n"
        root = _root(tmp_path / str(least), test_where=text)
        assert run_micropython.run_file(root / "host_tests/part/test_where.py", where, root)[:2] == (1, 0)


def test_takes_the_firmware_from_an_image_when_there_is_one(tmp_path):
    root = _root(tmp_path, test_where="def test_it():\n    from firmware import place\n    assert place.HERE == 'image'\n")
    (root / "firmware").mkdir()
    (root / "firmware" / "place.py").write_text("HERE = 'source'\n")
    (tmp_path / "other.py").write_text("HERE = 'image'\n")
    image = tmp_path / "firmware.romfs"
    rom.write(image, rom.image(rom.compile_all({"firmware/place.py": tmp_path / "other.py"})))
    assert run_micropython.run_file(root / "host_tests/part/test_where.py", image, root)[:2] == (1, 0)
    assert run_micropython.run_file(root / "host_tests/part/test_where.py", None, root)[:2] == (0, 1)


def test_a_crash_an_exit_and_a_broken_import_are_failures(tmp_path):
    files = {
        "test_exit": "def test_it():\n    import os\n    os.system('kill -9 $PPID')\n",
        "test_import": "import no_such_module\ndef test_it():\n    pass\n",
        "test_memory": "def test_it():\n    bytearray(1000000)\n",
    }
    root = _root(tmp_path, **files)
    for name in files:
        passed, failed, _ = run_micropython.run_file(root / f"host_tests/part/{name}.py", None, root)
        assert (passed, failed) == (0, 1), name


def test_ends_with_the_totals_and_an_exit_code():
    command = [sys.executable, "-m", "host_tests.run_micropython", "core/test_clock"]
    how = {"cwd": run_micropython.ROOT, "capture_output": True, "text": True, "timeout": 120, "check": False}
    done = subprocess.run(command, **how)
    assert done.returncode == 0 and done.stdout.strip().endswith(" passed, 0 failed")
    nothing = subprocess.run([*command[:-1], "no such file"], **how)
    assert nothing.returncode == 1
