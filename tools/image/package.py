"""Packages for `mip`: what a board with a stock MicroPython needs of ours, by `mpremote mip install`.

package.json in the repository's root names the sources; `python -m tools.image package OUT --board B` makes a folder with
compiled modules and a package.json of its own, for boards whose memory is too small for source. umqtt.simple is frozen in
MicroPython for the ESP32; the package names it all the same, for builds without it.

main.py is the last file of both: a board that has it and not yet what it starts would restart for ever, with Ctrl-C off, so that
nobody could go on with a copy that was broken off.
"""

import json
from pathlib import Path

from tools import deploy
from tools.image import contents
from tools.image.errors import ImageError

NAME = "package.json"
_LAST = "main.py"
_OF_OTHERS = "lib/"  # comes as a dependency, or with the compiled package
_DEPENDENCIES = [["umqtt.simple", "latest"]]


def of_sources(source):
    """The content of the repository's package.json. Raises ImageError."""
    source = Path(source)
    names = [*deploy.STARTED_BY_NAME, *(name for name in deploy.modules(source) if not name.startswith(_OF_OTHERS))]
    names += sorted(f"board_configs/{path.name}" for path in (source / "board_configs").glob("*.json"))
    return _text(names, _DEPENDENCIES, source)


def _text(names, dependencies, source):
    names = sorted(names, key=lambda name: name == _LAST)
    rows = ",\n".join(f"  {json.dumps([name, name])}" for name in names)
    return (f'{{\n "version": {json.dumps(contents.version(source))},\n "urls": [\n{rows}\n ],\n'
            f' "deps": {json.dumps(dependencies)}\n}}\n')


def compiled(out, board, language, source):
    """Puts a package with compiled modules for `board` into the new or empty folder `out`; returns {path: bytes}. Raises
    ImageError."""
    out = Path(out)
    chip = contents.board_facts(board, source)["chip"]
    files, _ = contents.common(board, chip, language, "mpy", source)
    try:
        if out.exists() and any(out.iterdir()):
            raise ImageError(f"{out}: not empty; choose a new folder")
        for name, content in {**files, NAME: _text(sorted(files), [], source).encode()}.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(content)
    except OSError as error:
        why = f"{error.filename}: cannot be written ({error.strerror}); make room, or choose another folder"
        raise ImageError(why) from error
    return files
