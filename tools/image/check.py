"""What the real esptool says of a file of MicroPython: which chip, and whether its parts are whole."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.image.errors import ImageError
from tools.image.micropython import ADVICE

_CHIP = re.compile(r"^Detected image type: (\S+)", re.MULTILINE)
_VERDICT = re.compile(r"^(Checksum|Validation hash): .*\((valid|invalid)", re.MULTILINE)
_TIMEOUT_S = 60  # it takes one


def image_info(data, what):
    """Chip ("esp32") of a bootloader or app in bytes, by `esptool image-info`. Raises ImageError unless it is whole."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.bin"
        path.write_bytes(data)
        said = _run("image-info", str(path), what=what)
    chip = _CHIP.search(said)
    verdicts = dict(_VERDICT.findall(said))
    if not chip:
        raise ImageError(f"{what}: esptool does not say for which chip it is; {ADVICE}")
    wrong = [name for name, verdict in verdicts.items() if verdict != "valid"]
    if wrong or "Checksum" not in verdicts:
        raise ImageError(f"{what} is damaged (esptool: {', '.join(wrong) or 'no checksum'} invalid); load the file again")
    return chip.group(1).lower().replace("-", "")


def _run(*arguments, what):
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "esptool", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, env=environment)
    except subprocess.TimeoutExpired:
        raise ImageError(f"{what}: esptool did not answer within {_TIMEOUT_S} s; try again") from None
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:] or ["no word"]
        raise ImageError(f"{what}: esptool refuses it ({last[0].strip()}); {ADVICE}")
    return done.stdout
