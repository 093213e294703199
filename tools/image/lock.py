"""The lock: which file of MicroPython a board is made with, by name, size and SHA-256 (micropython.lock.json).

An image is built of nothing else. `python -m tools.image lock FILE --board B` enters a file once esptool has found it whole and
made for the board's chip; under the name of a chip (`--board esp32`) it serves every board with that chip that has none itself.
"""

import hashlib
import json
import os
from pathlib import Path

from tools.image import check, micropython, partitions
from tools.image.errors import ImageError

LOCK = Path(__file__).resolve().parent.parent.parent / "micropython.lock.json"
_FIELDS = {"file": str, "sha256": str, "size": int, "chip": str, "version": str, "vfs_rom": bool}
_OLDEST = (1, 24)  # what the firmware is written for


def read(path=LOCK):
    """{board or chip: entry} of a lock file, none if it does not exist. Raises ImageError."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ImageError(f"{path}: not JSON ({error}); put it right, or delete it and lock your files again") from error
    if not isinstance(content, dict) or content.get("v") != 1 or not isinstance(content.get("images"), dict):
        raise ImageError(f"{path}: wants {{\"v\": 1, \"images\": {{...}}}}; put it right, or delete it and lock your files again")
    for name, entry in content["images"].items():
        wrong = [field for field, kind in _FIELDS.items() if not isinstance(entry, dict) or type(entry.get(field)) is not kind]
        if wrong:
            raise ImageError(f"{path}: {name}: {', '.join(wrong)}: missing or wrong; lock the file again")
    return content["images"]


def add(file, name, chip, path=LOCK, flash_mb=4):
    """Checks `file` and enters it for the board or chip `name`, whose chip is `chip`; returns the entry. Raises ImageError."""
    data = content(file)
    parts = micropython.take_apart(data, Path(file).name)
    for what, part in (("bootloader", parts.bootloader), ("app", parts.app)):
        said = check.image_info(part, f"{Path(file).name}: the {what}")
        if said != chip:
            raise ImageError(f"{Path(file).name}: its {what} is for {said}, and {name} has {chip}; {micropython.ADVICE}")
    room = next(part for part in partitions.layout(flash_mb) if part.type == partitions.APP)
    if parts.app_at != room.offset:
        raise ImageError(f"{Path(file).name}: its app lies at 0x{parts.app_at:x}; stock builds have it at 0x{room.offset:x}")
    if len(parts.app) > room.size:
        raise ImageError(f"{Path(file).name}: its app has {len(parts.app)} bytes; the partition {room.label} has {room.size}")
    if tuple(int(part) for part in parts.version.split("-")[0].split(".")[:2]) < _OLDEST:
        raise ImageError(f"{Path(file).name}: MicroPython {parts.version}; the firmware wants {_OLDEST[0]}.{_OLDEST[1]} or later")
    entry = {"file": Path(file).name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "chip": chip,
             "version": parts.version, "vfs_rom": parts.vfs_rom}
    _write(path, {**read(path), name: entry})
    return entry


def entry_for(file, board, chip, path=LOCK):
    """(entry, content) of a file that is locked for this board, or for its chip. Raises ImageError if it is another one."""
    images, data = read(path), content(file)
    name = board if board in images else chip
    again = f"python -m tools.image lock {file} --board {board}"
    if name not in images:
        raise ImageError(f"{Path(path).name}: no MicroPython is locked for {board} or {chip}; check the file with `{again}`")
    entry = images[name]
    if entry["chip"] != chip:
        raise ImageError(f"{Path(path).name}: {name} is locked for {entry['chip']}; {board} has {chip}: correct it by `{again}`")
    found = hashlib.sha256(data).hexdigest()
    if len(data) != entry["size"] or found != entry["sha256"]:
        raise ImageError(f"{file}: not the file that is locked for {name} ({entry['file']}, {entry['size']} bytes, SHA-256 "
                         f"{entry['sha256'][:16]}...; this one has {len(data)}, {found[:16]}...): load that one again, or, if "
                         f"you mean to change it, `{again}`")
    return entry, data


def content(file):
    """The bytes of a file of MicroPython. Raises ImageError."""
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ImageError(f"{file}: cannot be read ({error.strerror}); {micropython.ADVICE}") from error


def _write(path, images):
    path = Path(path)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        part.write_text(json.dumps({"v": 1, "images": dict(sorted(images.items()))}, indent=1) + "\n")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ImageError(f"{path}: cannot be written ({error.strerror}); the lock is as it was") from error
