"""The tenant's card: a PDF for each flat, in plain words, large print and pictures, with the scheme's name and the flat's cords.

    python -m tools.card --scheme DIR [FLAT ...] [--out DIR]  flats of a scheme directory (tools.install); without: all
    python -m tools.card --settings FILE --name "Rowan Court" [--out DIR]   the flat of a unit's settings

Three pages of A4: calling for help, what the light means, good to know. Print it single-sided and put page 1 beside the unit.
"""

import argparse
import json
import sys
from pathlib import Path

from tools import boards
from tools.install import flats, scheme
from tools.install.errors import InstallError

from . import page, words

# isort: split
from firmware.core import board
from firmware.core import settings as rules


def of_settings(settings, name, phone=""):
    """The words.Flat of a unit's settings, as it would understand them itself. Raises CardError, ValueError for its board."""
    usable = rules.usable(settings)[0]
    if usable["flat"] is None or usable["board"] is None:
        raise words.CardError("settings: they name no flat or no board; docs/settings.md shows a whole file")
    rooms = {one: None if place is None else place["location"] for one, place in usable["inputs"].items()}
    return _flat(name, usable["flat"], usable["board"], rooms, usable["speech"]["answering"], usable["reminder"], phone)


def of_row(row, common, name, phone=""):
    """The same of a row of flats.csv. `common`: the scheme's part of the settings."""
    speech = common.get("speech") or {}
    return _flat(name, row.flat, row.board, row.inputs, speech.get("answering", "auto"), common.get("reminder", True), phone)


def _flat(name, flat, board_name, rooms, answering, reminder, phone):
    """`rooms`: {input: room, or None where it is not fitted}; an input that is not in it has no room."""
    inputs = board.resolve(boards.Folder(boards.ROOT / "board_configs"), board_name)["inputs"]
    fitted = [(one["kind"], rooms.get(one["name"], "")) for one in inputs if rooms.get(one["name"], "") is not None]
    kinds = [kind for kind, _ in fitted]
    buttons = [room for kind, room in fitted if kind == "button"]
    cords = tuple(room for kind, room in fitted if kind == "cord")
    if answering == "press" and "answer" not in kinds:
        answering = ""  # nothing to press: nobody can speak with this flat unless it calls (core/speech/policy.py)
    has = "pendant" in kinds, "privacy" in kinds
    return words.Flat(name, flat, buttons[0] if buttons else None, cords, *has, answering, reminder, phone)


def _of_scheme(options):
    """[(words.Flat, language)]. Raises InstallError, CardError."""
    found = scheme.load(options.scheme)
    rows = flats.read(found.flats)
    unknown = [flat for flat in options.flats if flat not in rows]
    if unknown:
        raise words.CardError(f"flat {unknown[0]!r}: {found.flats} has no such row; it has {', '.join(rows)}")
    chosen = [rows[flat] for flat in options.flats] or list(rows.values())
    return [(of_row(row, found.settings, options.name or found.name, options.phone), row.language) for row in chosen]


def _of_file(options):
    if options.name is None:
        raise words.CardError('--name: the scheme\'s name wanted, for example --name "Rowan Court"')
    settings = json.loads(Path(options.settings).read_text(encoding="utf-8"))
    language = rules.usable(settings)[0]["speech"]["language"]
    return [(of_settings(settings, options.name, options.phone), language)]


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tools.card", description=__doc__.split("\n")[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--scheme", metavar="DIR", help="scheme directory of tools.install")
    source.add_argument("--settings", metavar="FILE", help="a unit's settings.json")
    parser.add_argument("flats", nargs="*", metavar="FLAT", help="flats of the scheme (default: all)")
    parser.add_argument("--name", help="the scheme's name as tenants know it (default: that of scheme.json)")
    parser.add_argument("--phone", default="", help="number for questions; without it the card names the coordinator")
    parser.add_argument("--language", help=f"one of {', '.join(words.languages())} (default: the flat's)")
    parser.add_argument("--out", type=Path, default=Path("."), help="directory for card-FLAT.pdf (default: here)")
    options = parser.parse_args(argv)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        for flat, language in _of_scheme(options) if options.scheme else _of_file(options):
            path = options.out / f"card-{flat.flat}.pdf"
            path.write_bytes(page.pdf(words.card(flat, options.language or language)))
            print(path)
    except (words.CardError, InstallError, OSError, ValueError) as error:
        print(f"card: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
