"""Checks board files: `python -m tools.boards [NAME ...]`, all of board_configs/ by default.

Prints each problem and each thing to look at; exit code 1 if there is a problem.
"""

import argparse
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
for folder in (ROOT, ROOT / "tools" / "vboard" / "standins" / "cpython"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

from firmware.core import board  # noqa: E402 - the path comes first


class Folder:
    """Board files of a folder by name, as core.board.resolve wants them. A file that is no JSON raises ValueError."""

    def __init__(self, folder):
        self._folder = folder

    def __getitem__(self, name):
        file = self._folder / (name + ".json")
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise KeyError(name) from None
        except json.JSONDecodeError as error:
            raise ValueError("%s: no JSON, line %d column %d: %s" % (file, error.lineno, error.colno, error.msg)) from None

    def names(self):
        return sorted(file.stem for file in self._folder.glob("*.json"))


def examine(folder, name):
    """(problems, warnings) of one board."""
    try:
        whole = board.resolve(folder, name)
    except ValueError as error:
        return [str(error)], []
    return board.validate(whole), board.warnings(whole)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tools.boards", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="file in board_configs, without .json")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "board_configs")
    options = parser.parse_args(argv)
    folder = Folder(options.folder)
    failed = False
    for name in options.names or folder.names():
        problems, warnings = examine(folder, name)
        failed = failed or bool(problems)
        print("%s: %s" % (name, "%d problems" % len(problems) if problems else "fine"))
        for text in problems:
            print("  problem  %s" % text)
        for text in warnings:
            print("  look at  %s" % text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
