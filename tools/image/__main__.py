"""Flash images: `python -m tools.image build | lock | sizes | package | pages`. docs/image.md tells more."""

import argparse
import sys
from pathlib import Path

from tools.image import contents, lock, making, micropython, package, pages, partitions, sizes
from tools.image.errors import ImageError

_ROOT = making.ROOT


def _build(args):
    contents.board_facts(args.board, _ROOT)
    contents.refuse_wrong(args.board, _ROOT)
    image = making.build(args.board, args.out, args.micropython, args.language, args.identity, args.form, args.lock, say=_say)
    for offset, path, name in image.parts:
        print(f"  0x{offset:06x} {name:16} {path.stat().st_size:8} bytes  {path}")
    print(f"  0x000000 {'all in one':16} {image.merged.stat().st_size:8} bytes  {image.merged}")
    print("\n".join(f"note: {note}" for note in image.notes) or "complete")
    if args.identity:
        print("it holds a unit's secrets: for that unit only, and readable by you only; delete it once it is written")
    return 0


def _lock(args):
    chip, flash_mb = args.board, min(partitions.FLASH_MB)
    if args.board not in micropython.CHIP_IDS:
        facts = contents.board_facts(args.board, _ROOT)
        chip, flash_mb = facts["chip"], contents.flash_mb(facts)
    entry = lock.add(args.file, args.board, chip, args.lock, flash_mb)
    vfs_rom = "runs modules from a read-only image" if entry["vfs_rom"] else "no read-only image: modules as .mpy files"
    print(f"{args.board}: MicroPython {entry['version']} for {entry['chip']}, {entry['size']} bytes, {vfs_rom}; esptool found it "
          f"whole; written to {args.lock}")
    return 0


def _sizes(args):
    found, allowed = sizes.measured(args.board, _ROOT, args.language), sizes.budget()
    print(sizes.table(found, allowed))
    problems = sizes.complaints(found, allowed)
    print("\n".join(f"too large: {problem}" for problem in problems) or "all within the budget (size_budget.json)")
    return 1 if problems else 0


def _package(args):
    contents.board_facts(args.board, _ROOT)
    contents.refuse_wrong(args.board, _ROOT)
    files = package.compiled(args.out, args.board, args.language, _ROOT)
    print(f"{len(files)} files in {args.out}; onto a board with MicroPython by")
    print(f"  mpremote mip install --target '' {args.out / package.NAME}")
    return 0


def _pages(args):
    stale = pages.stale(_ROOT) if args.check else pages.write(_ROOT)
    if args.check:
        print("\n".join(f"{name}: out of date; run `make docs`" for name in stale) or "package.json, docs/image.md: up to date")
        return 1 if stale else 0
    print("written: " + (", ".join(stale) or "nothing, all is up to date"))
    return 0


def _say(text):
    print(text, flush=True)


def _parser():
    parser = argparse.ArgumentParser(prog="python -m tools.image", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="build|lock|sizes|package|pages")
    one = commands.add_parser("build", help="make the image for a board")
    one.add_argument("board", metavar="BOARD", help="file in board_configs, without .json")
    one.add_argument("--micropython", required=True, type=Path, metavar="FILE", help="the .bin that the lock names")
    one.add_argument("--out", required=True, type=Path, metavar="DIR", help="new or empty folder, or that of an earlier image")
    one.add_argument("--language", default="en", help="of the spoken messages (default: en)")
    one.add_argument("--form", choices=contents.FORMS, help="of the modules (default: rom if this MicroPython can do it)")
    one.add_argument("--identity", type=Path, metavar="DIR", help="one unit's settings.json, key, CA and claim.json, to be in it")
    one.set_defaults(run=_build)
    two = commands.add_parser("lock", help="check a file of MicroPython by esptool and enter it")
    two.add_argument("file", metavar="FILE")
    two.add_argument("--board", required=True, help=f"a board, or {' or '.join(micropython.CHIP_IDS)} for all with that chip")
    two.set_defaults(run=_lock)
    for command in (one, two):
        command.add_argument("--lock", type=Path, default=lock.LOCK, metavar="FILE", help="default: micropython.lock.json")
    three = commands.add_parser("sizes", help="sizes of parts and files against the budget; exit code 1 if one is too large")
    three.add_argument("board", metavar="BOARD", nargs="?", default="ESP32_GENERIC")
    four = commands.add_parser("package", help="compiled modules with a package.json, for mip")
    four.add_argument("out", type=Path, metavar="DIR", help="a new folder")
    four.add_argument("--board", required=True)
    for command in (three, four):
        command.add_argument("--language", default="en", help="of the spoken messages (default: en)")
    three.set_defaults(run=_sizes)
    four.set_defaults(run=_package)
    five = commands.add_parser("pages", help="package.json and the layout in docs/image.md, from the tree")
    which = five.add_mutually_exclusive_group(required=True)
    which.add_argument("--write", action="store_true")
    which.add_argument("--check", action="store_true")
    five.set_defaults(run=_pages)
    return parser


def main(arguments=None):
    args = _parser().parse_args(arguments)
    try:
        return args.run(args)
    except ImageError as error:
        print(f"image: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
