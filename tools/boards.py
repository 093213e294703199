"""Checks board files: `python -m tools.boards [NAME ...]`, all of board_configs/ by default.

Prints each problem and each thing to look at; exit code 1 if there is a problem. What a unit needs is checked by the unit too
(firmware/core/board.py); where each fact comes from is checked here alone, as a unit runs without knowing it.
"""

import argparse
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
for folder in (ROOT, ROOT / "tools" / "vboard" / "standins" / "cpython"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

from firmware.core import board  # noqa: E402 - the path comes first

PLAIN = ("module", "flash_mb", "bearers")  # fields without room for a source of their own: `facts` has it
_READ = re.compile(r"[\w.-]+/[\w.-]+: \S+\.\w+")  # repository or maker's project, then the file
_DATE = re.compile(r"\b20\d\d-[01]\d-[0-3]\d\b")


class Folder:
    """Board files of a folder by name, as core.board.resolve wants them. A file that holds no board raises ValueError."""

    def __init__(self, folder):
        self._folder = folder

    def __getitem__(self, name):
        file = self._folder / (name + ".json")
        try:
            own = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise KeyError(name) from None
        except json.JSONDecodeError as error:
            raise ValueError("%s: no JSON, line %d column %d: %s" % (file, error.lineno, error.colno, error.msg)) from None
        except UnicodeDecodeError as error:
            raise ValueError("%s: no text in UTF-8: %s" % (file, error)) from None
        if not isinstance(own, dict) or not isinstance(own.get("inherits"), (str, type(None))):
            raise ValueError("%s: an object wanted, with the name of a board in `inherits` or without it" % file)
        return own

    def names(self):
        return sorted(file.stem for file in self._folder.glob("*.json"))


def examine(folder, name):
    """(problems, warnings) of one board."""
    try:
        whole = board.resolve(folder, name)
    except ValueError as error:
        return [str(error)], []
    return board.validate(whole) + pulled_shut(whole) + without_source(folder, name), board.warnings(whole)


def pulled_shut(whole):
    """Contacts that the chip's own resistor holds at the level at which they are pressed, so that the unit would call without an
    end: a list of texts."""
    found = []
    inputs = whole.get("inputs") if isinstance(whole.get("inputs"), list) else []
    for i, one in enumerate(inputs):
        if isinstance(one, dict) and one.get("wiring") == "contact":
            for active, shut, free in (("low", "down", "up"), ("high", "up", "down")):
                if (one.get("active"), one.get("pull")) == (active, shut):
                    found.append(f"inputs[{i}].pull: {shut!r} holds GPIO {one.get('pin')} {active}, which is `active`: it would "
                                 f'be read as pressed for ever; write "pull": "{free}"')
    return found


def without_source(folder, name):
    """What is said in a board file, or in one that it inherits from, and does not say where it was read or measured: texts."""
    whole = board.resolve(folder, name)
    known = whole.get("facts") if isinstance(whole.get("facts"), dict) else {}
    found = [f"facts.{field}: missing; say where its value is written (`source`) and how far that was checked (`verified`)"
             for field in PLAIN if whole.get(field) is not None and field not in known]
    while name is not None:
        own = folder[name]
        heir = own.get("inherits")
        facts = own.get("facts", {} if heir else known)
        found += [f"facts.{field}: board_configs/{name}.json has its own {field} and the source of {heir}'s; add facts of its own"
                  for field in PLAIN if heir and field in own and isinstance(facts, dict) and field not in facts
                  and field in known]
        name = heir
    return found + [f"{where}.source: {text}" for where, fact in _facts("", whole) for text in _unsourced(fact)]


def _facts(where, part):
    """[(field, object with `source` and `verified`)] of a board, however deep."""
    if isinstance(part, dict):
        found = [(where, part)] if "verified" in part else []
        return found + [one for key in part for one in _facts(f"{where}.{key}".lstrip("."), part[key])]
    if isinstance(part, list):
        return [one for i, each in enumerate(part) for one in _facts(f"{where}[{i}]", each)]
    return []


def _unsourced(fact):
    """What is missing in the source of a fact that is said to have been checked; a list of one text or none."""
    source, verified = fact.get("source"), fact["verified"]
    if not isinstance(source, str):
        return []  # board.validate has said so
    if verified in ("schematic", "vendor-code") and not _READ.match(source):
        return [f'{source!r}: repository and file wanted, "OWNER/NAME: FILE ...", for what was read; else "verified": "proposed"']
    if verified == "measured" and not _DATE.search(source):
        return [f"{source!r}: who measured, with what and on which day (YYYY-MM-DD) wanted"]
    return []


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
