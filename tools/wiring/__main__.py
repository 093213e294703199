"""Writes the wiring pages of the boards, docs/boards/NAME.md and NAME.svg, or says whether they are in step with the board files.

    python -m tools.wiring --write [NAME ...]     all of board_configs/ by default
    python -m tools.wiring --check
"""

import argparse
import sys

from tools import boards
from tools.wiring import product
from tools.wiring.diagram import draw
from tools.wiring.harness import Harness
from tools.wiring.page import page
from tools.wiring.svg import overlaps, stick_out

PAGES = boards.ROOT / "docs" / "boards"


def pages(folder, name):
    """{file name: text} of a board's page and drawing. Raises WiringError for a board that cannot be wired as its files say."""
    problems = boards.examine(folder, name)[0]
    if problems:
        raise product.WiringError(f"{name}: " + "; ".join(problems))
    harness = Harness(boards.board.resolve(folder, name), product.load(name))
    drawing, canvas = draw(harness)
    crooked = [f"{a!r} lies over {b!r}" for a, b in overlaps(canvas.words)]
    crooked += [f"{text!r} sticks out of its frame" for text in stick_out(canvas.words, canvas.frames)]
    if crooked:
        raise product.WiringError(f"{name}.svg: " + "; ".join(crooked))
    return {f"{name}.md": page(harness), f"{name}.svg": drawing}


def made(folder, names):
    found = {}
    for name in names:
        found |= pages(folder, name)
    return found


def check(folder, where):
    """Files in `where` that are missing, differ, or belong to no board; a list of texts."""
    wanted = made(folder, folder.names())
    found = {file.name: file.read_text(encoding="utf-8") for file in where.glob("*")} if where.is_dir() else {}
    late = [f"{name}: {'out of step' if name in found else 'missing'}" for name in wanted if found.get(name) != wanted[name]]
    return late + [f"{name}: belongs to no board file" for name in sorted(set(found) - set(wanted))]


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tools.wiring", description=__doc__.split("\n")[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write docs/boards/")
    what.add_argument("--check", action="store_true", help="is docs/boards/ in step?")
    parser.add_argument("names", nargs="*", metavar="NAME", help="file in board_configs, without .json")
    options = parser.parse_args(argv)
    folder = boards.Folder(boards.ROOT / "board_configs")
    try:
        if options.check:
            late = check(folder, PAGES)
            for text in late:
                print(f"docs/boards/{text}; run `make docs`")
            return 1 if late else 0
        PAGES.mkdir(exist_ok=True)
        for name, text in made(folder, options.names or folder.names()).items():
            (PAGES / name).write_text(text, encoding="utf-8")
            print(f"docs/boards/{name}")
    except product.WiringError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
