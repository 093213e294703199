"""Files that a power cut leaves old or new, never half: written new, brought to the disk, renamed. And the scheme directory's
lock."""

import contextlib
import fcntl
import json
import os
from pathlib import Path

from .errors import InstallError

SECRET, OPEN = 0o600, 0o644
_LOCK = "lock"


def write(path, data, mode=SECRET):
    """`data`: bytes. The old file stays until the new one is on the disk. Raises InstallError (`disk`)."""
    path = Path(path)
    part = path.with_name(path.name + ".new")
    try:
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        sync_directory(path.parent)
    except OSError as error:
        raise InstallError("disk", path=path, why=error.strerror or error) from error


def write_json(path, value, mode=SECRET):
    write(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode(), mode)


def sync_directory(path):
    """Brings names to the disk: without it a renamed file may have its old name after a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked(directory):
    """Keeps a second process off the scheme directory. The kernel lets go of it when we end, however that is. Raises
    InstallError."""
    path = Path(directory) / _LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, SECRET)
    except OSError as error:
        raise InstallError("disk", path=path, why=error.strerror) from error
    with open(handle, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = file.read(20).strip()
            raise InstallError("locked", path=directory, who=f" (process {pid})" if pid.isdigit() else "") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        file.seek(0)
        file.truncate(0)
