"""Sizes of an image's files against the budget (size_budget.json): what grows is seen before it does not fit any more."""

import json
from fnmatch import fnmatch
from pathlib import Path

from tools import rom
from tools.image import contents, filesystem, partitions
from tools.image.errors import ImageError

BUDGET = Path(__file__).resolve().parent.parent.parent / "size_budget.json"
_SHOWN = 8  # files of a part, the largest


def budget(path=BUDGET):
    """{part: {"most": bytes, "files": {pattern: bytes}}}; of the patterns the first that fits a file's path is its. Raises
    ImageError."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))["parts"]
    except (OSError, ValueError, KeyError) as error:
        raise ImageError(f"{path}: {error!r}; docs/image.md says what it holds") from error


def measured(board, source, language="en", flash_mb=4):
    """{part: (bytes of the part in flash, {path: bytes})} of both forms, as a board with the least flash has them."""
    chip = contents.board_facts(board, source)["chip"]
    found = {}
    for form in ("rom", "mpy"):
        room = partitions.by_label(partitions.layout(flash_mb, form), "vfs").size
        files, modules = contents.common(board, chip, language, form, source)
        if modules:
            found["romfs"] = len(rom.image(modules)), _lengths(modules)
        found[f"vfs, form {form}"] = len(filesystem.image(files, room)), _lengths(files)
    return found


def _lengths(files):
    return {name: len(content) for name, content in files.items()}


def complaints(found, allowed):
    """What is larger than its budget; a list of texts, each naming the file. `found`: of `measured`; `allowed`: of `budget`."""
    said = []
    for part, (total, files) in found.items():
        if part not in allowed:
            said.append(f"{part}: no budget for it")
            continue
        over = []
        for name, size in files.items():
            most = _most(name, allowed[part]["files"])
            if most is None:
                over.append(f"{part}: {name}: {size} bytes, and no pattern of the budget fits it")
            elif size > most:
                over.append(f"{part}: {name}: {size} bytes, {size - most} more than its budget of {most}")
        if total > allowed[part]["most"]:
            largest = ", ".join(f"{name} ({files[name]})" for name in _largest(files)[:3])
            most = allowed[part]["most"]
            over.append(f"{part}: {total} bytes, {total - most} more than its budget of {most}; the largest: {largest}")
        said += over
    return said


def _most(name, patterns):
    return next((most for pattern, most in patterns.items() if fnmatch(name, pattern)), None)


def _largest(files):
    return sorted(files, key=lambda name: (-files[name], name))


def table(found, allowed):
    """Parts with their largest files, bytes and budgets, as text."""
    lines = []
    for part, (total, files) in found.items():
        limits = allowed.get(part, {"most": 0, "files": {}})
        lines.append(_row(f"{part}, {len(files)} files", total, limits["most"]))
        lines += [_row(f"  {name}", files[name], _most(name, limits["files"]) or 0) for name in _largest(files)[:_SHOWN]]
    return "\n".join(lines)


def _row(what, size, most):
    return f"{what:44} {size:8} of {most:8} bytes {100 * size / most if most else 999:5.0f} %"
