"""What lies in an image: the files of the file system, the modules, and a unit's own identity."""

import hashlib
import json
import re
from pathlib import Path

from tools import boards, deploy, rom
from tools.deploy import DeployError
from tools.image.errors import ImageError
from tools.prompts import texts

# isort: split
from firmware.core import board as board_rules
from firmware.core import claim

NAME = "image.json"  # in the file system: what was put there
FORMS = ("rom", "mpy", "frozen")  # of the modules; frozen: in the app, by manifest.py
_VERSION = re.compile(r'^VERSION = "([^"]+)"', re.MULTILINE)
_CLAIM = "claim.json"


def board_facts(board, source):
    """The board's data with all that it inherits. Raises ImageError."""
    folder = boards.Folder(Path(source) / "board_configs")
    if board not in folder.names():
        raise ImageError(f"there is no board {board}; known: {', '.join(folder.names())}")
    try:
        facts = board_rules.resolve(folder, board)
    except ValueError as error:
        raise ImageError(f"{board}: {error}; `python -m tools.boards {board}` says more") from error
    if facts.get("chip") not in rom.ARCHES:
        raise ImageError(f"{board}: chip {facts.get('chip')!r}: there is no image for it; known: {', '.join(rom.ARCHES)}")
    return facts


def refuse_wrong(board, source):
    """Raises ImageError, with every problem, for a board that has one: what would be flashed would not do, or do harm."""
    problems = boards.examine(boards.Folder(Path(source) / "board_configs"), board)[0]
    if problems:
        raise ImageError(f"{board}: {len(problems)} problems in board_configs/{board}.json; docs/boards.md has the fields\n  "
                         + "\n  ".join(problems))


def flash_mb(facts):
    """MB of flash of a board; None, which no layout takes, if its file does not say."""
    return facts.get("flash_mb")


def version(source):
    return _VERSION.search((Path(source) / "firmware" / "version.py").read_text(encoding="utf-8")).group(1)


def common(board, chip, language, form, source, arch=None):
    """(files, modules), {path: bytes} each, that all units with this board and language have. `modules`: those of the read-only
    image; in the form `mpy` they are files, in the form `frozen` there are none. `arch`: for viper code, by default the chip's.

    Raises ImageError."""
    if language not in texts.languages():
        raise ImageError(f"language: there are no texts in {language!r}; known: {', '.join(texts.languages())}")
    source = Path(source)
    try:
        paths = {name: source / name for name in deploy.STARTED_BY_NAME}
        paths |= {f"board_configs/{path.name}": path for path in deploy.board_files(source / "board_configs", board)}
        paths |= {f"prompts/{language}/{path.name}": path for path in deploy.messages_in(language, source)}
        codes = deploy.compiled(deploy.modules(source), arch or rom.ARCHES[chip]) if form != "frozen" else {}
        files = {name: path.read_bytes() for name, path in paths.items()}
    except (DeployError, OSError) as error:
        raise ImageError(str(error)) from error
    return (files, codes) if form == "rom" else ({**files, **codes}, {})


def identity(folder, board):
    """{path: bytes} of a unit's own files in `folder`: settings.json, the key and CA that it names, claim.json.

    Raises ImageError with every problem that they have.
    """
    folder = Path(folder)
    try:
        raw = {"settings.json": (folder / "settings.json").read_bytes()}
        settings = json.loads(raw["settings.json"])
        if not isinstance(settings, dict):
            raise ImageError(f"{folder / 'settings.json'}: wants an object; docs/settings.md shows a whole file")
        key, names = settings.get("key_file", "unit.key"), [settings.get("ca_file", "ca.der"), _CLAIM]
        raw |= {name: (folder / name).read_bytes() for name in (key, *names) if _is_name(name)}
    except FileNotFoundError as error:
        raise ImageError(f"{error.filename}: missing; an identity is settings.json, the key and CA it names, {_CLAIM}") from error
    except (OSError, ValueError) as error:
        raise ImageError(f"{folder}: {error}") from error
    found = deploy.problems(settings)
    if settings.get("board") != board:
        found.append(f"board: {settings.get('board')!r}, and the image is for {board}")
    found += [f"{name}: name of a file in that folder wanted, and not in one below or above it" for name in (key, names[0])
              if isinstance(name, str) and name and not _is_name(name)]
    if _is_name(key) and not re.fullmatch(rb"[0-9a-f]{64}\s*", raw[key]):
        found.append(f"{key}: wants 64 hexadecimal digits")
    try:
        claim.parse(raw[_CLAIM])
    except ValueError as error:
        found.append(f"{_CLAIM}: {error}; without it nobody opens the unit's console (docs/service-mode.md)")
    if found:
        raise ImageError(f"{folder}: {len(found)} problems (docs/settings.md)\n  " + "\n  ".join(found))
    return raw


def _is_name(name):
    return isinstance(name, str) and name == Path(name).name != ""


def hashes(files):
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
