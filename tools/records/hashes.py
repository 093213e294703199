"""The hashes by which a record names the unit's configuration and board, reckoned from the files they were made of."""

import json
from pathlib import Path

from tools import boards  # also puts the stand-in for `micropython` on the path, which firmware/core needs

# isort: split
from firmware.core import board
from firmware.core import settings as rules
from firmware.core.walk import record

from .source import SourceError

_BOARDS = Path(__file__).resolve().parent.parent.parent / "board_configs"


def of_settings(path):
    """[(label, 64 hex digits)] for the unit's settings.json. Raises SourceError, OSError."""
    try:
        given = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise SourceError(f"{path}: not JSON ({error}); docs/settings.md shows a whole file") from error
    usable, problems = rules.usable(given)
    if problems:
        raise SourceError(f"{path}: {problems[0]}")
    try:
        whole = board.resolve(boards.Folder(_BOARDS), usable["board"])
    except ValueError as error:
        raise SourceError(f"{path}: {error}") from error
    return [("configuration", record.configured(usable)), ("board", record.described(whole))]
