"""What is made of the tree and kept in it: package.json, and the layout in docs/image.md."""

from pathlib import Path

from tools.image import package, partitions
from tools.image.errors import ImageError
from tools.image.micropython import BOOTLOADER_AT

PAGE = "docs/image.md"
_BEGIN, _END = "<!-- layout: begin -->", "<!-- layout: end -->"
_WHAT = {"nvs": "settings of ESP-IDF: radio calibration, for example", "phy_init": "the radio's initial data",
         "factory": "MicroPython", "journal": "calls that are not cleared ([docs/journal.md](journal.md)): 16 sectors",
         "romfs": "modules, in the form `rom` alone ([docs/rom.md](rom.md))",
         "vfs": "the file system (littlefs)"}


def layout_table():
    """The flash of a board, as a table in Markdown."""
    rows = ["| what | type | offset | size | holds |", "|---|---|---|---|---|"]
    where = ", ".join(f"0x{offset:x} ({chip})" for chip, offset in BOOTLOADER_AT.items())
    rows.append(f"| bootloader | | {where} | up to 0x{partitions.OFFSET:x} | MicroPython's, with the board's flash size in it |")
    rows.append(f"| partition table | | 0x{partitions.OFFSET:x} | 0x{partitions.LENGTH:x} | this table, with its MD5 |")
    for part in partitions.layout(min(partitions.FLASH_MB)):
        kind = f"{'app' if part.type == partitions.APP else 'data'}, 0x{part.subtype:02x}"
        if part.label == "vfs":
            rows += [f"| `vfs`, form `{form}` | {kind} | {_of_vfs(form)} | {_WHAT['vfs']} |" for form in partitions.LAYOUTS]
        else:
            rows.append(f"| `{part.label}` | {kind} | 0x{part.offset:x} | 0x{part.size:x} | {_WHAT[part.label]} |")
    return "\n".join(rows)


def _of_vfs(form):
    """Offset and sizes of the file system, as two cells."""
    found = {mb: partitions.by_label(partitions.layout(mb, form), "vfs") for mb in partitions.FLASH_MB}
    sizes = ", ".join(f"0x{part.size:x} ({mb} MB)" for mb, part in found.items())
    return f"0x{found[min(found)].offset:x} | {sizes}"


def _wanted(root):
    """{name: text} as they should be. Raises ImageError."""
    page = (Path(root) / PAGE).read_text(encoding="utf-8")
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ImageError(f"{PAGE}: the lines {_BEGIN} and {_END} are missing")
    return {package.NAME: package.of_sources(root), PAGE: f"{before}{_BEGIN}\n{layout_table()}\n{_END}{after}"}


def stale(root):
    """Names of the files that are not as the tree has it."""
    return [name for name, text in _wanted(root).items() if _read(Path(root) / name) != text]


def write(root):
    """Writes them; returns the names of those that changed."""
    changed, wanted = stale(root), _wanted(root)
    for name in changed:
        (Path(root) / name).write_text(wanted[name], encoding="utf-8")
    return changed


def _read(path):
    return path.read_text(encoding="utf-8") if path.exists() else None
