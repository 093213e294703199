"""File systems whose modules with another processor's native code are run from a twin image; who opens a file gets the file."""

import builtins

_open = builtins.open
_asked = False  # somebody opens a file by open(), so it is no import


class Translated:
    """`real`: a file system; `twin`: one that holds, below `folder`, a twin of each of `names`."""

    def __init__(self, real, twin, folder, names):
        self._real, self._twin, self._folder = real, twin, folder
        self._names = frozenset(name[len(folder) + 1 :] for name in names if name.startswith(folder + "/"))
        for name in ("stat", "ilistdir", "mkdir", "remove", "rename", "rmdir", "statvfs", "chdir", "getcwd"):
            if hasattr(real, name):
                setattr(self, name, getattr(real, name))

    def mount(self, readonly, mkfs):
        return None

    def umount(self):
        return None

    def open(self, path, mode):
        name = path.lstrip("/")
        if not _asked and name in self._names:
            return self._twin.open("/" + self._folder + "/" + name, mode)
        return self._real.open(path, mode)


def _open_by_name(*arguments, **named):
    global _asked
    _asked = True
    try:
        return _open(*arguments, **named)
    finally:
        _asked = False


def set_up():
    builtins.open = _open_by_name
