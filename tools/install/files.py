"""A board's files, by the real mpremote over its REPL: put there so that a power cut leaves the old or the new one, and read
back."""

import hashlib
import os
import re
import tempfile
from pathlib import Path

from . import ports, programs
from .errors import InstallError

_PUT_S, _LIST_S = 120, 180
_NEW = ".new"
_LIST = """\
import os
from binascii import hexlify
from hashlib import sha256
block = bytearray(1024)
def digest(name):
    found = sha256()
    with open(name, "rb") as file:
        while True:
            n = file.readinto(block)
            if not n:
                return hexlify(found.digest()).decode()
            found.update(memoryview(block)[:n])
"""
_WALK = """\
def walk(folder):
    for one in os.ilistdir(folder or "/"):
        name = folder + "/" + one[0]
        if one[1] & 0x4000:
            walk(name)
        else:
            print("FILE", digest(name), name[1:])
walk("")
print("END")
"""
_RENAME = """\
for name, wanted in %r:
    found = digest(name + ".new")
    if found != wanted:
        print("WRONG", name)
        break
    os.rename(name + ".new", name)
    print("FILE", digest(name), name)
else:
    print("END")
"""
_WHY = {  # what a board's exception says, and what it means
    "28": "board_full", "-28": "board_full", "ENOSPC": "board_full", "5": "bad_files", "EIO": "bad_files", "19": "bad_files",
    "ENODEV": "bad_files", "30": "bad_files", "EROFS": "bad_files", "84": "bad_files", "-84": "bad_files",
    "LFS_ERR_CORRUPT": "bad_files", "No space left on device": "board_full", "Input/output error": "bad_files",
    "36": "board_full", "ENAMETOOLONG": "board_full", "File name too long": "board_full",  # littlefs has no block for the name
    "Read-only file system": "bad_files", "No such device": "bad_files",
}  # fmt: skip
_WORD = re.compile(r"\[Errno (-?\d+)\]|OSError: (-?\d+|[A-Z_]+)\b|^mpremote: cp: .*: ([A-Z][a-z /-]+)\.$")


class Files:
    """Of the board at `port`, which stands in its REPL. `folder`: where files may lie for a moment that nobody else may read."""

    def __init__(self, port, folder, stop, log):
        self.port, self._folder, self._stop, self._log = port, folder, stop, log

    def listed(self):
        """{path: sha256} of every file on the board, with those of a read-only image below `rom/`. Raises InstallError."""
        return self._hashes(self._script(_LIST + _WALK, _LIST_S, "read_back"), "read_back")

    def put(self, contents):
        """`contents`: {name: bytes}, written in this order, each verified by its SHA-256 before it gets its name. Raises
        InstallError."""
        wanted = [(name, hashlib.sha256(data).hexdigest()) for name, data in contents.items()]
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            words = []
            for name, data in contents.items():
                path = Path(folder) / name
                path.write_bytes(data)
                words += ["fs", "cp", path, f":{name}{_NEW}", "+"]
            script = Path(folder) / "rename.py"
            script.write_text(_LIST + _RENAME % (wanted,))
            said = self._run([*words, "run", script], _PUT_S, "put", name=", ".join(contents))
        wrong = [line.split()[1] for line in said.splitlines() if line.startswith("WRONG ")]
        if wrong or self._hashes(said, "put") != dict(wanted):
            name = wrong[0] if wrong else "a file"
            raise InstallError("put", port=self.port, name=name, why="what is there is not what was sent")

    def _hashes(self, said, code):
        lines = said.splitlines()
        if "END" not in lines and not any(line.startswith("WRONG ") for line in lines):
            raise InstallError(code, port=self.port, name="a file", why=f"the list of its files is not whole: {lines[-1:]}")
        return {name: digest for _, digest, name in (line.split(" ", 2) for line in lines if line.startswith("FILE "))}

    def _script(self, text, bound_s, code):
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / "script.py"
            path.write_text(text)
            return self._run(["run", path], bound_s, code, name="a file")

    def _run(self, words, bound_s, code, **facts):
        """`resume`: no soft reset, which would end what keeps an opened unit open."""
        exit_code, said = programs.run("mpremote", ["connect", self.port, "resume", *words], bound_s, self._stop)
        if exit_code == 0:
            return said
        for line in said.splitlines()[-6:]:
            self._log(f"mpremote: {line}")
        raise self._why(said, code, facts)

    def _why(self, said, code, facts):
        last = (said.splitlines() or ["it said nothing"])[-1].strip()
        if os.path.exists(self.port):  # else the cable's failure looks like the file system's
            for word in _WORD.findall(last):
                if meaning := _WHY.get("".join(word)):
                    return InstallError(meaning, port=self.port, why=last)
        return ports.refusal(self.port, said) or InstallError(code, port=self.port, why=last, **facts)
