"""Builds an image: the parts one by one, merged to one file, with a list of all that is in it.

Reproducible: no time, no path and no name of a user gets in, so the same tree, file of MicroPython, board and language give the
same bytes in another folder on another day.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from tools import rom
from tools.image import contents, filesystem, lock, micropython, partitions
from tools.image.errors import ImageError

ROOT = Path(__file__).resolve().parent.parent.parent
LIST = "image.json"  # in the folder of an image; written last, so a folder without it is not whole
MERGED = "flash.bin"
_NAMES = ("bootloader", "partition-table", "factory", "romfs", "vfs")  # of parts, in all forms
_PART = ".part"  # of a file that is being written; one that was killed leaves it, the next one writes over it
_SECRET = 0o600
_FROZEN = b"firmware/app"  # in the names of what is frozen


@dataclass(frozen=True)
class Image:
    """A finished image.

    `table`: its partitions; `parts`: [(offset in flash, path, name)] of what is written, in order of offsets; `merged`: path of
    all of it, from offset 0 on; `files`: {path on the unit: sha256} of the file system; `modules`: the same of the read-only
    image, as the unit sees them below `rom/`, else none; `sizes`: {path: bytes} of both; `notes`: what the user should know.
    """

    board: str
    chip: str
    flash_mb: int
    form: str
    language: str
    version: str
    table: list
    parts: list
    merged: Path
    files: dict
    modules: dict
    sizes: dict
    notes: list = field(default_factory=list)


def build(board, out, micropython, language="en", identity=None, form=None, lock_file=lock.LOCK, source=ROOT, say=None,
          arch=None):
    """Makes the image for `board` in the folder `out`; returns Image. Raises ImageError.

    `micropython`: path of a file that the lock names; `identity`: folder of one unit's settings.json, key, CA and claim.json,
    which then are in the image (readable by its owner only); `form`: of contents.FORMS, by default "rom" or "mpy" as this
    MicroPython can; `lock_file`: another lock than the repository's; `say(text)`: told each step; `arch`: of viper code,
    as mpy-cross calls it, by default the chip's (a virtual board has its host's: rom.VIRTUAL_ARCH).
    """
    say = say or (lambda text: None)
    facts = contents.board_facts(board, source)
    chip, flash_mb = facts["chip"], contents.flash_mb(facts)
    entry, data = lock.entry_for(micropython, board, chip, lock_file)
    form = _form(form, entry, data)
    table = partitions.layout(flash_mb, form)
    say(f"{board}: {chip}, {flash_mb} MB; MicroPython {entry['version']}; modules as {form}")
    files, modules = contents.common(board, chip, language, form, source, arch)
    say(f"{len(modules or files)} modules and files compiled and collected" if modules else f"{len(files)} files collected")
    version = contents.version(source)
    about = {"v": 1, "name": f"{board}-{version}", "version": version, "board": board, "chip": chip, "form": form,
             "arch": arch or rom.ARCHES[chip], "language": language,
             "micropython": {key: entry[key] for key in ("version", "sha256")}}
    romfs = rom.image(modules) if modules else b""
    modules = {f"rom/{name}": code for name, code in modules.items()}
    about |= {"files": contents.hashes(files), "modules": contents.hashes(modules)}
    files = {**files, contents.NAME: _text(about)}
    if identity is not None:
        own = contents.identity(identity, board)
        if set(own) & set(files):
            raise ImageError(f"{identity}: {min(set(own) & set(files))} is a file of the image; give the unit's another name")
        files |= own
    blobs = _parts(data, entry, chip, table, flash_mb, romfs, filesystem.image(files, partitions.by_label(table, "vfs").size))
    say(f"{len(blobs)} parts made")
    made = _write(Path(out), blobs, about, flash_mb, secret=identity is not None)
    notes = [] if any(name.startswith("prompts/") for name in files) else [_silent(language)]
    say(f"{made[1]}: {made[1].stat().st_size} bytes")
    return Image(board, chip, flash_mb, form, language, version, table, made[0], made[1], contents.hashes(files),
                 about["modules"], {name: len(code) for name, code in sorted({**files, **modules}.items())}, notes)


def _form(form, entry, data):
    if form not in (None, *contents.FORMS):
        raise ImageError(f"form: {form!r} is not one of {', '.join(contents.FORMS)}")
    if form == "frozen" and _FROZEN not in data:
        raise ImageError(f"form frozen: {entry['file']} has none of our modules; build it with our manifest.py (docs/image.md)")
    if form == "rom" and not entry["vfs_rom"]:
        raise ImageError(f"form rom: MicroPython {entry['version']} as locked ({entry['file']}) runs no modules from an image; "
                         "take the form mpy, or a build with MICROPY_VFS_ROM (docs/rom.md)")
    return form or ("rom" if entry["vfs_rom"] else "mpy")


def _silent(language):
    return f"no spoken messages in {language}: they have not been built (make prompts); the unit sounds its tones alone"


def _text(value):
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()


def _parts(data, entry, chip, table, flash_mb, romfs, vfs):
    """[(offset, bytes, name)] in order of offsets. Raises ImageError if one is larger than its place."""
    taken = micropython.take_apart(data)
    if taken.chip != chip:  # the lock is a file like others
        raise ImageError(f"this MicroPython is for {taken.chip}, whatever its lock says; the board has {chip}: lock another one")
    if (taken.version, taken.vfs_rom) != (entry["version"], entry["vfs_rom"]):
        can = "runs modules" if taken.vfs_rom else "runs no modules"
        raise ImageError(f"{entry['file']} is MicroPython {taken.version} and {can} from an image, whatever its lock says: "
                         "lock it again")
    app = next(part for part in table if part.type == partitions.APP)
    found = [(micropython.BOOTLOADER_AT[taken.chip], micropython.with_flash_size(taken.bootloader, flash_mb), "bootloader"),
             (partitions.OFFSET, partitions.binary(table), "partition-table"), (app.offset, taken.app, app.label)]
    for label, blob in (("romfs", romfs), ("vfs", vfs)):
        if blob:
            part = partitions.by_label(table, label)
            if len(blob) > part.size:
                raise ImageError(f"{label}: {len(blob)} bytes; the partition has {part.size}: see what is large with "
                                 "`python -m tools.image sizes`")
            found.append((part.offset, blob, label))
    if len(taken.app) > app.size:
        raise ImageError(f"{app.label}: {len(taken.app)} bytes; the partition has {app.size}: take a smaller MicroPython")
    return sorted(found)


def merge(blobs):
    """One file from offset 0 on, erased flash (0xFF) between the parts."""
    merged = bytearray()
    for offset, blob, name in blobs:
        if offset < len(merged):
            raise ImageError(f"{name} begins at 0x{offset:x}, within what precedes it")
        merged += b"\xff" * (offset - len(merged)) + blob
    return bytes(merged)


def _write(out, blobs, about, flash_mb, secret):
    """([(offset, path, name)], path of the merged file). Files of an earlier image there are replaced."""
    _prepare(out)
    parts, listed = [], []
    for offset, blob, name in blobs:
        path = out / f"{name}.bin"
        _put(path, blob, secret and name == "vfs")
        parts.append((offset, path, name))
        listed.append({"name": name, "file": path.name, "offset": offset, "size": len(blob), **_hash(blob)})
    merged = merge(blobs)
    _put(out / MERGED, merged, secret)
    about = {**about, "flash_mb": flash_mb, "parts": listed, "merged": {"file": MERGED, "size": len(merged), **_hash(merged)}}
    _put(out / LIST, _text(about), False)
    return parts, out / MERGED


def _hash(blob):
    return {"sha256": contents.hashes({"": blob})[""]}


def _prepare(out):
    """Takes an earlier image away, its list first; never what is none of ours. Raises ImageError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        found = {path.name for path in out.iterdir()}
    except OSError as error:
        raise ImageError(f"{out}: {error.strerror}; choose another folder") from error
    ours = {f"{name}.bin" for name in _NAMES} | {MERGED}
    ours |= {name + _PART for name in (*ours, LIST)}
    if found - ours - {LIST}:
        raise ImageError(f"{out}: not empty and not an image's folder ({min(found - ours - {LIST})}); choose another one")
    for name in (LIST, *(found & ours)):
        (out / name).unlink(missing_ok=True)


def _put(path, content, secret):
    part = path.with_name(path.name + _PART)
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _SECRET if secret else 0o644), "wb") as file:
            file.write(content)
        os.replace(part, path)
    except OSError as error:
        raise ImageError(f"{path}: cannot be written ({error.strerror}); make room, or choose another folder") from error
