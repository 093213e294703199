"""The same inputs give the same bytes: in other folders, by another user with other habits, at another time, on a disk that lists
its files in another order, compiled anew."""

import os
import subprocess
import sys

from host_tests.image import workshop
from tools.image import lock

_TIMEOUT_S = 200  # it takes a tenth of that

# Builds in a process of its own, on a day of its own, with nothing compiled before. A seventh argument: folders backwards.
_BUILD = """
import contextlib, os, sys, time
if sys.argv[7:]:
    class Backwards(contextlib.nullcontext):
        def __iter__(self):
            return iter(self.enter_result)
        def __enter__(self):
            return iter(self.enter_result)
    scan, names = os.scandir, os.listdir
    os.scandir = lambda path=".": Backwards(sorted(scan(path), key=lambda entry: entry.name, reverse=True))
    os.listdir = lambda path=".": sorted(names(path), reverse=True)
now = time.time
time.time = lambda: now() + float(sys.argv[6])
from pathlib import Path
from tools import rom
from tools.image import build
source, file, out, form, board = sys.argv[1:6]
rom._STORE = Path(out).parent / "mpy"
build(board, out, file, form=form, source=source, lock_file=Path(file).parent / "lock.json")
"""


def test_two_builds_of_this_tree_are_equal_byte_for_byte(tmp_path):
    runs, folders = [], []
    other = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "2", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
             "SOURCE_DATE_EPOCH": "86400"}
    for name, later_s, mask, habits, backwards in (
            ("one", 0, 0o022, {"TZ": "UTC", "PYTHONHASHSEED": "1"}, ()), ("another-longer-name", 40_000_000, 0o077, other, (1,))):
        folder = tmp_path / name
        folders.append(folder)
        source = workshop.tree(folder / "tree")
        for path in source.rglob("*"):
            os.utime(path, (1_500_000_000 + later_s,) * 2)
        file, lock_file = workshop.locked(folder)
        assert set(lock.read(lock_file)) == {"esp32"}
        environment = {**os.environ, **habits, "HOME": str(folder), "USER": name, "PYTHONPATH": str(workshop.ROOT)}
        command = [sys.executable, "-c", _BUILD, source, file, folder / "out", "rom", "ESP32_GENERIC", later_s, *backwards]
        runs.append(subprocess.Popen([str(part) for part in command], env=environment, cwd=folder, umask=mask))
    try:
        assert [run.wait(timeout=_TIMEOUT_S) for run in runs] == [0, 0]
    finally:
        for run in runs:
            run.kill()
            run.wait()
    made = [{path.name: path.read_bytes() for path in (folder / "out").iterdir()} for folder in folders]
    names = ("bootloader", "partition-table", "factory", "romfs", "vfs", "flash")
    assert set(made[0]) == {f"{name}.bin" for name in names} | {"image.json"}
    assert {name for name in made[0] if made[0][name] != made[1].get(name)} == set()
    assert len(made[0]["romfs.bin"]) > 100_000, "the whole firmware is in it"
    for content in made[0].values():
        assert str(tmp_path).encode() not in content, "the name of a folder got in"
