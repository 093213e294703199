"""What the tests of images share: a small repository, a locked synthetic MicroPython, and the real one to look at results."""

import shutil
import subprocess
import sys
from pathlib import Path

from tools.image import lock
from tools.vboard.usb.micropython_bin import synthetic

ROOT = Path(__file__).resolve().parent.parent.parent
_TIMEOUT_S = 60

# A block device as esp32.Partition is one: `size` bytes of the file from `offset` on, 4096 a block.
DEVICE = """
class Device:
    def __init__(self, path, offset, size):
        self._file, self._offset, self._size = open(path, "r+b"), offset, size

    def readblocks(self, block, buf, off=0):
        self._file.seek(self._offset + block * 4096 + off)
        self._file.readinto(buf)

    def writeblocks(self, block, buf, off=None):
        if off is None:
            self.ioctl(6, block)
        self._file.seek(self._offset + block * 4096 + (off or 0))
        self._file.write(buf)
        self._file.flush()

    def ioctl(self, op, arg):
        if op == 4:
            return self._size // 4096
        if op == 5:
            return 4096
        if op == 6:
            self._file.seek(self._offset + arg * 4096)
            self._file.write(b"\\xff" * 4096)
            return 0
"""


def repository(folder, extra=None):
    """A small repository whose firmware prints; `extra`: {path: text} besides."""
    files = {
        "boot.py": "",
        "main.py": "from firmware.app import run\nrun()\n",
        "firmware/__init__.py": "",
        "firmware/app.py": "import pack.mod\n\ndef run():\n    print('runs', pack.mod.X)\n",
        "firmware/version.py": 'VERSION = "1.2.3"\n',
        "lib/pack/mod.py": "X = 7\n",
        "board_configs/PARENT.json": '{"name": "PARENT", "chip": "esp32", "flash_mb": 4}',
        "board_configs/CHILD.json": '{"name": "CHILD", "inherits": "PARENT"}',
        "board_configs/LARGE.json": '{"name": "LARGE", "chip": "esp32s3", "flash_mb": 8}',
        "board_configs/OTHER.json": '{"name": "OTHER", "chip": "rp2040", "flash_mb": 4}',
        "build/prompts/en/received.al": "hello" * 100,
        "build/prompts/de/received.al": "hallo" * 100,
        **(extra or {}),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def locked(folder, chip="esp32", **options):
    """(path of a synthetic MicroPython, path of a lock that names it for `chip`)."""
    path = folder / f"{chip}-micropython.bin"
    path.write_bytes(synthetic(chip, **options))
    lock.add(path, chip, chip, folder / "lock.json")
    return path, folder / "lock.json"


def tree(folder):
    """A copy of what an image is made of; the original's messages do not count, for not every machine has them."""
    for name in ("firmware", "lib", "board_configs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("boot.py", "main.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "build/prompts/en").mkdir(parents=True)
    (folder / "build/prompts/en/received.al").write_bytes(b"\x55" * 30000)
    return folder


def micropython(script, *arguments):
    """What the real MicroPython prints for `script`; fails with its traceback."""
    command = [sys.executable, "-c", "import sys, micropython_run; sys.exit(micropython_run.run_main(sys.argv[1:]))"]
    done = subprocess.run([*command, "micropython", "-X", "heapsize=4m", "-c", script, *map(str, arguments)], capture_output=True,
                          text=True, timeout=_TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
