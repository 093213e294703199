"""The image of the unit's file system, as MicroPython's VfsLfs2 mounts it.

Block, cache and limits are those of extmod/vfs_lfsx.c with its defaults: a file that lies within its folder's block must fit
into the cache of whoever reads it (128 bytes), and the number of blocks must be the partition's. Files are written into as few
blocks as hold them, the first ones; then the file system is grown to its partition. So an image is short, and the same files
give the same image.
"""

from littlefs import LittleFS, LittleFSError

from tools.image.errors import ImageError

BLOCK = 4096
_READ = 32  # VfsLfs2's readsize and progsize
_CACHE = 4 * _READ
_LIMITS = {"name_max": 255, "file_max": 2147483647, "attr_max": 1022}


def image(files, size):
    """Bytes of a file system of `size` bytes with `files`, {"folder/name": bytes}; erased blocks at its end are left out.

    Raises ImageError if they do not fit.
    """
    most = size // BLOCK
    first = _filled(files, most, most)
    if first is not None:
        for blocks in range(first.used_block_count, most + 1):
            system = _filled(files, blocks, most)
            if system is not None:
                return bytes(system.context.buffer[: blocks * BLOCK])
    need = sum(map(len, files.values()))
    largest = ", ".join(f"{name} ({len(files[name])})" for name in sorted(files, key=lambda name: -len(files[name]))[:3])
    raise ImageError(f"{len(files)} files, {need} bytes: they do not fit into {size} bytes of vfs; the largest: {largest}")


def _filled(files, blocks, most):
    """A LittleFS with the files in its first `blocks` blocks, grown to `most`; None if they do not fit."""
    system = LittleFS(block_size=BLOCK, block_count=blocks, read_size=_READ, prog_size=_READ, cache_size=_CACHE,
                      lookahead_size=_READ, block_cycles=100, mount=False, **_LIMITS)
    system.format()
    system.mount()
    try:
        for name in sorted(files):
            if "/" in name:
                system.makedirs(name.rsplit("/", 1)[0], exist_ok=True)
            with system.open(name, "wb", buffering=0) as file:
                file.write(files[name])
        if most > blocks:
            system.fs_grow(most)
    except LittleFSError as error:
        if error.code != LittleFSError.Error.LFS_ERR_NOSPC:
            raise
        return None
    return system


def files(data, size):
    """{"folder/name": bytes} of an image of a file system of `size` bytes. Raises ImageError if it is none."""
    system = LittleFS(block_size=BLOCK, block_count=size // BLOCK, read_size=_READ, prog_size=_READ, cache_size=_CACHE,
                      lookahead_size=_READ, mount=False, **_LIMITS)
    system.context.buffer[:] = data.ljust(size, b"\xff")
    try:
        system.mount()
        return dict(sorted(_walk(system, "")))
    except LittleFSError as error:
        raise ImageError(f"this is no file system of a unit: {error}") from error


def _walk(system, folder):
    for entry in system.scandir(folder or "/"):
        path = f"{folder}/{entry.name}" if folder else entry.name
        if entry.type == 2:
            yield from _walk(system, path)
        else:
            with system.open(path, "rb") as file:
                yield path, file.read()
